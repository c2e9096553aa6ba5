"""Scores made comparable across tasks.

A score counts as *skill*: what it gains over always predicting the largest class, 1 at a perfect score. Skills are
divided by the best skill seen on their task, so that 1 means "as good as it gets there" on every task (in our replay
study this and raw skill tied; ranks lost, since the first trial of a target always ranks best).
"""

import math
from collections.abc import Sequence

from xautolm_nb.core.context import Context
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint

_CLASSES, _LARGEST_SHARE = 1, 4  # places in the paper's vector for classification (XAutoLM 3.1)


def constant_score(metric: Metric, context: Context) -> float:
    """Score of always predicting the largest class; 0 where it is not known.

    Macro-F1 of the majority class among C classes with share p is 2p / (1 + p) / C.
    """
    task = context.task
    known = task.extra.get(f"constant_{metric.name}")
    if known is not None:
        return float(known)
    if task.kind != "classification" or len(task.paper) <= _LARGEST_SHARE or not metric.maximize:
        return 0.0
    share, classes = task.paper[_LARGEST_SHARE], max(task.paper[_CLASSES], 1.0)
    return {"f1": 2 * share / (1 + share) / classes, "accuracy": share}.get(metric.name, 0.0)


def skill(score: float, metric: Metric, context: Context) -> float:
    """Gain over the constant predictor as a share of the possible gain, at least -1; minus a score to minimise."""
    if not math.isfinite(score):
        return -1.0
    if not metric.maximize:
        return -score
    constant = min(constant_score(metric, context), 0.99)
    return max(-1.0, (score - constant) / (1.0 - constant))


def to_score(value: float, metric: Metric, context: Context) -> float:
    """Turn a skill back into a score in the metric's own unit."""
    if not metric.maximize:
        return -value
    constant = min(constant_score(metric, context), 0.99)
    return constant + value * (1.0 - constant)


def skills(curve: Sequence[CurvePoint], metric: Metric, context: Context) -> list[tuple[float, float]]:
    """The running best skill along a curve, as (fidelity, skill), by rising fidelity."""
    best = -math.inf
    points: list[tuple[float, float]] = []
    for point in sorted(curve, key=lambda point: point.fidelity):
        best = max(best, skill(point.score, metric, context))
        points.append((min(max(point.fidelity, 1e-3), 1.0), best))
    return points


def scale(values: Sequence[float], *, floor: float, hope: float = 0.0) -> float:
    """What the skills of a task are divided by: the best of them, at least `floor`.

    With `hope` the best is taken to be beatable by that share after the first value, by less and less after more, so
    that a search does not take its first good trial for the ceiling.
    """
    best = max([0.0, *values])
    beatable = best * (1.0 + hope / (1.0 + len(values) / 3.0))
    return max(floor, min(beatable, max(best, 1.0)))
