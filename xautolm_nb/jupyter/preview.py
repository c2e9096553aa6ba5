"""What a search would see of some data, for the form: columns, detected roles, classes, lengths, and what is wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from xautolm_nb.core.errors import TaskError
from xautolm_nb.jupyter.objects import (
    MOST_CLASSES,
    MOST_SAMPLES,
    SAMPLE_LENGTH,
    ClassCount,
    Column,
    Histogram,
    Preview,
)
from xautolm_nb.tasks import check
from xautolm_nb.tasks.detect import detect_columns, detect_kind
from xautolm_nb.tasks.load import load_tables

BINS = 20
LENGTH_ROWS = 20_000
"""Rows whose lengths are counted, evenly spaced."""
_TAIL = 0.995
"""What is longer than this share of the texts is counted in the last bin, or one text would flatten all others."""
_ANSWERS = {
    "generation": "Column {!r} holds answers to write, for decoders and encoder-decoders. "
    "If these are classes, choose classification.",
    "extractive_qa": "Column {!r} holds answers that stand in the second text, for encoders to point at.",
}


def preview_data(data: Any, *, text: Sequence[str] | None = None, label: str | None = None) -> Preview:
    """Look at data without preparing it. What a search would refuse comes as a warning, so that the form can be used.

    Args:
        data: What `load_tables` reads.
        text: Text columns; None detects them.
        label: Target column; None detects it.

    Raises:
        TaskError: The data cannot be read at all.
    """
    tables = load_tables(data)
    frames = {split: frame.rename(columns=str) for split, frame in tables.frames.items()}
    frame = frames.get("train", next(iter(frames.values())))
    columns = [Column(name=name, dtype=str(kind)) for name, kind in zip(frame.columns, frame.dtypes, strict=True)]
    warnings = [f"Splits that would be left out: {', '.join(tables.ignored)}."] if tables.ignored else []
    texts, target, kind, found = _roles(frame, text, label, need=4 - len(frames))
    counts = _class_counts(frame, target)
    return Preview(
        columns=columns,
        rows=sum(len(each) for each in frames.values()),
        text=list(texts),
        label=target,
        kind=kind,
        classes=[ClassCount(label=name, count=count) for name, count in counts.most_common(MOST_CLASSES)],
        class_total=len(counts),
        lengths=_lengths(frame, texts),
        samples=_samples(frame, texts),
        warnings=[*warnings, *found],
        splits={split: len(each) for split, each in frames.items()},
    )


def _roles(
    frame: pd.DataFrame, text: Sequence[str] | None, label: str | None, *, need: int
) -> tuple[tuple[str, ...], str | None, str, list[str]]:
    """Text columns, target, kind of task, and what a search would say against them.

    A class needs `need` rows: one for the training data and one for each split that will be cut from it.
    """
    try:
        check.check_rows(frame, "training")
        texts, target = detect_columns(frame, text=text or None, label=label)
    except TaskError as error:
        known = set(frame.columns) if frame.columns.is_unique else set()
        given = tuple(name for name in text or () if name in known)
        return given, label if label in known else None, "unknown", [str(error)]
    kind = detect_kind(frame, texts, target)
    if kind != "classification":
        return texts, target, kind, [_ANSWERS[kind].format(target)]
    return texts, target, kind, _complaints(frame, texts, target, need)


def _complaints(frame: pd.DataFrame, texts: Sequence[str], target: str, need: int) -> list[str]:
    """What the checks of a search would refuse, and what they would note."""
    try:
        check.check_texts(frame, texts, "training")
        names = check.check_labels(frame, target, "training")
        keys = check.text_keys(frame, texts)
        different = set(zip(keys, names, strict=True))
        check.check_classes([name for _, name in different], need)
    except TaskError as error:
        return [str(error)]
    repeated = len(names) - len(different)
    conflicts = check.count_conflicts(keys, names)
    notes = [f"{repeated} rows repeat an earlier row."] if repeated else []
    return [*notes, *([f"{conflicts} texts carry more than one label."] if conflicts else [])]


def _class_counts(frame: pd.DataFrame, target: str | None) -> Counter[str]:
    if target is None:
        return Counter()
    known = frame[target].dropna().map(str).value_counts()
    return Counter({str(name): int(count) for name, count in known.items()})


def _lengths(frame: pd.DataFrame, texts: Sequence[str]) -> Histogram:
    """Words of all text columns together."""
    rows = frame if len(frame) <= LENGTH_ROWS else frame.iloc[:: len(frame) // LENGTH_ROWS]
    words = np.zeros(len(rows))
    for column in texts:
        words += rows[column].map(lambda text: len(text.split()) if isinstance(text, str) else 0).to_numpy(dtype=float)
    if not texts or not len(rows):
        return Histogram(edges=[], counts=[], unit="words")
    low, top = words.min(), max(np.quantile(words, _TAIL), words.min())
    edges = np.unique(np.floor(np.linspace(low, top + 1, BINS + 1)))
    counts, _ = np.histogram(np.minimum(words, top), bins=edges)
    return Histogram(edges=edges.tolist(), counts=[int(count) for count in counts], unit="words")


def _samples(frame: pd.DataFrame, texts: Sequence[str]) -> list[list[str]]:
    rows: Mapping[str, Sequence[object]] = {column: list(frame[column].head(MOST_SAMPLES)) for column in texts}
    return [[str(value)[:SAMPLE_LENGTH] for value in row] for row in zip(*rows.values(), strict=True)]
