"""What a person calls: `tune` to start a search, `attach` to look at one again."""

import sys
from pathlib import Path
from typing import Any

from xautolm_nb.session import Session, find_session, start_session
from xautolm_nb.store import ExperienceStore

Where = ExperienceStore | str | Path | None


def tune(
    data: Any,
    *,
    text: str | tuple[str, ...] | None = None,
    label: str | None = None,
    budget: str | float = "30m",
    objectives: tuple[str, ...] | None = None,
    store: Where = None,
    wait: bool | None = None,
    progress: bool = True,
    **options: Any,
) -> Session:
    """Search model, fine-tuning method and hyperparameters for a text task.

    In a notebook it returns at once and shows progress in the cell; in a script it blocks behind a progress bar.

    Args:
        data: A DataFrame, a `datasets.Dataset` or `DatasetDict`, a dict of DataFrames by split, a CSV, JSONL or
            Parquet file, a folder of such files, or a hub id.
        text: Text column, or two for pairs; detected when left out.
        label: Target column; detected when left out.
        budget: Wall-clock time, such as `"30m"`, or seconds.
        objectives: The score to maximise, then optionally `"seconds"` to minimise beside it; left out, the usual score:
            F1 for classes and marked answers, ROUGE-L for what is written.
        store: Path or URL of the experience store; the user's data folder when left out.
        wait: Whether to block until the search ends; None means: not in a notebook.
        progress: Whether to show progress.
        **options: Any other field of `SearchRequest`: `models`, `methods`, `workers`, `trust_code`, `seed`, ...

    Returns:
        The session: `pause()`, `resume()`, `stop()`, `wait()`, `best`, `pareto`, `trials`, `report()`, `export()`.

    Raises:
        TaskError: The data cannot be made into a task.
        RequestError: An option is unknown or out of range.
        ModelError: A model that was asked for cannot be had.
    """
    chosen = {"text": text, "label": label, "budget": budget, "objectives": objectives, **options}
    session = start_session(data, store=store, options=chosen)
    shell = _kernel_shell()
    blocking = shell is None if wait is None else wait
    _show(session, shell, progress=progress, blocking=blocking)
    if blocking:
        session.wait()
    return session


def attach(study: str = "last", *, store: Where = None, progress: bool = True) -> Session:
    """Look at a study again: after a reload, in another notebook, or when its process died.

    Args:
        study: Id, name, beginning of an id, or `last`.
        store: Path or URL of the experience store.
        progress: Whether to show it in the cell (notebook only).

    Raises:
        StoreError: There is no such study.
    """
    session = find_session(study, store=store)
    _show(session, _kernel_shell(), progress=progress, blocking=False)
    return session


def _show(session: Session, shell: Any, *, progress: bool, blocking: bool) -> None:
    """In a notebook, make it the session that panel and magics mean; show its progress where that is wanted."""
    if shell is not None:
        from xautolm_nb.jupyter.kernel import connect

        connection = connect(shell)
        connection.show(session) if progress else connection.hub.follow(session)
    elif progress and blocking:
        from xautolm_nb.terminal import follow

        follow(session)


def _kernel_shell() -> Any:
    """The shell of the Jupyter kernel this runs in; None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None
