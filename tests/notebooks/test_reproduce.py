import base64
import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
NUMBERS = sorted(path.name[:2] for path in NOTEBOOKS.glob("0[1-9]_*.py"))


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_runs_from_top_to_bottom_and_writes_nothing_in_a_short_run(number: str, shared: Path) -> None:
    before = state()
    environment = {**os.environ, "SMOKE": "1", "XAUTOLM_SHARED": str(shared), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(NOTEBOOKS / "reproduce.py"), number]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert state() == before


def state() -> dict[str, int]:
    """When the committed notebooks and tables were written."""
    kept = (".ipynb", ".csv", ".json", ".parquet")
    return {str(path): path.stat().st_mtime_ns for path in NOTEBOOKS.rglob("*.*") if path.suffix in kept}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_is_committed_with_its_figures(number: str) -> None:
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    outputs = [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "run: make reproduce"
    assert not [output for output in outputs if output.output_type == "error"]


def test_an_unknown_number_is_refused(load: Callable[[str], ModuleType]) -> None:
    with pytest.raises(SystemExit, match="Expected numbers of notebooks"):
        load("reproduce").main(["77"])


def test_a_notebook_that_is_too_large_is_not_kept(load: Callable[[str], ModuleType], tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x" * 300_000)])
    with pytest.raises(SystemExit, match="300,000 is the limit"):
        load("reproduce").keep(notebook, tmp_path / "01_large.py")
    assert not list(tmp_path.iterdir())


def test_a_figure_is_kept_with_its_size_in_fewer_bytes(load: Callable[[str], ModuleType]) -> None:
    from matplotlib.figure import Figure

    figure, stream = Figure(figsize=(4, 3), dpi=100), BytesIO()
    figure.subplots().plot([0, 1, 4, 9], color="#0072B2")
    figure.savefig(stream, format="png")
    small = base64.b64decode(load("reproduce").in_few_colours(base64.b64encode(stream.getvalue()).decode()))
    assert len(small) < len(stream.getvalue())
    with Image.open(BytesIO(small)) as drawn:
        assert drawn.size == (400, 300)
