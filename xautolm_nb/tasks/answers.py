"""Answers as data sets write them, in one form: for each row the accepted answers, each a list of spans.

SQuAD's `{"text": [...], "answer_start": [...]}`, a list of accepted answers, a list of span lists (DROP), a plain text
or a number all come out alike. A row without any answer (SQuAD 2) accepts the empty text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.task import Task

Accepted = list[list[str]]
"""The accepted answers of one row, each of one or more spans."""

SPAN_SEPARATOR = " | "
"""Stands between the spans of one answer where it is written as text; no SQuAD or DROP answer contains it."""
START_NAMES = ("answer_starts", "answer_start")
"""Columns with the character offsets of answers in the context, beside the answers."""
VERBATIM_SHARE = 0.95
"""Answers are spans of the context when at least this share of the rows has one there word for word."""


def read_answers(frame: pd.DataFrame, column: str, split: str) -> list[Accepted]:
    """Read the accepted answers of each row.

    Raises:
        TaskError: Values are missing or of no accepted form; says how many and where first.
    """
    found = [_accepted(value) for value in frame[column]]
    bad = np.array([answers is None for answers in found])
    if bad.any():
        first = int(np.argmax(bad))
        raise TaskError(
            f"{int(bad.sum())} of {len(bad)} answers in column {column!r} of the {split} data are neither texts nor "
            f"lists of texts; the first is row {first}: {frame[column].iloc[first]!r:.80}.",
            hint="An answer is a text, a list of accepted texts, or SQuAD's dict with 'text' and 'answer_start'.",
        )
    return [answers for answers in found if answers is not None]


def read_starts(frame: pd.DataFrame, column: str, contexts: Sequence[str], answers: Sequence[Accepted]) -> list[int]:
    """Character offset of each row's first answer in its context; -1 where it is not there or empty.

    A given offset is taken where the answer stands there; otherwise the first place where the answer stands.
    """
    given = _given_starts(frame, column)
    places = []
    for context, accepted, start in zip(contexts, answers, given, strict=True):
        text = accepted[0][0]
        is_right = start is not None and text and context[start : start + len(text)] == text
        places.append(int(start) if is_right and start is not None else context.find(text) if text else -1)
    return places


def are_spans(frame: pd.DataFrame, context: str, label: str) -> bool:
    """Whether answers come with offsets, or nearly all stand word for word in the column `context`."""
    first = frame[label].iloc[0] if len(frame) else None
    if any(name in frame for name in START_NAMES) or (isinstance(first, Mapping) and "answer_start" in first):
        return True
    known = [(_accepted(value), text) for value, text in zip(frame[label], frame[context], strict=True)]
    hits = [bool(answers) and answers[0][0] in str(text) for answers, text in known if answers is not None]
    return bool(hits) and float(np.mean(hits)) >= VERBATIM_SHARE


def write_answer(spans: Sequence[str]) -> str:
    """One answer as text: what a model is taught to write."""
    return SPAN_SEPARATOR.join(spans)


def references(table: pd.DataFrame, task: Task) -> list[Any]:
    """The accepted answers of a prepared split in the form `metrics.score` takes for the task's metric."""
    rows = [[list(spans) for spans in answers] for answers in table["answers"]]
    if is_of_spans(task):
        return rows
    return [[write_answer(spans) for spans in answers] for answers in rows]


def is_of_spans(task: Task) -> bool:
    """Whether the task's metric compares spans one by one (DROP) and not whole texts."""
    return task.metric.name.startswith("drop_")


def split_spans(text: str) -> list[str]:
    """The spans of an answer that was written as text, for the metrics of DROP."""
    spans = [span.strip() for span in text.split(SPAN_SEPARATOR.strip())]
    return [span for span in spans if span] or [""]


def _accepted(value: Any) -> Accepted | None:
    """None for what is no answer."""
    if isinstance(value, Mapping):
        return _accepted(value["text"]) if "text" in value else None
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        found = [_spans(item) for item in value]
        return None if any(spans is None for spans in found) else [spans for spans in found if spans] or [[""]]
    one = _spans(value)
    return None if one is None else [one]


def _spans(value: Any) -> list[str] | None:
    """One answer: a text, a number, or a list of texts."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [str(item) for item in value] if all(isinstance(item, str) for item in value) else None
    if isinstance(value, str):
        return [value]
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool) and np.isfinite(value)
    return [str(int(value)) if value == int(value) else str(value)] if is_number else None


def _given_starts(frame: pd.DataFrame, column: str) -> list[int | None]:
    name = next((name for name in START_NAMES if name in frame), None)
    values = frame[name] if name else [v.get("answer_start") if isinstance(v, Mapping) else None for v in frame[column]]
    return [_first(value) for value in values]


def _first(value: Any) -> int | None:
    if isinstance(value, np.ndarray | list | tuple):
        return int(value[0]) if len(value) else None
    return int(value) if isinstance(value, int | np.integer) else None
