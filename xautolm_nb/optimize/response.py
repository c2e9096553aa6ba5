"""Scores made comparable across tasks.

A metric between 0 and 1 counts as *skill*: what a score gains over always predicting the largest class, 1 at a perfect
score. Skills are divided by the best skill seen on their task, so that 1 means "as good as it gets there" on every task
(in our replay study this and raw skill tied; ranks lost, since the first trial of a target always ranks best).

A metric without ends (a loss, BLEU) has no such scale: there a response is the normal score of the rank among what was
seen on the task, in the units of the skills. Losses are taken as logarithms first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from xautolm_nb.core.context import Context
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint

PRIOR_MEAN = 0.35
"""Response expected before anything is known: a third of what the task's best reaches."""
SPREAD = 0.4
"""Standard deviation of responses that all priors are written for."""
BOUNDED = frozenset({"f1", "accuracy", "exact_match", "drop_f1", "drop_exact_match", "rouge_l"})
"""Metrics between 0 and 1."""
_CLASSES, _LARGEST_SHARE = 1, 4  # places in the paper's vector for classification (XAutoLM 3.1)
_LEAST_LOSS = 1e-6
_WORST = -100.0  # in place of a number that is none


@dataclass(frozen=True)
class ByBest:
    """Skills as shares of the best skill."""

    best: float
    centre: ClassVar[float] = PRIOR_MEAN
    """Response expected before anything is known."""

    def response(self, skill: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Responses of skills."""
        return np.asarray(skill) / self.best

    def skill(self, response: float) -> float:
        """The skill of a response, at most 1."""
        return min(response * self.best, 1.0)


@dataclass(frozen=True, eq=False)
class ByRank:
    """Normal scores of ranks among the skills seen; beyond the ends it goes on straight."""

    seen: tuple[float, ...]
    centre: float = PRIOR_MEAN
    """Response of the middle rank: what is expected before anything is known."""

    @cached_property
    def _knots(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Distinct skills, rising, and the normal scores of their mean ranks; two at least."""
        values = np.sort(np.asarray(self.seen))
        places = (np.arange(len(values)) + 0.5) / max(len(values), 1)
        skills = np.unique(values)
        scores = np.array([np.mean(ndtri(places[values == value])) for value in skills])
        if len(skills) >= 2:
            return skills, scores
        only = float(skills[0]) if len(skills) else 0.0
        return np.array([only - 1.0, only]), np.array([-1.0, 0.0])

    def response(self, skill: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Responses of skills."""
        x, z = self._knots
        value = np.interp(skill, x, z)
        value = np.where(skill > x[-1], z[-1] + (skill - x[-1]) * _slope(x, z, last=True), value)
        value = np.where(skill < x[0], z[0] - (x[0] - skill) * _slope(x, z, last=False), value)
        return np.asarray(self.centre + SPREAD * value)

    def skill(self, response: float) -> float:
        """The skill of a response, not far beyond what was seen."""
        x, z = self._knots
        wanted = (response - self.centre) / SPREAD
        beyond = min(max(0.0, wanted - z[-1]) / max(_slope(x, z, last=True), 1e-12), float(x[-1] - x[0]))
        return float(np.interp(wanted, z, x)) + beyond


Scale: TypeAlias = ByBest | ByRank
"""Turns skills of one task into responses and back."""


def _slope(x: Float[np.ndarray, " k"], z: Float[np.ndarray, " k"], *, last: bool) -> float:
    """Normal scores per skill at one end: over the outer fifth, so that one near tie makes no cliff."""
    step = max(1, len(x) // 5)
    one, two = (-1 - step, -1) if last else (0, step)
    return float((z[two] - z[one]) / max(x[two] - x[one], 1e-12))


def is_bounded(metric: Metric) -> bool:
    """Whether scores of the metric lie between 0 and 1, more being better."""
    return metric.maximize and metric.name in BOUNDED


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
    """Gain over the constant predictor as a share of the possible gain, at least -1.

    For a metric without ends it is the score, or minus the logarithm of a loss.
    """
    if not math.isfinite(score):
        return -1.0 if is_bounded(metric) else _WORST
    if not metric.maximize:
        return -math.log(max(score, _LEAST_LOSS))
    if not is_bounded(metric):
        return score
    constant = min(constant_score(metric, context), 0.99)
    return max(-1.0, (score - constant) / (1.0 - constant))


def to_score(value: float, metric: Metric, context: Context) -> float:
    """Turn a skill back into a score in the metric's own unit."""
    if not metric.maximize:
        return math.exp(-value)
    if not is_bounded(metric):
        return value
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


def best_of(values: Sequence[float], *, floor: float, hope: float = 0.0) -> float:
    """What the skills of a task are divided by: the best of them, at least `floor`.

    With `hope` the best is taken to be beatable by that share after the first value, by less and less after more, so
    that a search does not take its first good trial for the ceiling.
    """
    best = max([0.0, *values])
    beatable = best * (1.0 + hope / (1.0 + len(values) / 3.0))
    return max(floor, min(beatable, max(best, 1.0)))
