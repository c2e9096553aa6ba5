"""Stores that mislead: what is made of honest experiences to see whether a search survives it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind

Alter = Callable[[Sequence[Experience], np.random.Generator], list[Experience]]
_MANY = 10_000


def _scored(records: Sequence[Experience]) -> list[int]:
    return [i for i, record in enumerate(records) if record.failure is None and record.score is not None]


def _with_score(record: Experience, score: float) -> Experience:
    """The record with another final score; its curve is moved as a whole."""
    if record.score is None:
        return record
    shift = score - record.score
    curve = tuple(replace(point, score=point.score + shift, metrics={}) for point in record.curve)
    return replace(record, score=score, curve=curve)


def inverted(records: Sequence[Experience], rng: np.random.Generator) -> list[Experience]:
    """Within each task the best score becomes the worst and so on; failures stay."""
    result = list(records)
    for task in {record.task_name for record in records}:
        places = [i for i in _scored(records) if records[i].task_name == task]
        scores = [records[i].score or 0.0 for i in places]
        low, high = min(scores, default=0.0), max(scores, default=0.0)
        for i in places:
            result[i] = _mirrored(records[i], low + high)
    return result


def _mirrored(record: Experience, total: float) -> Experience:
    curve = tuple(replace(point, score=total - point.score, metrics={}) for point in record.curve)
    return replace(record, score=total - (record.score or 0.0), curve=curve)


def swapped(records: Sequence[Experience], rng: np.random.Generator) -> list[Experience]:
    """Successes become memory errors, failures become successes with a score of some success."""
    scores = [records[i].score or 0.0 for i in _scored(records)]
    result = []
    for record in records:
        if record.failure is None:
            failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
            result.append(replace(record, score=None, seconds=None, curve=(), failure=failure))
        else:
            score = float(rng.choice(scores)) if scores else 0.5
            point = CurvePoint(fidelity=1.0, score=score, seconds=900.0)
            result.append(replace(record, score=score, seconds=900.0, curve=(point,), failure=None, fidelity=1.0))
    return result


def shuffled(records: Sequence[Experience], rng: np.random.Generator) -> list[Experience]:
    """Every configuration gets the outcome of another one of its task."""
    result: list[Experience] = list(records)
    for task in sorted({record.task_name for record in records}):
        places = [i for i, record in enumerate(records) if record.task_name == task]
        for i, j in zip(places, rng.permutation(places), strict=True):
            result[i] = replace(records[j], config=records[i].config)
    return result


def other_machine(records: Sequence[Experience], rng: np.random.Generator) -> list[Experience]:
    """As from a machine with a quarter of the GPU memory and an eighth of the speed: other errors, other times."""
    result = []
    for record in records:
        system = replace(
            record.context.system,
            gpu_memory_gib=record.context.system.gpu_memory_gib / 4,
            tflops=(record.context.system.tflops or 30.0) / 8,
            hostname_hash="another",
        )
        moved = replace(record, context=replace(record.context, system=system))
        if record.failure is None and rng.random() < 0.5:  # what fitted there does not fit here
            failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
            result.append(replace(moved, score=None, seconds=None, curve=(), failure=failure))
        elif record.seconds is not None:
            result.append(replace(moved, seconds=8 * record.seconds))
        else:
            result.append(moved)
    return result


def unrelated(records: Sequence[Experience], rng: np.random.Generator) -> list[Experience]:
    """Ten thousand records of one task that has nothing to do with this one: its scores are noise."""
    base = records[0].context
    context = replace(base, task=replace(base.task, paper=(500.0, 40.0, *base.task.paper[2:])))
    result = []
    for number in range(_MANY):
        record = records[int(rng.integers(len(records)))]
        score = float(rng.uniform(0.1, 0.9))
        point = CurvePoint(fidelity=1.0, score=score, seconds=600.0)
        result.append(
            replace(
                record,
                task_name="unrelated",
                context=context,
                score=score,
                seconds=600.0,
                curve=(point,),
                failure=None,
                fidelity=1.0,
                study="unrelated",
                trial=number,
            )
        )
    return result


STORES: dict[str, Alter] = {
    "honest": lambda records, rng: list(records),
    "inverted": inverted,
    "swapped": swapped,
    "shuffled": shuffled,
    "other_machine": other_machine,
    "empty": lambda records, rng: [],
    "one": lambda records, rng: [records[int(rng.integers(len(records)))]],
    "unrelated": unrelated,
}
"""Name to what it makes of honest records."""
