"""The rules of the house that no linter knows: one version, mirrored tests, paired notebooks, a light import."""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "xautolm_nb"
BUNDLE = PACKAGE / "labextension"
SOURCES = ROOT / "labextension"
IMPORT_SECONDS = 0.3
HEAVY = {"torch", "transformers", "pandas", "sklearn", "datasets", "botorch", "scipy", "matplotlib", "numpy"}
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "lib", ".yarn", "__pycache__", "demo-output", "dist", "build"}
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".json",
    ".ts",
    ".tsx",
    ".css",
    ".js",
    ".yml",
    ".yaml",
    ".cff",
    ".ipynb",
    ".lock",
    ".sql",
}


def modules() -> list[Path]:
    """Source files that need a test of their own, relative to the package."""
    files = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in files if path.name not in ("__init__.py", "__main__.py"))


def own_files() -> Iterator[Path]:
    """Text files that are or could be committed."""
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT)
        hidden_tool = inside.parts[0].startswith(".") and inside.parts[0] not in (".ci", ".gitignore")
        if hidden_tool or SKIPPED_FOLDERS.intersection(inside.parts[:-1]) or not path.is_file():
            continue
        if path.suffix in TEXT or path.name in ("Makefile", "run", ".gitignore", ".npmrc"):
            yield path


# ---- version ---------------------------------------------------------------------------------------------------------


def test_the_installed_version_is_that_of_the_sources() -> None:
    version = json.loads((SOURCES / "package.json").read_text())["version"]
    assert metadata.version("xautolm-nb") == version


def test_the_version_is_written_in_one_place_and_cited_in_another() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    assert "version" not in project
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None
    assert cited[1] == metadata.version("xautolm-nb")


def test_the_package_says_its_version() -> None:
    import xautolm_nb

    assert xautolm_nb.__version__ == metadata.version("xautolm-nb")


# ---- order in the house ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_a_test_file_of_its_name(module: Path) -> None:
    mirrored = ROOT / "tests" / module.parent / f"test_{module.name}"
    assert mirrored.is_file(), f"{module} is not tested by tests/{module.parent}/test_{module.name}"


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not [path for path in modules() if path.stem in {"utils", "helpers", "misc", "common", "manager"}]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    # Put together here, so that this file does not name one either.
    places = re.compile("|".join(["/" + "work/", "/" + "root/"]))
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in own_files()
        if (match := places.search(path.read_text(encoding="utf-8")))
    ]
    assert not found


def test_lock_files_name_no_hosts() -> None:
    assert not re.search(r"https?://", (SOURCES / "yarn.lock").read_text())


def test_every_name_in_the_paper_index_exists() -> None:
    names = set(re.findall(r"`(xautolm_nb(?:\.\w+)+)`", (ROOT / "docs" / "paper-index.md").read_text()))
    assert len(names) > 30
    assert not sorted(name for name in names if not is_defined(name))


def is_defined(name: str) -> bool:
    """Whether a dotted name is a module here, or defined at the top of one; nothing is imported."""
    *folders, last = name.split(".")
    here = ROOT.joinpath(*folders)
    if (here / f"{last}.py").is_file() or (here / last / "__init__.py").is_file():
        return True
    source = here.with_suffix(".py")
    return source.is_file() and last in top_names(ast.parse(source.read_text()))


def top_names(tree: ast.Module) -> set[str]:
    """Functions, classes and variables at the top of a module."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            names.update(ast.unparse(target) for target in node.targets)
    return names


def test_relative_links_in_the_documents_lead_somewhere() -> None:
    broken = []
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert not broken


# ---- notebooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", sorted((ROOT / "notebooks").glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_a_notebook_equals_its_paired_script(source: Path) -> None:
    written = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    wanted = jupytext.read(source)
    assert cells(written) == cells(wanted), "run: make notebooks"
    assert written.metadata.kernelspec == wanted.metadata.kernelspec
    assert len(source.with_suffix(".ipynb").read_bytes()) < 300_000


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Kind and text of the cells; ids and outputs do not count."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


# ---- the JupyterLab extension ----------------------------------------------------------------------------------------


def test_the_bundle_is_that_of_its_sources() -> None:
    built = json.loads((BUNDLE / "package.json").read_text())
    package = json.loads((SOURCES / "package.json").read_text())
    assert (built["name"], built["version"]) == (package["name"], package["version"])
    schema = (SOURCES / "schema" / "plugin.json").read_text()
    assert (BUNDLE / "schemas" / "xautolm-nb" / "plugin.json").read_text() == schema
    assert (BUNDLE / built["jupyterlab"]["_build"]["load"]).is_file()
    chunks = "".join(path.read_text() for path in (BUNDLE / "static").glob("*.js"))
    for command in re.findall(r"'(xautolm:[a-z-]+)'", "".join(p.read_text() for p in (SOURCES / "src").glob("*.ts"))):
        assert command in chunks, "run: make labextension"


def test_jupyterlab_lists_the_extension_as_enabled() -> None:
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    listed = re.sub(r"\x1b\[\d+m", "", answer.stdout + answer.stderr)
    version = metadata.version("xautolm-nb")
    assert re.search(rf"xautolm-nb v{re.escape(version)} enabled +OK", listed), listed


def test_the_installed_bundle_is_the_one_of_the_checkout() -> None:
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "xautolm-nb"
    assert digests(installed) == digests(BUNDLE), "run: SKIP_JUPYTER_BUILDER=1 pip install -e . --no-deps"


def digests(folder: Path) -> dict[str, str]:
    """Content of the files in a folder; pip adds install.json."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "install.json"
    }


# ---- import ----------------------------------------------------------------------------------------------------------


def import_times() -> tuple[float, set[str]]:
    """Seconds that `import xautolm_nb` takes in a fresh interpreter, and the top names of all that it loads."""
    command = [sys.executable, "-X", "importtime", "-c", "import xautolm_nb"]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line and "[us]" not in line]
    total = next(int(row[1]) for row in rows if row[2].strip() == "xautolm_nb")
    return total / 1e6, {row[2].strip().partition(".")[0] for row in rows}


def test_importing_the_package_is_quick_and_loads_nothing_heavy() -> None:
    runs = [import_times() for _ in range(3)]
    assert not runs[0][1] & HEAVY
    assert min(seconds for seconds, _ in runs) < IMPORT_SECONDS
