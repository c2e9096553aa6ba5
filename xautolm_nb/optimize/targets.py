"""What the score model is trained on: one response per configuration, with the variance of what is not finished.

Skills that have a scale are carried to the end of the run by how curves rise (`curves`). Skills without ends count by
rank, and ranks need no projection: two curves are compared at the furthest fidelity both have reached, the response is
the normal score of the share of comparisons a configuration won, and the variance says how far such a rank may move
until the end. On recorded curves the value at a rung picks the best final as well as any extrapolation does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.curves import Final, Pace, Rise, extrapolate, learn_pace, rises
from xautolm_nb.optimize.features import Point, matrix
from xautolm_nb.optimize.response import PRIOR_MEAN, SPREAD, ByBest, ByRank, Scale, best_of
from xautolm_nb.optimize.surrogate import Rows

_FLOORS = {True: 0.3, False: 0.2}  # smallest divisor of skills, on the target and in the store
_HOPE = 0.5  # the best of the first few trials is seldom the best there is: how much better it may get
_FAITH = 3.0  # trials that the best skill of tasks like this one counts for
_RANK_NOISE = 0.15
"""Deviation of a rank's normal score per doubling that is still to come."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Responses:
    """Cases with a score as training rows, and what turns responses back into skills."""

    cases: tuple[Case, ...]
    rows: Rows
    seen: Float[np.ndarray, " n"]
    """Response of each case as far as it was run."""
    scale: Scale
    """Turns skills of the task at hand into responses and back."""

    def moved(self, by: float) -> "Responses":
        """All of them higher by the same; for ranks, which tell an order and no level."""
        if not isinstance(self.scale, ByRank):
            raise TypeError("skills have a level of their own")
        scale = replace(self.scale, centre=self.scale.centre + by)
        return replace(self, rows=replace(self.rows, y=self.rows.y + by), seen=self.seen + by, scale=scale)


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """Responses of the cases of one task."""

    mean: Float[np.ndarray, " n"]
    variance: Float[np.ndarray, " n"]
    seen: Float[np.ndarray, " n"]
    scale: Scale


def responses(
    cases: Sequence[Case], *, others: Sequence[Rise] = (), usual: float = 0.0, ranked: bool = False
) -> Responses:
    """Make training rows of the cases with a curve.

    Args:
        cases: Own or stored cases.
        others: How curves rise on other tasks.
        usual: Best skill of tasks like the one at hand; 0 where nothing is known.
        ranked: Whether skills have no ends and count by their rank.
    """
    scored = tuple(case for case in cases if case.curve)
    mean, variance, seen = np.zeros(len(scored)), np.zeros(len(scored)), np.zeros(len(scored))
    pace = learn_pace(rises_of(scored), others)
    own: Scale = ByRank(()) if ranked else ByBest(max(_FLOORS[True], usual))
    for task, places in _by_task(scored).items():
        group = [scored[i] for i in places]
        found = by_rank(group) if ranked else by_skill(group, pace, own=task == 0, usual=usual)
        mean[places], variance[places], seen[places] = found.mean, found.variance, found.seen
        own = found.scale if task == 0 else own
    rows = Rows(
        x=inputs_of([case.point for case in scored], [case.task for case in scored]),
        y=mean,
        variance=variance,
        weight=np.array([case.weight for case in scored], dtype=np.float64),
        travel=all(case.point.vector is case.point.traits for case in scored),
    )
    return Responses(cases=scored, rows=rows, seen=seen, scale=own)


def by_skill(group: Sequence[Case], pace: Pace, *, own: bool, usual: float = 0.0) -> Targets:
    """Projected final skills as shares of the best of the task; of the own task's best little is known at first."""
    last = np.array([case.curve[-1][1] for case in group])
    spread = _spread(last)
    ends = [_end(case, pace, spread) for case in group]
    best = best_of([end.mean for end in ends], floor=_FLOORS[own], hope=_HOPE if own else 0.0)
    if own:
        best = max(best, (len(group) * best + _FAITH * usual) / (len(group) + _FAITH))
    scale = ByBest(best)
    variance = np.array([end.variance for end in ends]) / best**2
    return Targets(
        mean=scale.response(np.array([end.mean for end in ends])),
        variance=variance,
        seen=scale.response(last),
        scale=scale,
    )


def by_rank(group: Sequence[Case]) -> Targets:
    """Normal scores of the share of comparisons won, each at the furthest fidelity both have reached."""
    reached = np.array([case.curve[-1][0] for case in group])
    won = wins([case.curve for case in group])
    mean = PRIOR_MEAN + SPREAD * ndtri((won + 0.5) / len(group))
    left = np.log2(1.0 / np.minimum(reached, 1.0))
    variance = np.square(SPREAD * _RANK_NOISE * left)
    scale = ByRank(tuple(case.curve[-1][1] for case in group))
    return Targets(mean=mean, variance=variance, seen=mean, scale=scale)


def wins(curves: Sequence[Sequence[tuple[float, float]]]) -> Float[np.ndarray, " n"]:
    """Comparisons each curve won against the others, ties counting half."""
    reached = np.array([curve[-1][0] for curve in curves])
    total = np.zeros(len(curves))
    for fidelity in np.unique(reached):
        there = reached >= fidelity - 1e-9
        values = np.array([_value_at(curve, float(fidelity)) for curve in curves])
        # Every pair whose nearer end is this fidelity is decided here.
        pairs = there[:, None] & there[None, :] & (np.minimum(reached[:, None], reached[None, :]) <= fidelity + 1e-9)
        better = 0.5 * (1.0 + (values[:, None] > values[None, :]) - (values[:, None] < values[None, :]))
        total += np.where(pairs, better, 0.0).sum(1)
    return total - 0.5  # each tied with itself


def rises_of(cases: Sequence[Case]) -> list[Rise]:
    """How the curves of cases rise."""
    return [rise for case in cases if case.curve for rise in rises(case.curve)]


def inputs_of(points: Sequence[Point], tasks: Sequence[int] | None = None) -> Float[np.ndarray, "n e"]:
    """Feature vectors with the task number in the last column; the task at hand is 0."""
    numbers = np.zeros(len(points)) if tasks is None else np.array(tasks, dtype=np.float64)
    return np.concatenate([matrix(points), numbers.reshape(len(points), 1)], axis=1)


def _by_task(cases: Sequence[Case]) -> Mapping[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(case.task, []).append(place)
    return groups


def _value_at(curve: Sequence[tuple[float, float]], fidelity: float) -> float:
    """Best skill up to a fidelity; minus infinity before the first validation."""
    return max((value for at, value in curve if at <= fidelity + 1e-9), default=-math.inf)


def _end(case: Case, pace: Pace, spread: float) -> Final:
    """Projected end of a curve; a failed run is taken at what it reached, as it will never go on."""
    if case.failure is not None:
        return Final(mean=case.curve[-1][1], variance=(0.25 * spread) ** 2)
    return extrapolate(case.curve, pace=pace, spread=spread)


def _spread(values: Float[np.ndarray, " n"]) -> float:
    """Standard deviation of final skills, held between .1 and .4 and at .2 while there are few."""
    return float(np.clip((np.std(values) * len(values) + 0.2 * 3) / (len(values) + 3), 0.1, 0.4))
