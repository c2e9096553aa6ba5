"""Guess which columns hold the texts and the target, and what kind of task they make."""

from collections.abc import Sequence
from difflib import get_close_matches

import pandas as pd
from pandas.api import types

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.task import TaskKind
from xautolm_nb.tasks.answers import are_spans

LABEL_NAMES = (
    "label", "labels", "class", "target", "category", "y", "sentiment", "emotion", "intent", "topic", "tag",
    "answer", "answers", "response", "completion", "output", "summary",
)  # fmt: skip
"""Names a target usually has, the surest first."""
TEXT_NAMES = (
    "text", "sentence", "content", "document", "review", "comment", "tweet", "message", "utterance", "body",
    "description", "question", "prompt", "input", "instruction", "article", "title",
)  # fmt: skip
ANSWER_NAMES = ("answers", "answer")
"""Targets of these names are answers, whatever their form, unless few distinct texts say that they are classes."""
PAIR_NAMES = (
    ("premise", "hypothesis"), ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("question1", "question2"),
    ("text", "text_pair"), ("text1", "text2"), ("question", "sentence"), ("query", "passage"),
    ("question", "context"), ("question", "passage"), ("question", "paragraph"), ("query", "context"),
)  # fmt: skip
"""Columns that belong together as a pair of texts."""

_FEW_CLASSES = 20
"""Up to so many distinct targets are classes, whatever the number of rows ..."""
_CLASS_SHARE = 0.2
"""... and beyond it while they are at most this share of the rows (five rows a class, as k-shot sets have)."""


def detect_columns(
    frame: pd.DataFrame, *, text: str | Sequence[str] | None = None, label: str | None = None
) -> tuple[tuple[str, ...], str]:
    """Find the text column (or the two of a pair) and the label column; what is given is only checked.

    The usual names win; without one, the target is the column with few distinct values and the text is the string
    column with the longest values.

    Raises:
        TaskError: A given column does not exist, or nothing (or more than one thing) fits.
    """
    columns = [str(column) for column in frame.columns]
    if len(set(columns)) < len(columns):
        twice = sorted({column for column in columns if columns.count(column) > 1})
        raise TaskError(f"Column names must differ, but {twice} occur twice.", hint="Rename or drop one of them.")
    given = () if text is None else (text,) if isinstance(text, str) else tuple(text)
    for column in (*given, *([label] if label is not None else [])):
        _require(column, columns)
    if len(given) > 2 or len({*given, label}) < len(given) + 1:
        raise TaskError(
            f"A task reads one text column or a pair, and another column as its label; got text={list(given)}, "
            f"label={label!r}.",
            hint="Join further columns into one text column first.",
        )
    found_label = label if label is not None else _find_label(frame, given)
    return given or _find_text(frame, found_label), found_label


def detect_kind(frame: pd.DataFrame, text: Sequence[str], label: str) -> TaskKind:
    """Tell the kind of task from its columns.

    Extractive question answering has a pair of texts and a column of answers that stand in the second text (SQuAD);
    other answers (DROP), and any other text with many distinct values, make a generation; a target with few distinct
    values makes a classification. Numbers are classes here: `check` says when they cannot be.
    """
    target = frame[label]
    if label.lower() in ANSWER_NAMES and not (is_text_column(target) and looks_like_classes(target)):
        return "extractive_qa" if len(text) == 2 and are_spans(frame, text[1], label) else "generation"
    is_text = target.map(lambda value: isinstance(value, str)).all()
    return "generation" if is_text and not looks_like_classes(target) else "classification"


def looks_like_classes(target: pd.Series) -> bool:
    """Whether a column has few enough distinct values to be a label."""
    known = target.dropna()
    distinct = len(set(known.map(str)))
    most = max(_FEW_CLASSES, _CLASS_SHARE * len(known))
    return distinct <= most and distinct <= max(2, len(known) / 2)


def _require(column: str, columns: Sequence[str]) -> None:
    if column in columns:
        return
    close = get_close_matches(column, columns, n=1)
    raise TaskError(
        f"The task names a column {column!r}, but the data has {sorted(columns)}.",
        hint=f"Did you mean {close[0]!r}?" if close else "Name an existing column with text=... and label=...",
    )


def _find_label(frame: pd.DataFrame, text: Sequence[str]) -> str:
    others = [str(column) for column in frame.columns if column not in text]
    named = _first_named(others, LABEL_NAMES)
    if named is not None:
        return named
    fitting = [column for column in others if looks_like_classes(frame[column]) and not _is_float(frame[column])]
    if len(fitting) == 1:
        return fitting[0]
    raise TaskError(
        f"Which column is the label? None of {sorted(others)} has a usual name, and {fitting or 'none'} could be it.",
        hint="Say it: label='your_column'.",
    )


def _find_text(frame: pd.DataFrame, label: str) -> tuple[str, ...]:
    others = [str(column) for column in frame.columns if column != label and is_text_column(frame[column])]
    for pair in PAIR_NAMES:
        if all(column in others for column in pair):
            return pair
    named = _first_named(others, TEXT_NAMES)
    if named is not None:
        return (named,)
    if not others:
        raise TaskError(
            f"No column beside {label!r} holds text; the data has {sorted(map(str, frame.columns))}.",
            hint="Say which it is: text='your_column'.",
        )
    return (max(others, key=lambda column: frame[column].dropna().map(len).mean()),)


def _first_named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {column.lower(): column for column in reversed(columns)}
    return next((lowered[name] for name in names if name in lowered), None)


def is_text_column(column: pd.Series) -> bool:
    """Whether a column holds strings and nothing else, missing values aside."""
    known = column.dropna()
    return len(known) > 0 and bool(known.map(lambda value: isinstance(value, str)).all())


def _is_float(column: pd.Series) -> bool:
    return types.is_float_dtype(column)
