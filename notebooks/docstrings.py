"""Which library does this docstring come from?

A real text-classification task that every machine with this package already has: the docstrings of the scientific
libraries that were installed along with it. Nothing is downloaded and nothing is imported; source files are parsed.

How a row is made:

1. Modules and their public classes, functions and methods are parsed with `ast`; tests and vendored code are left out.
2. Of each docstring the first paragraph is kept, prose only: markup, roles, directives and examples go.
3. Whatever gives the library away by name is replaced by one word: the names of all libraries and their short names,
   dotted paths, identifiers and quoted code. What is left has to be understood.
4. Texts that occur more than once are kept once; texts that two libraries share are dropped, as they have no answer.
5. No source file gives more than `MODULE_CAP` rows and no library more than `rows_per_library`. Files and texts are
   taken in the order of their hashes, so equal versions of the libraries give equal data everywhere, and most files
   are never read.

The column `module` names the source file. Neighbouring docstrings resemble each other, so splits should keep a
module in one part: `tune(..., group="module")`.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd

LIBRARIES: dict[str, str] = {
    "IPython": "ipython",
    "matplotlib": "matplotlib",
    "networkx": "networkx",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "sqlalchemy": "SQLAlchemy",
    "sympy": "sympy",
    "transformers": "transformers",
}
"""Import name to distribution name. All of them are dependencies of this package, directly or through another one."""

MODULE_CAP = 12
"""Rows one source file may give, so that no single large module stands for its library."""

WORDS = (5, 25)
"""Fewest words that make a text, and how many are kept of a longer one: short texts train fast on a CPU."""

MASK = "something"
"""What a name that gives the library away is replaced by: a word every tokenizer knows and no library owns."""

_SPARE = 1.6
"""Rows collected per row wanted, as some turn out to be duplicates."""

_SKIPPED = frozenset({"tests", "testing", "test", "_vendor", "vendored", "externals", "extern", "testing_utils"})
_NAMES = re.compile(
    r"\b(ipython|jupyter|matplotlib|pyplot|mpl|plt|networkx|nx|pandas|pd|scipy|scikit|sklearn|sqlalchemy|sql|sympy|py|"
    r"transformers|hugging ?face|hf|pytorch|torch|numpy|np|cython|python|jax|tensorflow|keras|onnx)"
    r"(?:[-_.]\w+)*\b",
    re.IGNORECASE,
)
_NOT_A_SENTENCE = re.compile(r"^(>>>|\.\.|:|Args|Arguments|Parameters|Attributes)|^\w+ ?\(.*?\):|----|====|\*optional")
"""An example, a directive, a section or a list of parameters."""
_ROLE = re.compile(r":[a-zA-Z:+]+:`[^`]*`")
_CODE = re.compile(r"``[^`]*``|`[^`]*`_?|\$[^$]*\$|\{[^}]*\}|\[[^\]]*\]")
_IDENTIFIER = re.compile(r"\b\w*(?:_\w+|[a-z0-9][A-Z]\w*|\.\w+\(?\)?|\(\))(?:\w|\.)*")
_NOT_PROSE = re.compile(r"[^A-Za-z' ]+")


def load_docstrings(rows_per_library: int = 320) -> pd.DataFrame:
    """Collect the task from the libraries installed in this environment.

    Args:
        rows_per_library: At most this many rows of each library; a library with fewer gives all it has.

    Returns:
        One row per docstring with the columns `text`, `library` (the label) and `module` (the source file), in an order
        that depends on the texts only.
    """
    wanted = round(rows_per_library * _SPARE)
    rows = [row for library in LIBRARIES for row in islice(_rows_of_library(library), wanted)]
    frame = pd.DataFrame(rows, columns=["text", "library", "module"])
    owners = frame.groupby("text")["library"].transform("nunique")
    frame = frame[owners == 1].drop_duplicates("text")
    frame = frame.groupby("library").head(rows_per_library)
    return frame.iloc[frame["text"].map(_digest).argsort()].reset_index(drop=True)


def versions() -> dict[str, str]:
    """Installed version of each library: the data are the same as long as these are."""
    return {library: importlib.metadata.version(name) for library, name in LIBRARIES.items()}


def prose(docstring: str) -> str:
    """The first paragraph of a docstring as plain words, with everything that names its library masked."""
    paragraph = re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0]
    if _NOT_A_SENTENCE.search(paragraph):
        return ""
    text = " ".join(paragraph.split())
    for pattern in (_ROLE, _CODE, _NAMES, _IDENTIFIER):
        text = pattern.sub(f" {MASK} ", text)
    words = _NOT_PROSE.sub(" ", text).split()
    return " ".join(words[: WORDS[1]])


def _rows_of_library(library: str) -> Iterator[tuple[str, str, str]]:
    folder = _folder(library)
    modules = {".".join(file.relative_to(folder.parent).with_suffix("").parts): file for file in folder.rglob("*.py")}
    for module in sorted(modules, key=_digest):
        if _SKIPPED.isdisjoint(module.split(".")):
            texts = {text for text in map(prose, _docstrings(modules[module])) if _is_telling(text)}
            for text in sorted(texts, key=_digest)[:MODULE_CAP]:
                yield text, library, module


def _is_telling(text: str) -> bool:
    """Whether enough words are left, at least three for each masked one."""
    words = text.split()
    masked = words.count(MASK)
    return len(words) - masked >= max(WORDS[0], 3 * masked)


def _docstrings(file: Path) -> Iterator[str]:
    """Docstrings of a source file and its public definitions; a file that cannot be parsed has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return
    yield from _docstrings_below(tree)


def _docstrings_below(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    docstring = ast.get_docstring(node)
    if docstring:
        yield docstring
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and child.name[0] != "_":
                yield from _docstrings_below(child)


def _folder(library: str) -> Path:
    """Where a library lies, found without importing it."""
    spec = importlib.util.find_spec(library)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The demo reads the docstrings of {library}, which is not installed: make venv")
    return Path(spec.submodule_search_locations[0])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
