"""Run the paper's notebooks in full and keep their outputs and tables: `make reproduce`.

    python notebooks/reproduce.py            all of them, 01 onwards
    python notebooks/reproduce.py 02 04      some
    SMOKE=1 python notebooks/reproduce.py    a short run: nothing is written

Each notebook is made anew from its `.py` and run from top to bottom in the folder of the notebooks. One that fails
stops the run and is left as it was; those before it are done.
"""

import base64
import os
import sys
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).resolve().parent
LARGEST = 300_000
"""Bytes of an executed notebook."""
CELL_SECONDS = 3600


def main(names: Sequence[str]) -> None:
    """Run the notebooks whose file names begin with the given numbers, or all."""
    sources = sorted(HERE.glob("0[1-9]_*.py"))
    chosen = [source for source in sources if not names or source.name[:2] in names]
    if not chosen:
        raise SystemExit(f"Expected numbers of notebooks, such as 02, but got {', '.join(names)}.")
    smoke = os.environ.get("SMOKE", "") not in ("", "0")
    for source in chosen:
        started = time.monotonic()
        written = executed(source)
        if not smoke:
            keep(written, source)
        print(f"{source.stem}: {time.monotonic() - started:.0f} s", flush=True)


def executed(source: Path) -> nbformat.NotebookNode:
    """Run a notebook's script as a notebook; outputs are in what is returned."""
    notebook = jupytext.read(source)
    NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(HERE)}}).execute()
    return notebook


def keep(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Write an executed notebook beside its script, the same bytes for the same outputs.

    Raises:
        SystemExit: It is too large to be committed.
    """
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        if "outputs" in cell:  # without the progress of what runs long
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = in_few_colours(output.data["image/png"])
    notebook.metadata.pop("language_info", None)
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) >= LARGEST:
        raise SystemExit(f"{source.stem} has {len(text.encode()):,} bytes; {LARGEST:,} is the limit. Draw less.")
    source.with_suffix(".ipynb").write_text(text)


def in_few_colours(image: str) -> str:
    """A PNG in Base64 with a palette that holds every colour of a line drawing to 8 of 255: a third of the bytes."""
    written = BytesIO()
    with Image.open(BytesIO(base64.b64decode(image))) as drawn:
        drawn.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(written, format="png", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


if __name__ == "__main__":
    main(sys.argv[1:])
