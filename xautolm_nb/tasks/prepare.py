"""From data to a `Task`: load, detect, check, split, write."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import Split, Task, TaskKind
from xautolm_nb.tasks import check
from xautolm_nb.tasks.check import DataReport
from xautolm_nb.tasks.detect import detect_columns, detect_kind
from xautolm_nb.tasks.files import write_task
from xautolm_nb.tasks.load import Tables, load_tables
from xautolm_nb.tasks.metrics import METRICS, find_metric
from xautolm_nb.tasks.options import TaskOptions, check_options, wanted_kind, wanted_shares
from xautolm_nb.tasks.parts import Part, read_part
from xautolm_nb.tasks.splits import cap_rows, connect, cut_split


def prepare_task(data: Any, *, folder: Path, **options: Unpack[TaskOptions]) -> tuple[Task, DataReport]:
    """Make a checked, split task of `data` and write it to `folder`.

    Splits that the data has are kept as they are. The others are cut from the training rows, stratified by class,
    after rows that repeat another (text and target) have been left out; rows of one text, of one passage (the context
    that questions are asked about) or of one group stay together.
    Nothing is written unless everything is right.

    Args:
        data: What `load_tables` reads.
        folder: Where `train.parquet`, `validation.parquet`, `test.parquet` and `task.json` go; made if need be.
        **options: See `TaskOptions`.

    Returns:
        The task, and what was noticed about the data (also warned, as `TaskWarning`).

    Raises:
        TaskError: The data cannot be made into a task; the message says what was expected and what came.
        RequestError: An option has a value that does not exist.
    """
    check_options(options)
    tables = load_tables(data)
    frames, notes = _frames(tables, options)
    for split, frame in frames.items():
        check.check_rows(frame, split)
    text, label = detect_columns(frames["train"], text=options.get("text"), label=options.get("label"))
    kind = wanted_kind(options) or detect_kind(frames["train"], text, label)
    metric = find_metric(options.get("metric") or METRICS[kind][0], kind)
    notes += _drop_hidden(frames, label)
    parts = {
        split: read_part(frame, split, kind=kind, text=text, label=label, group=options.get("group"))
        for split, frame in frames.items()
    }
    parts, report = _split(parts, kind, options, notes)
    labels = check.sort_classes(parts["train"].names) if kind == "classification" else ()
    prepared = {split: _prepared(part, labels) for split, part in parts.items()}
    task = Task(
        name=options.get("name") or tables.name,
        kind=kind,
        text=text,
        label=label,
        metric=metric,
        labels=labels,
        rows={split: len(part) for split, part in parts.items()},
        folder=str(folder),
        fingerprint=_fingerprint(prepared, labels),
        seed=options.get("seed", 0),
    )
    write_task(task, prepared)
    check.warn(report.notes)
    return task, report


def _frames(tables: Tables, options: TaskOptions) -> tuple[dict[Split, pd.DataFrame], list[str]]:
    """Tables by split as far as the user gave them; a single table is the training data. And what to note."""
    frames: dict[Split, pd.DataFrame] = {}
    for split in get_args(Split):
        own = options.get(split)
        if split in tables.frames:
            frames[split] = tables.frames[split]
        if own is not None and not isinstance(own, int | float):
            frames[split] = _single(own, split)
        elif split == "test" and own is not None and not own:
            frames.pop(split, None)
    frames.setdefault("train", tables.frames.get("all", pd.DataFrame()))
    notes = [f"Splits that are none of train, validation, test were left out: {list(tables.ignored)}."]
    return {split: frame.rename(columns=str) for split, frame in frames.items()}, notes if tables.ignored else []


def _single(data: Any, split: str) -> pd.DataFrame:
    frames = load_tables(data).frames
    if set(frames) != {"all"}:
        raise TaskError(f"{split}= expects one table, but got the splits {sorted(frames)}.", hint="Pass one of them.")
    return frames["all"]


def _drop_hidden(frames: dict[Split, pd.DataFrame], label: str) -> list[str]:
    """Leave out given splits whose labels are hidden, as public benchmarks do with their test rows."""
    hidden: list[Split] = [
        split for split, frame in frames.items()
        if split != "train" and len(frame) and (label not in frame or frame[label].isna().all())
    ]  # fmt: skip
    for split in hidden:
        del frames[split]
    return [f"The {split} data has no labels and was left out; rows of the training data take its place."
            for split in hidden]  # fmt: skip


def _split(
    given: Mapping[Split, Part], kind: TaskKind, options: TaskOptions, notes: list[str]
) -> tuple[dict[Split, Part], DataReport]:
    """Cut the missing splits from the training rows, check what came out, and cap the training rows."""
    parts = dict(given)
    missing = {split: share for split, share in wanted_shares(options).items() if split not in parts}
    pool = _without_repeats(parts["train"]) if missing else parts["train"]
    removed = len(parts["train"]) - len(pool)
    has_classes = kind == "classification"
    if has_classes:
        check.check_classes(pool.names, 1 + len(missing))
    else:
        check.check_passages(pool.passages, 1 + len(missing))
    parts = _in_order({**parts, **_cut(pool, missing, options.get("seed", 0), has_classes=has_classes)})
    for split in parts if has_classes else ():
        check.check_unseen(parts["train"].names, parts[split].names, split)
    keys = [key for part in parts.values() for key in part.keys]
    names = [name for part in parts.values() for name in part.names]
    report = DataReport(
        duplicates_removed=removed,
        duplicates_across_splits=sum(check.count_shared(_passages(parts)).values()),
        conflicting_texts=check.count_conflicts(keys, names) if has_classes else 0,  # answers do vary
    )
    notes = [*notes, *_notes(report, parts)]
    whole = len(parts["train"])
    parts["train"] = _capped(parts["train"], options, has_classes=has_classes)
    return parts, replace(
        report,
        rows={split: len(part) for split, part in parts.items()},
        classes={split: dict(sorted(Counter(part.names).items())) for split, part in parts.items() if has_classes},
        capped_rows=whole - len(parts["train"]),
        notes=tuple(notes),
    )


def _cut(pool: Part, shares: Mapping[Split, float], seed: int, *, has_classes: bool) -> dict[Split, Part]:
    """Cut each share of `pool` in turn; what stays is the training data."""
    found: dict[Split, Part] = {}
    left, share_left = pool, 1.0
    for split, share in shares.items():
        classes = _strata(left, has_classes=has_classes)
        units = connect(left.passages, left.groups) if left.groups else connect(left.passages)
        stay, cut = cut_split(classes, units, share / share_left, seed=seed)
        found[split] = left.take(cut)
        left, share_left = left.take(stay), share_left - share
    return {**found, "train": left}


def _in_order(parts: Mapping[Split, Part]) -> dict[Split, Part]:
    return {split: parts[split] for split in get_args(Split) if split in parts}


def _without_repeats(part: Part) -> Part:
    first: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(part.keys, part.names, strict=True)):
        first.setdefault(pair, row)
    return part.take(np.array(list(first.values()), dtype=np.int64))


def _capped(part: Part, options: TaskOptions, *, has_classes: bool) -> Part:
    most = options.get("max_rows")
    if most is None or most >= len(part):
        return part
    return part.take(cap_rows(_strata(part, has_classes=has_classes), most, seed=options.get("seed", 0)))


def _strata(part: Part, *, has_classes: bool) -> NDArray[np.int64]:
    """What splits are stratified by: the class, or nothing."""
    if has_classes:
        return _indices(part.names, check.sort_classes(part.names))
    return np.zeros(len(part), dtype=np.int64)


def _passages(parts: Mapping[Split, Part]) -> dict[Split, list[str]]:
    return {split: part.passages for split, part in parts.items()}


def _notes(report: DataReport, parts: Mapping[Split, Part]) -> list[str]:
    notes = []
    if report.duplicates_removed:
        notes.append(f"{report.duplicates_removed} rows repeat an earlier row and were left out before the split.")
    for split, count in check.count_shared(_passages(parts)).items():
        notes.append(f"{count} of {len(parts[split])} {split} rows repeat a text of another split: its score flatters.")
    if report.conflicting_texts:
        notes.append(f"{report.conflicting_texts} texts carry more than one label.")
    for split, count in check.count_shared({split: part.groups for split, part in parts.items()}).items():
        notes.append(f"{count} of {len(parts[split])} {split} rows are of a group that another split has, too.")
    return notes


def _indices(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    index = {name: number for number, name in enumerate(labels)}
    return np.array([index[name] for name in names], dtype=np.int64)


def _prepared(part: Part, labels: Sequence[str]) -> pd.DataFrame:
    return part.table.assign(label=_indices(part.names, labels)) if labels else part.table


def _fingerprint(tables: Mapping[Split, pd.DataFrame], labels: Sequence[str]) -> str:
    rows = {split: table.to_dict("split", index=False)["data"] for split, table in tables.items()}
    return content_id({"labels": list(labels), "rows": rows})
