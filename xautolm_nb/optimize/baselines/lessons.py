"""What the original's warm start makes of experiences: signed learning rates, one per record (XAutoLM 5.2 to 5.6).

k: experiences, f: meta-features of a task and a machine together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.baselines.distribution import Distribution
from xautolm_nb.optimize.baselines.fitting import in_names_of
from xautolm_nb.optimize.baselines.fronts import Point, non_dominated_fronts
from xautolm_nb.optimize.cases import latest_rungs

Vectors = NDArray[np.float64]

_SMALL = 1e-8
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """An experience as the sampling model takes it: towards its configuration, or away from it."""

    config: Config
    alpha: float


def comparable(context: Context, experiences: Sequence[Experience], *, doubled: bool = False) -> list[Experience]:
    """The last record of each trial of tasks of the same kind; with `doubled` failures stand twice.

    The original's logs hold each failure of classification twice (XAutoLM 4.3).
    """
    width = len(vector(context))
    last = [record for record, _ in latest_rungs(experiences, [1.0] * len(experiences))]
    kept = [r for r in last if r.context.task.kind == context.task.kind and len(vector(r.context)) == width]
    return [record for record in kept for _ in range(2 if doubled and record.failure is not None else 1)]


def vector(context: Context) -> Vectors:
    """Meta-features of task and machine in the paper's order, shape `(f,)`; unknown ones are 0."""
    return np.nan_to_num(np.array([*context.task.paper, *context.system.paper], dtype=np.float64))


def objectives(record: Experience) -> Point | None:
    """Gain and seconds of a success; None for a negative experience (XAutoLM 4.4, threshold 0)."""
    seconds = record.seconds if record.seconds is not None else record.measures.seconds or math.inf
    if record.failure is not None or record.score is None:
        return None
    if not (math.isfinite(record.score) and math.isfinite(seconds)):
        return None
    return (record.score if record.metric.maximize else -record.score, seconds)


def standard_scores(rows: Vectors) -> Vectors:
    """Each column minus its mean, over its population deviation plus 1e-8 (XAutoLM 5.2)."""
    return np.asarray((rows - rows.mean(axis=0)) / (rows.std(axis=0) + _SMALL))


def min_max(rows: Vectors) -> Vectors:
    """Each column from its least (0) to its largest value (1); all equal gives 0.5 (XAutoLM 5.2)."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    return np.asarray((rows - low + _SMALL) / (high - low + 2 * _SMALL))


def euclidean(target: Vectors, rows: Vectors) -> Vectors:
    """Distance of each row, shape `(k, f)`, from the target."""
    return np.asarray(np.linalg.norm(rows - target, axis=1))


def cosine(target: Vectors, rows: Vectors) -> Vectors:
    """1 minus the cosine of each row, shape `(k, f)`, with the target; 1 where one of them is all 0."""
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(target)
    return np.asarray(1.0 - np.divide(rows @ target, norms, out=np.zeros(len(rows)), where=norms > 0))


def kernel(distances: Vectors, beta_scale: float) -> Vectors:
    """`exp(-beta d)` with `beta = beta_scale / (mean + max(deviation, 1e-6))` over all distances (XAutoLM 5.4)."""
    if not len(distances):
        return distances
    beta = beta_scale / (distances.mean() + max(distances.std(), _LEAST_DEVIATION))
    return np.asarray(np.exp(-beta * distances))


def weighted_sum(points: Sequence[Point], tasks: Sequence[str]) -> list[float]:
    """Half the gain and half the shortness, each scaled to [0, 1] within its task; a constant counts 0.5."""
    utilities = [0.0] * len(points)
    for task in dict.fromkeys(tasks):
        places = [i for i, own in enumerate(tasks) if own == task]
        gains = _scaled([points[i][0] for i in places])
        shortness = _scaled([-points[i][1] for i in places])
        for place, gain, short in zip(places, gains, shortness, strict=True):
            utilities[place] = 0.5 * gain + 0.5 * short
    return utilities


def linear_front(points: Sequence[Point]) -> list[float]:
    """`(L - i) / L` for the front i = 0, 1, ... of L, over all tasks pooled (XAutoLM 5.5)."""
    fronts = non_dominated_fronts(points)
    return _by_front(fronts, [(len(fronts) - i) / len(fronts) for i in range(len(fronts))])


def logarithmic_front(points: Sequence[Point]) -> list[float]:
    """`ln(L - i + 1) / ln(L + 1)` for the front i = 0, 1, ... of L, over all tasks pooled (XAutoLM 5.5)."""
    fronts = non_dominated_fronts(points)
    count = len(fronts)
    return _by_front(fronts, [math.log(count - i + 1) / math.log(count + 1) for i in range(count)])


def lessons(model: Distribution, records: Sequence[Experience], alphas: Sequence[float]) -> list[Lesson]:
    """Records with their rates, from the largest rate to the smallest (XAutoLM 5.7)."""
    found = [
        Lesson(config=in_names_of(model.space, record), alpha=float(alpha))
        for record, alpha in zip(records, alphas, strict=True)
    ]
    return sorted(found, key=lambda lesson: -lesson.alpha)


def replayed(
    model: Distribution, taught: Sequence[Lesson], rng: np.random.Generator, *, mended: bool = False
) -> Distribution:
    """The model after each lesson in turn has moved it.

    As published, a value that the record lacks is drawn from the model and learned as if it had been recorded (XAutoLM
    11, W11). With `mended` it is left out, and every move ends inside its bounds (see `cells`).
    """
    for lesson in taught:
        config = lesson.config if mended else model.sample(rng, given=lesson.config)
        model = model.reinforce([config], lesson.alpha, mended=mended)
    return model


def _scaled(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]


def _by_front(fronts: Sequence[Sequence[int]], values: Sequence[float]) -> list[float]:
    by_place = {place: value for front, value in zip(fronts, values, strict=True) for place in front}
    return [by_place[place] for place in range(len(by_place))]
