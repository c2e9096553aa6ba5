"""Experience records of the original XAutoLM (AutoGOAL) become experiences.

The layout is the one of XAutoLM's experience store (section 4 of our description): one JSON file per log entry below
`<alias>/<date>/`, with scores as a list, as a mapping, or as top-level numbers. Failed classification trials were
logged twice, once with the error and once with infinitely bad scores; the two become one failed trial.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import numpy as np

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import CurvePoint
from xautolm_nb.store.causes import as_failure
from xautolm_nb.store.limits import checked
from xautolm_nb.store.records import SPACE, Record, read_files, read_record, task_of

PAIR_SECONDS: Final = 3.0
"""The two entries of one failed trial lie at most so far apart (measured: 0 to 2 s)."""

OnError = Literal["raise", "skip"]


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A record that was left out."""

    where: str
    """File or row."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class AutogoalSummary:
    """What an import of original records found."""

    records: int
    """Log entries that could be read."""
    trials: int
    merged: int
    """Failed trials that had been logged twice."""
    succeeded: int
    by_task: Mapping[str, int] = field(default_factory=dict)
    by_failure: Mapping[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


def read_autogoal(
    where: str | Path, *, model_ids: Mapping[str, str] | None = None, on_error: OnError = "raise"
) -> list[Experience]:
    """Read original records as experiences, one per trial, in order of time.

    Args:
        where: A record, or a folder of them at any depth.
        model_ids: Hugging Face ids by class name (`WORD_EMB_Roberta_Base`); an unknown class keeps its name without
            the prefix.
        on_error: Whether a file that is not a record raises, or is left out.

    Returns:
        Experiences of space `xautolm-original/1`: parameters keep their original names, with `method_class` and
        `model` beside them; `seconds` is the evaluation time of one split.

    Raises:
        StoreError: There is nothing to read, or a file is not a record; the message names it.
    """
    return summarize_autogoal(where, model_ids=model_ids, on_error=on_error)[0]


def summarize_autogoal(
    where: str | Path, *, model_ids: Mapping[str, str] | None = None, on_error: OnError = "raise"
) -> tuple[list[Experience], AutogoalSummary]:
    """Read original records as `read_autogoal` does, and say what was found, merged and left out."""
    records, skipped = _read_all(Path(where), model_ids or {}, on_error)
    pairs = merge_pairs(records)
    experiences: list[Experience] = []
    for first, second in pairs:
        try:
            experiences.append(checked(_experience(first, second)))
        except ValueError as error:
            skipped.append(_refuse(first.name, error, on_error))
    experiences.sort(key=lambda experience: (experience.created_at, experience.task_name))
    failures = Counter(experience.failure.kind.value for experience in experiences if experience.failure)
    return experiences, AutogoalSummary(
        records=len(records),
        trials=len(experiences),
        merged=sum(second is not None for _, second in pairs),
        succeeded=sum(experience.succeeded for experience in experiences),
        by_task=dict(Counter(experience.task_name for experience in experiences)),
        by_failure=dict(failures.most_common()),
        skipped=tuple(skipped),
    )


def _read_all(where: Path, model_ids: Mapping[str, str], on_error: OnError) -> tuple[list[Record], list[Skipped]]:
    records: list[Record] = []
    skipped: list[Skipped] = []
    for name, content in read_files(where):
        try:
            records.append(read_record(name, content, model_ids))
        except ValueError as error:
            skipped.append(_refuse(name, error, on_error))
    if not records and not skipped:
        raise StoreError(f"Expected AutoGOAL records (.json) at {where}, but found none.", hint="Check the path.")
    return records, skipped


def _refuse(name: str, error: ValueError, on_error: OnError) -> Skipped:
    if on_error == "raise":
        raise StoreError(
            f"Expected an AutoGOAL record in {name}, but {error}.",
            hint="Leave such files out with on_error='skip' (--on-error skip).",
        ) from error
    return Skipped(where=name, reason=str(error))


def merge_pairs(records: Sequence[Record]) -> list[tuple[Record, Record | None]]:
    """Pair the two entries of each failed trial (XAutoLM, section 4.3).

    Entries of one alias with identical algorithms at most three seconds apart belong together when one carries the
    error text and the other the infinite scores; each entry is used once. The entry with the text comes first.
    """
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record.when, record.name)):
        groups[record.alias, record.algorithms].append(record)
    merged: list[tuple[Record, Record | None]] = []
    for group in groups.values():
        blank = [record for record in group if not record.error and not record.is_scored]
        for record in group:
            if record.error:
                merged.append((record, _take_nearest(record, blank)))
            elif record.is_scored:
                merged.append((record, None))
        merged += [(record, None) for record in blank]
    return merged


def _take_nearest(record: Record, blank: list[Record]) -> Record | None:
    near = [other for other in blank if abs(other.when - record.when) <= timedelta(seconds=PAIR_SECONDS)]
    if not near:
        return None
    partner = min(near, key=lambda other: abs(other.when - record.when))
    blank.remove(partner)
    return partner


def _experience(record: Record, partner: Record | None) -> Experience:
    """Make one experience; neither its study nor its id depend on what else is read, so imports can be repeated."""
    scored = partner or record
    when = min(record.when, partner.when) if partner else record.when
    failed = bool(record.error) or not record.is_scored
    score = None if failed else record.score
    curve: tuple[CurvePoint, ...] = ()
    if score is not None and record.seconds is not None:
        others = {name: value for name, value in record.values.items() if value is not None and name in record.goals}
        curve = (CurvePoint(fidelity=1.0, score=score, seconds=record.seconds, metrics=others),)
    return Experience(
        task_name=task_of(record.alias),
        metric=scored.metric,
        context=record.context,
        space=SPACE,
        config=record.config,
        fidelity=1.0,
        score=score,
        seconds=None if failed else record.seconds,
        curve=curve,
        failure=as_failure(record.error) if failed else None,
        created_at=when.isoformat(),
        source="autogoal",
        study=record.alias,
    )


@dataclass(frozen=True, kw_only=True)
class Aggregates:
    """The figures XAutoLM publishes for an alias: over log entries, so a failed trial counts twice."""

    records: int
    errors: int
    max_f1: float
    mean_f1: float
    """Of finite scores."""
    min_seconds: float
    mean_seconds: float


def published_aggregates(where: str | Path, alias: str) -> Aggregates:
    """Compute the published figures of one alias from the raw records, entries counted as the original does.

    Raises:
        StoreError: There is no scored record of that alias.
    """
    records = [record for record in _read_all(Path(where), {}, "raise")[0] if record.alias == alias]
    scored = [(record.score, record.seconds) for record in records if record.is_scored]
    if not scored:
        raise StoreError(f"Expected scored records of alias {alias!r} at {where}, but found none.")
    f1, seconds = np.array(scored, dtype=float).T.copy()
    return Aggregates(
        records=len(records),
        errors=len(records) - len(scored),
        max_f1=float(f1.max()),
        mean_f1=float(f1.mean()),
        min_seconds=float(seconds.min()),
        mean_seconds=float(seconds.mean()),
    )
