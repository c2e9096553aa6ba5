"""The files of a prepared task: one Parquet table a split, and `task.json`."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.files import write_text_atomically
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.task import Split, Task

TASK_FILE = "task.json"


def write_task(task: Task, tables: Mapping[Split, pd.DataFrame]) -> None:
    """Write the splits, then `task.json`: where that file is, the splits are whole."""
    folder = Path(task.folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TASK_FILE).unlink(missing_ok=True)
    for split, table in tables.items():
        _write_parquet(task.file(split), table)
    write_text_atomically(folder / TASK_FILE, to_json(task))


def load_task(folder: Path) -> Task:
    """Read back a task that `prepare_task` wrote, also when its folder was moved.

    Raises:
        TaskError: There is no whole task in the folder.
    """
    try:
        found = from_json((folder / TASK_FILE).read_text(encoding="utf-8"), dict[str, object])
        return from_json(to_json({**found, "folder": str(folder)}), Task)
    except (OSError, ValueError) as error:
        raise TaskError(
            f"No prepared task lies in {str(folder)!r}: {error}.", hint="Prepare the data again with prepare_task."
        ) from error


def read_split(task: Task, split: Split) -> pd.DataFrame:
    """Read the prepared rows of a split, in the columns that `core.task.Task` names.

    Raises:
        TaskError: The task has no such split, or its file is gone.
    """
    if split not in task.rows:
        raise TaskError(
            f"The task {task.name!r} has the splits {list(task.rows)}, but no {split!r}.",
            hint="Prepare it with test=0.2 to hold rows out." if split == "test" else "",
        )
    try:
        return pd.read_parquet(task.file(split))
    except (OSError, ValueError) as error:
        raise TaskError(
            f"The {split} rows of the task {task.name!r} cannot be read: {error}.",
            hint="Its folder was moved or changed; prepare the data again.",
        ) from error


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        table.to_parquet(name, index=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
