"""Run the quickstart notebook without a browser, with live progress in the terminal: `make demo`.

The executed notebook, the exported model and an experience store of its own go to `demo-output/`; your store is not
touched. A second run starts from the experience of the first; `--fresh` forgets it. The last line is made for scripts.
"""

import argparse
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from xautolm_nb.core.errors import StoreError
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
from xautolm_nb.terminal import follow, trial_line

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE / "00_quickstart.ipynb"

# Runs in the notebook's kernel after its last cell and is not part of the saved copy.
ASK = """
import json
print(json.dumps({
    "report": str(report),
    "study": session.id,
    "best_f1": report.best_score,
    "test_f1": report.test_f1,
    "tfidf_f1": report.reference("TF-IDF + logistic regression").f1,
    "trials": report.trials,
    "failed": report.failed,
    "failures": report.failures,
    "exported": str(folder.resolve()),
    "prior": dict(session.prior),
}, default=str))
"""


def main() -> int:
    """Run, show, compare. Exit code 0 when the tuned model is at least as good as TF-IDF on the test split."""
    options = parse_arguments()
    started = time.monotonic()
    output = prepare_output(options.output, fresh=options.fresh)
    if options.budget:
        os.environ["XAUTOLM_DEMO_BUDGET"] = options.budget
    print(f"Running {NOTEBOOK.name}; everything goes to {output}", flush=True)
    store = ExperienceStore.open()
    known = store.count()
    if known:
        print(f"The store holds {known} experiences of earlier runs; this search starts from them.", flush=True)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    try:
        facts = execute(notebook, store, output)
    except (CellExecutionError, DeadKernelError) as error:
        print(f"\nThe notebook failed; what ran is in {output / NOTEBOOK.name}.\n{error}", file=sys.stderr)
        return 1
    finally:
        nbformat.write(notebook, output / NOTEBOOK.name)
    show(facts, store, output)
    print(last_line(facts, seconds=time.monotonic() - started), flush=True)
    return 0 if facts["test_f1"] >= facts["tfidf_f1"] else 1


def parse_arguments() -> argparse.Namespace:
    """Options of the command line; none is needed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", help="time of the search, such as 2m (default: XAUTOLM_DEMO_BUDGET, else 5m)")
    parser.add_argument("--output", type=Path, default=HERE.parent / "demo-output", help="where results go")
    parser.add_argument("--fresh", action="store_true", help="remove the results and experience of earlier runs")
    return parser.parse_args()


def prepare_output(folder: Path, *, fresh: bool) -> Path:
    """Make the output folder and point this process and the kernel at a store inside it."""
    folder = folder.resolve()
    if fresh and (folder / NOTEBOOK.name).exists():  # only ever remove what an earlier run made
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XAUTOLM_HOME"] = str(folder / "home")
    os.environ.pop("XAUTOLM_STORE", None)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return folder


def execute(notebook: nbformat.NotebookNode, store: ExperienceStore, output: Path) -> dict[str, Any]:
    """Run all cells in `output`, tell what is going on, and ask the kernel for the results."""
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(output)}},
        extra_arguments=["--log-level=ERROR"],  # ipykernel warns of TCP, which a kernel on this machine needs not mind
    )
    progress = Progress(store)
    started = time.monotonic()
    with client.setup_kernel():
        try:
            for index, cell in enumerate(notebook.cells):
                announce(cell, time.monotonic() - started)
                client.execute_cell(cell, index)
                if "session.wait()" in cell.source:
                    progress.join()
            return ask(client, notebook)
        finally:
            progress.close()


def announce(cell: nbformat.NotebookNode, seconds: float) -> None:
    """Print the headings of the notebook as their sections begin."""
    if cell.cell_type == "markdown":
        for line in cell.source.splitlines():
            if line.startswith("#"):
                print(f"[{seconds:5.0f} s] {line.lstrip('# ')}", flush=True)


def ask(client: NotebookClient, notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Run `ASK` in the kernel and read its answer."""
    cell = nbformat.v4.new_code_cell(ASK)
    notebook.cells.append(cell)
    try:
        client.execute_cell(cell, len(notebook.cells) - 1, store_history=False)
    finally:
        notebook.cells.pop()
    answer = "".join(output.text for output in cell.outputs if output.get("name") == "stdout")
    facts: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return facts


class Progress:
    """Follows the study that the kernel starts, through the store, on a thread of its own."""

    def __init__(self, store: ExperienceStore) -> None:
        self._store = store
        self._before = {record.id for record in store.studies()}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="demo-progress", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the end of the search has been shown."""
        self._thread.join(10)

    def close(self) -> None:
        """Stop looking for a study."""
        self._closed.set()

    def _follow(self) -> None:
        while not self._closed.wait(0.5):
            try:
                new = [record for record in self._store.studies() if record.id not in self._before]
            except StoreError:  # the kernel is writing; look again
                continue
            if new:
                follow(Session(self._store, new[0].id), stream=sys.stdout)
                return


def show(facts: dict[str, Any], store: ExperienceStore, output: Path) -> None:
    """Print trials, comparison, the prior's part and the places."""
    print("\nTrials")
    for trial in store.trials(facts["study"]):
        print(f"  {trial_line(trial)}")
    print("\nResult")
    print("\n".join(f"  {line}" for line in facts["report"].splitlines()))
    print("\nWhat past experience contributed")
    for name, value in facts["prior"].items() or {"nothing": "the store was empty"}.items():
        print(f"  {name}: {value}")
    print("\nFiles")
    print(f"  executed notebook, with figures: {output / NOTEBOOK.name}")
    print(f"  exported model: {facts['exported']}")
    print("  look again: XAUTOLM_HOME=" + os.environ["XAUTOLM_HOME"] + f" xautolm report {facts['study']}\n")


def last_line(facts: dict[str, Any], *, seconds: float) -> str:
    """The line that scripts read."""
    return (
        f"demo: best_f1={facts['best_f1']:.4f} test_f1={facts['test_f1']:.4f} tfidf_f1={facts['tfidf_f1']:.4f} "
        f"trials={facts['trials']} failed={facts['failed']} seconds={seconds:.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
