"""Options of a task: what they are, their defaults, and which values they may have."""

from collections.abc import Sequence
from typing import Any, TypedDict, get_args

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.task import Split, TaskKind
from xautolm_nb.tasks.metrics import METRICS, find_metric

DEFAULT_SHARE = 0.2
"""Of the rows that are there to be split, for each split that the data lacks."""


class TaskOptions(TypedDict, total=False):
    """What `prepare_task` may be told; all of it can be left out."""

    text: str | Sequence[str] | None
    """Text column, or the two of a pair; None detects it."""
    label: str | None
    """Target column; None detects it."""
    kind: str | None
    """Kind of task; None detects it."""
    name: str | None
    """Name of the task; None takes the file's or data set's."""
    metric: str | None
    """One of `METRICS` of the kind; the first of them is the default."""
    group: str | None
    """Column whose equal values stay in one split, such as a speaker or a document."""
    validation: Any
    """Share of the rows (default 0.2) for a validation split, where the data has none; or a table, file or hub id."""
    test: Any
    """The same for the test split; False or 0 for none."""
    max_rows: int | None
    """Cap of the training rows, stratified."""
    seed: int
    """Draws the splits and the cap (default 0)."""


def check_options(options: TaskOptions) -> None:
    """Require options that exist and fit together, before any data is read.

    Raises:
        RequestError: One is unknown or out of range.
    """
    unknown = set(options) - set(TaskOptions.__annotations__)
    if unknown:
        known = sorted(TaskOptions.__annotations__)
        raise RequestError(f"A task takes the options {known}, but got {sorted(unknown)}.", hint="Check the spelling.")
    kind = options.get("kind")
    if kind is not None and kind not in get_args(TaskKind):
        raise RequestError(f"kind must be one of {list(get_args(TaskKind))}, but got {kind!r}.")
    if metric := options.get("metric"):
        fitting: list[TaskKind] = [known for known, names in METRICS.items() if metric in names]
        find_metric(metric, wanted_kind(options) or (fitting or ["classification"])[0])
    held_out = [_share(options.get(split), split) for split in ("validation", "test")]
    if held_out[0] == 0 or sum(held_out) >= 1:
        raise RequestError(
            f"A search needs rows to validate on and rows to learn from, but validation={held_out[0]:g} and "
            f"test={held_out[1]:g} leave none.",
            hint="Use shares such as validation=0.2, test=0.2; only the test split can be left out (test=0).",
        )
    most = options.get("max_rows")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 2):
        raise RequestError(f"max_rows must be a whole number of at least 2, but got {most!r}.")


def wanted_kind(options: TaskOptions) -> TaskKind | None:
    """The kind of task that was asked for; None when it is to be detected."""
    return next((kind for kind in get_args(TaskKind) if kind == options.get("kind")), None)


def wanted_shares(options: TaskOptions) -> dict[Split, float]:
    """Shares of the rows for the splits that are wanted, in the order they are cut: test first."""
    shares: dict[Split, float] = {
        "test": _share(options.get("test"), "test"),
        "validation": _share(options.get("validation"), "validation"),
    }
    return {split: share for split, share in shares.items() if share > 0}


def _share(value: Any, split: str) -> float:
    """Share to cut off for a split; the default also stands for a split given as data, which cuts nothing."""
    if value is None or value is True:
        return DEFAULT_SHARE
    if not isinstance(value, int | float):
        return 0.0 if split == "test" else DEFAULT_SHARE
    if not 0 <= value < 1:
        raise RequestError(
            f"{split} must be a share of the rows from 0 to below 1, but got {value!r}.",
            hint=f"Use {split}=0.2, or pass a table or file of its own.",
        )
    return float(value)
