"""Problems from tables of recorded trials with the columns of `xautolm_trials.parquet`.

The pool of a task is what was recorded of it; the other tasks are the store. A complete trial took twice its evaluation
seconds and 13 more (two splits; the gaps between neighbouring records say so to a second), a failed one the time since
the record before it, at most 5,412 s.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.problem import Problem
from xautolm_nb.core.config import Config, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import from_json
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import FailureKind, Measures, Outcome, Trial
from xautolm_nb.space import MODEL_IDS, SearchSpace, original_space
from xautolm_nb.store.tables import read_table

CONTEXTS = Path(__file__).with_name("contexts.json")
"""Published meta-features of the known tasks, by name."""
SPLIT_LIMIT = 2700.0
"""Seconds a trial may take for one of its two splits."""
_LONGEST_FAILURE = 5412.0
F1 = Metric(name="f1")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One recorded trial: what it was, and the seconds it cost whoever ran it."""

    experience: Experience
    wall: float

    @property
    def config(self) -> Config:
        """In the names of the original space."""
        return self.experience.config


def read_trials(path: str | Path, contexts: str | Path = CONTEXTS) -> dict[str, list[Record]]:
    """Read a table of recorded trials, by task, in the order they were run.

    A task whose meta-features are not in `contexts` is given those of a middling known task.
    """
    known = read_contexts(contexts)
    experiences, _ = read_table(path, contexts=_Known(known), model_ids=MODEL_IDS)
    by_task: dict[str, list[Experience]] = {}
    for experience in experiences:
        by_task.setdefault(experience.task_name, []).append(experience)
    return {task: _timed(records) for task, records in sorted(by_task.items())}


def read_contexts(path: str | Path) -> dict[str, Context]:
    """Read contexts by task name."""
    entries = json.loads(Path(path).read_text())
    return {name: from_json(json.dumps(entry), Context) for name, entry in entries.items()}


class _Known(dict[str, Context]):
    """Contexts by name; an unknown task has the one of middling size."""

    def __missing__(self, name: str) -> Context:
        ordered = sorted(self.values(), key=lambda context: context.task.paper[0])
        middling = ordered[len(ordered) // 2]
        print(f"no meta-features of task {name!r}: those of a middling known task are taken")
        # Not the same task: a row more tells them apart.
        paper = (middling.task.paper[0] + 1 + len(self), *middling.task.paper[1:])
        self[name] = replace(middling, task=replace(middling.task, paper=paper))
        return self[name]

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Context | None = None) -> Context | None:  # type: ignore[override]
        return self[name]


def pool_problem(
    records: Sequence[Record],
    *,
    experiences: Sequence[Experience] = (),
    space: SearchSpace | None = None,
) -> Problem:
    """A search over recorded trials of one task."""
    by_key = {config_key(record.config): record for record in records}
    base = space or original_space()

    def run(trial: Trial, fidelity: float) -> Outcome:
        record = by_key[config_key(trial.config)].experience
        seconds = record.seconds if record.seconds is not None else _failed_seconds(by_key[config_key(trial.config)])
        return Outcome(
            fidelity=1.0 if record.failure is None else 0.0,
            curve=record.curve,
            measures=Measures(seconds_train=seconds),
            failure=record.failure,
        )

    return Problem(
        name=records[0].experience.task_name,
        context=records[0].experience.context,
        space=replace(base, only=tuple(record.config for record in by_key.values())),
        metric=F1,
        run=run,
        wall=lambda trial: by_key[config_key(trial.config)].wall if trial.seconds else 0.0,
        experiences=tuple(experiences),
        timeout=SPLIT_LIMIT,
    )


def carries_over(record: Record) -> bool:
    """Whether another code base would see the same end: success, or a failure that is about the configuration."""
    failure = record.experience.failure
    return failure is None or failure.kind in (FailureKind.OUT_OF_MEMORY, FailureKind.TIMEOUT, FailureKind.HOST_MEMORY)


def draw(records: Sequence[Record], share: float, rng: np.random.Generator) -> list[Record]:
    """A random share of records, in their order."""
    kept = sorted(rng.permutation(len(records))[: round(share * len(records))])
    return [records[i] for i in kept]


def _failed_seconds(record: Record) -> float:
    failure = record.experience.failure
    if failure is not None and failure.kind is FailureKind.TIMEOUT:
        return SPLIT_LIMIT
    return max(record.wall, 1.0)


def _timed(experiences: Sequence[Experience]) -> list[Record]:
    ordered = sorted(experiences, key=lambda record: record.created_at)
    gaps: list[float | None] = [None]
    for before, after in pairwise(ordered):
        gaps.append((_when(after) - _when(before)).total_seconds())
    usual = float(np.median([gap for gap in gaps if gap is not None] or [60.0]))
    return [_record(record, gap if gap is not None else usual) for record, gap in zip(ordered, gaps, strict=True)]


def _record(experience: Experience, gap: float) -> Record:
    if experience.failure is None and experience.seconds is not None:
        return Record(experience=experience, wall=2.0 * experience.seconds + 13.0)
    return Record(experience=experience, wall=max(1.0, min(gap, _LONGEST_FAILURE)))


def _when(experience: Experience) -> datetime:
    return datetime.fromisoformat(experience.created_at)


def known_contexts(experiences: Sequence[Experience]) -> Mapping[str, Context]:
    """Contexts by task name, as records bring them."""
    return {record.task_name: record.context for record in experiences}
