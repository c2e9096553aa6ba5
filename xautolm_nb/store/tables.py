"""Tables of experiences: CSV and Parquet in, Parquet out.

A table has one row per trial. Columns that are read (all others are ignored):

| column | meaning |
|---|---|
| `task` | name of the task; required |
| `score` | value of the metric at the end; empty when the trial failed before its first validation |
| `seconds` | time of the trial |
| `failure` | kind of failure (a `FailureKind`), or empty; required when there is no score |
| `message` | error text of a failed trial |
| `config` | the configuration as a JSON object, or one `hp_<name>` column per parameter (empty: not active) |
| `model`, `method` | joined to the configuration under these names |
| `metric`, `maximize` | name and direction; `f1` and true when absent |
| `space`, `fidelity`, `seed`, `study`, `trial`, `created_at`, `source`, `fingerprint` | as in `Experience` |
| `kind`, `task_features`, `system_features` | the context: kind and vectors of XAutoLM 3.1 to 3.3, JSON lists |
| `metrics` | further metrics at the end, as a JSON object of numbers |
| `body` | a whole experience as our export writes it; the other columns of that row are not read |

A row without feature vectors takes the context its task is known by (argument `contexts`). The table of recorded
XAutoLM trials (columns `macro_f1`, `evaluation_seconds`, `finished_at`, `error`) is recognised and gives the same
experiences as its log entries do.
"""

import contextlib
import csv
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow
import pyarrow.parquet as pq

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.store.autogoal import OnError, Skipped
from xautolm_nb.store.cells import RECORDED, Cells, flat_row, read_row, translate_recorded

SUFFIXES: Final = (".csv", ".parquet")


def read_table(
    path: str | Path,
    *,
    contexts: Mapping[str, Context] | None = None,
    model_ids: Mapping[str, str] | None = None,
    on_error: OnError = "raise",
) -> tuple[list[Experience], list[Skipped]]:
    """Read a CSV or Parquet table of experiences (columns: see the module).

    Args:
        path: The file.
        contexts: Context by task name, for rows that bring none.
        model_ids: Hugging Face ids by class name, for the table of recorded XAutoLM trials.
        on_error: Whether a bad row raises, so that nothing is read, or is left out.

    Returns:
        The experiences in order, and the rows that were left out.

    Raises:
        StoreError: The file cannot be read, a required column is missing, or a row is bad; the message names it.
    """
    path = Path(path)
    columns, rows = _read(path)
    recorded = set(columns) >= RECORDED
    experiences: list[Experience] = []
    skipped: list[Skipped] = []
    for number, cells in enumerate(rows, start=1):
        try:
            row = translate_recorded(cells, model_ids or {}) if recorded else cells
            experiences.append(read_row(row, contexts or {}, source=path.name))
        except ValueError as error:
            where = f"row {number} of {path.name}"
            if on_error == "raise":
                hint = "Mend the row, or leave such rows out with on_error='skip' (--on-error skip)."
                raise StoreError(f"Expected an experience in {where}, but {error}.", hint=hint) from error
            skipped.append(Skipped(where=where, reason=str(error)))
    return experiences, skipped


def _read(path: Path) -> tuple[list[str], Sequence[Cells]]:
    if path.suffix.lower() not in SUFFIXES:
        raise StoreError(f"Expected a table (.csv or .parquet), but got {path.name}.", hint="Convert it first.")
    try:
        columns, rows = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    except (OSError, ValueError, csv.Error, pyarrow.ArrowException) as error:
        raise StoreError(
            f"The table {path} cannot be read ({error}).", hint="Check the path and the format."
        ) from error
    if not {"body", "task"} & set(columns):
        raise StoreError(
            f"Expected a column 'task' (and 'score', 'config' or 'hp_*') in {path.name}, but it has {columns[:12]}.",
            hint="Rename the columns; the documentation of xautolm_nb.store.tables lists them.",
        )
    return columns, rows


def _read_csv(path: Path) -> tuple[list[str], Sequence[Cells]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restkey="")
        rows = [{name: value for name, value in row.items() if value not in (None, "")} for row in reader]
        return list(reader.fieldnames or ()), rows


def _read_parquet(path: Path) -> tuple[list[str], Sequence[Cells]]:
    table = pq.read_table(path)
    rows = [{name: value for name, value in row.items() if not _is_missing(value)} for row in table.to_pylist()]
    return list(table.column_names), rows


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def write_parquet(experiences: list[Experience], path: str | Path) -> int:
    """Write experiences as a Parquet table that any reader understands and `read_table` reads back without loss.

    Flat columns are for people and other programs; `body` holds the whole experience. The file appears whole or not
    at all.

    Returns:
        The number of rows.

    Raises:
        StoreError: The file cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(as_arrow(experiences), part, compression="zstd")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"The table {path} cannot be written ({error.strerror or error}).") from error
    return len(experiences)


def as_arrow(experiences: list[Experience]) -> Any:
    """Lay experiences out as an Arrow table: fixed columns, one `hp_<name>` column per parameter, and `body`."""
    rows = [flat_row(experience) for experience in experiences]
    columns = {name: pyarrow.array([row[name] for row in rows], kind) for name, kind in _FIXED.items()}
    names = sorted({name for experience in experiences for name in experience.config})
    for name in names:
        columns[f"hp_{name}"] = _parameter([experience.config.get(name) for experience in experiences])
    columns["body"] = pyarrow.array([row["body"] for row in rows], pyarrow.string())
    return pyarrow.table(columns)


def _parameter(values: list[Any]) -> Any:
    """Give a parameter the narrowest type for all its values: one space may use words where another has numbers."""
    kinds = {type(value) for value in values if value is not None}
    for allowed, kind in (({bool}, pyarrow.bool_()), ({int}, pyarrow.int64()), ({int, float}, pyarrow.float64())):
        if kinds <= allowed:
            return pyarrow.array(values, kind)
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pyarrow.array(texts, pyarrow.string())


_TEXT, _REAL = pyarrow.string(), pyarrow.float64()
_FIXED: Final[dict[str, Any]] = {
    "id": _TEXT,
    "task": _TEXT,
    "kind": _TEXT,
    "metric": _TEXT,
    "maximize": pyarrow.bool_(),
    "score": _REAL,
    "seconds": _REAL,
    "fidelity": _REAL,
    "failure": _TEXT,
    "message": _TEXT,
    "space": _TEXT,
    "source": _TEXT,
    "study": _TEXT,
    "trial": pyarrow.int64(),
    "seed": pyarrow.int64(),
    "created_at": _TEXT,
    "fingerprint": _TEXT,
    "task_features": pyarrow.list_(_REAL),
    "system_features": pyarrow.list_(_REAL),
}
