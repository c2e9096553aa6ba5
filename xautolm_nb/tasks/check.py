"""Checks at the door: every way user data cannot be learned from is one clear error, before anything is written."""

import inspect
import warnings
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.task import Split

_MOST_CLASSES_SHARE = 0.5
"""More distinct labels than this share of the rows are ids or free text, not classes."""


class TaskWarning(UserWarning):
    """The data can be learned from, but its scores may mislead."""


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What the checks found in data that passed them."""

    rows: Mapping[str, int] = field(default_factory=dict)
    """Rows by split as prepared."""
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Rows by split and class name."""
    duplicates_removed: int = 0
    """Rows that repeat an earlier row, text and label, and were left out before the split."""
    duplicates_across_splits: int = 0
    """Rows of the given validation and test splits whose text is also in another split; they are kept."""
    conflicting_texts: int = 0
    """Distinct texts that carry more than one label."""
    capped_rows: int = 0
    """Training rows left out by `max_rows`."""
    notes: tuple[str, ...] = ()
    """The same and more in words, as they were warned."""


def warn(notes: Sequence[str]) -> None:
    """Show each note as a `TaskWarning` at the line outside this package that led here."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("xautolm_nb"):
        level, frame = level + 1, frame.f_back
    for note in notes:
        warnings.warn(note, TaskWarning, stacklevel=level)


def check_rows(frame: pd.DataFrame, split: str) -> None:
    """Require at least one row.

    Raises:
        TaskError: There is none.
    """
    if len(frame) == 0:
        raise TaskError(f"The {split} data has no rows.", hint="Check the file, or the filter that made the table.")


def check_texts(frame: pd.DataFrame, columns: Sequence[str], split: str) -> None:
    """Require that every text is a string with something in it.

    Raises:
        TaskError: Texts are missing, blank or not strings; says how many and where first.
    """
    for column in columns:
        texts = frame[column]
        missing = texts.isna().to_numpy()
        _refuse(
            missing,
            f"texts in column {column!r} of the {split} data are missing (NaN or None)",
            f"Drop them: data = data.dropna(subset=[{column!r}]).",
        )
        wrong = texts.map(lambda value: not isinstance(value, str)).to_numpy(dtype=bool)
        kind = type(texts.iloc[int(np.argmax(wrong))]).__name__
        _refuse(
            wrong,
            f"texts in column {column!r} of the {split} data are not strings but {kind}",
            f"Convert them (data[{column!r}].astype(str)), or name another text column with text=...",
        )
        blank = texts.map(lambda value: not value.strip()).to_numpy(dtype=bool)
        _refuse(
            blank,
            f"texts in column {column!r} of the {split} data are empty",
            f"Drop them: data = data[data[{column!r}].str.strip() != ''].",
        )


def check_labels(frame: pd.DataFrame, column: str, split: str) -> list[str]:
    """Require that every label is a class and return the class names, one a row.

    Integers, booleans, strings, categories and numpy scalars are classes; floats are when they are whole numbers
    (pandas makes floats of integers as soon as one is missing).

    Raises:
        TaskError: Labels are missing, nested, fractions, or of mixed types; says how many and where first.
    """
    labels = frame[column]
    _refuse(
        labels.isna().to_numpy(),
        f"labels in column {column!r} of the {split} data are missing (NaN or None)",
        f"Drop these rows: data = data.dropna(subset=[{column!r}]).",
    )
    values = [_scalar(value) for value in labels.tolist()]
    nested = np.array([not isinstance(value, str | bool | int | float) for value in values])
    kind = type(values[int(np.argmax(nested))]).__name__
    _refuse(
        nested,
        f"labels in column {column!r} of the {split} data are no single class but {kind}",
        "Classification needs one class a row; several labels a row are not supported yet.",
    )
    fractions = np.array([isinstance(value, float) and not value.is_integer() for value in values])
    _refuse(
        fractions,
        f"labels in column {column!r} of the {split} data are fractions",
        "Regression is not supported; bin the numbers into classes first (pandas.cut).",
    )
    kinds = {_kind(value) for value in values}
    if len(kinds) > 1:
        raise TaskError(
            f"Labels in column {column!r} of the {split} data mix types: {sorted(kinds)}.",
            hint=f"Make them one type, such as data[{column!r}].astype(str).",
        )
    names = [_name(value) for value in values]
    blank = np.array([not name.strip() for name in names])
    _refuse(blank, f"labels in column {column!r} of the {split} data are empty", "Name the class or drop these rows.")
    return names


def check_classes(names: Sequence[str], need: int) -> None:
    """Require a plausible set of classes, each with a row for every split it must be in.

    Args:
        names: Class name of each row of the pool that the splits are cut from, repeated rows left out.
        need: Splits made from the pool; a class needs as many rows.

    Raises:
        TaskError: One class, too few rows in a class, or about as many classes as rows.
    """
    counts = Counter(names)
    if len(counts) < 2:
        raise TaskError(
            f"A classification needs at least 2 classes, but every label is {next(iter(counts))!r}.",
            hint="Check that the label column is the right one: label='your_column'.",
        )
    if len(counts) > max(2, _MOST_CLASSES_SHARE * len(names)):
        raise TaskError(
            f"{len(counts)} different labels in {len(names)} different rows are too many for classes.",
            hint="Name the class column with label=...; ids, free text and numbers to predict are no classes.",
        )
    small = sorted((count, name) for name, count in counts.items() if count < need)
    if small:
        listed = ", ".join(f"{name!r} ({count})" for count, name in small[:5])
        without_test = ", or do without a test split: test=False" if need > 2 else ""
        raise TaskError(
            f"Each class needs at least {need} different rows, one for each of the {need} splits, but there are fewer "
            f"in {len(small)} of {len(counts)} classes: {listed}.",
            hint=f"Add rows, merge or drop these classes{without_test}.",
        )


def check_passages(passages: Sequence[str], need: int) -> None:
    """Require as many different passages as splits are cut from them.

    Raises:
        TaskError: There are fewer.
    """
    if len(set(passages)) < need:
        raise TaskError(
            f"Each of the {need} splits needs a passage or prompt of its own, but there are {len(set(passages))}.",
            hint="Add rows, or give the validation and test data yourself.",
        )


def check_unseen(train: Sequence[str], other: Sequence[str], split: str) -> None:
    """Require that a given split has no class the training data lacks.

    Raises:
        TaskError: It has; names the classes and counts their rows.
    """
    unseen = Counter(name for name in other if name not in set(train)) if set(other) - set(train) else Counter()
    if unseen:
        listed = ", ".join(f"{name!r} ({count})" for name, count in unseen.most_common(5))
        raise TaskError(
            f"The {split} data has classes that the training data lacks: {listed}.",
            hint=f"Add training rows of these classes, or drop them from the {split} data.",
        )


def sort_classes(names: Sequence[str]) -> tuple[str, ...]:
    """Distinct class names in index order: by number when all are whole numbers, else by alphabet."""
    distinct = set(names)
    if all(name.removeprefix("-").isdecimal() for name in distinct):
        return tuple(sorted(distinct, key=lambda name: (int(name), name)))
    return tuple(sorted(distinct))


def text_keys(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """What makes two rows the same text: their words, whatever the blanks between them."""
    return [
        "\x00".join(" ".join(part.split()) for part in row) for row in zip(*(frame[c] for c in columns), strict=True)
    ]


def count_conflicts(keys: Sequence[str], names: Sequence[str]) -> int:
    """Distinct texts that carry more than one label."""
    labels_of: dict[str, str] = {}
    return len({key for key, name in zip(keys, names, strict=True) if labels_of.setdefault(key, name) != name})


def count_shared(keys_by_split: Mapping[Split, Sequence[Hashable]]) -> dict[Split, int]:
    """Rows of each split whose key occurs in an earlier split, in the order of the mapping; zeros left out."""
    seen: set[Hashable] = set()
    shared: dict[Split, int] = {}
    for split, keys in keys_by_split.items():
        shared[split] = sum(key in seen for key in keys)
        seen.update(keys)
    return {split: count for split, count in shared.items() if count}


def _refuse(bad: np.ndarray[Any, np.dtype[np.bool_]], what: str, hint: str) -> None:
    if bad.any():
        raise TaskError(f"{int(bad.sum())} of {len(bad)} {what}; the first is row {int(np.argmax(bad))}.", hint=hint)


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _kind(value: Hashable) -> str:
    """`integer` for whole floats, too, so that 1 and 1.0 are one class."""
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "integer"


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)
