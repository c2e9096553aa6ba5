"""What could be done next, with numbers: one option per paused trial and one per new candidate."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.stats import norm

from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.acquisition import Option
from xautolm_nb.optimize.candidates import FROM_STORE, pool
from xautolm_nb.optimize.features import Point, locate
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.optimize.knowledge import Knowledge
from xautolm_nb.optimize.pace import added_seconds, load_seconds, seconds_of
from xautolm_nb.optimize.targets import inputs_of
from xautolm_nb.space import SearchSpace

INCUMBENTS = 4
"""Best trials whose neighbourhood is searched."""
_OWN_PACE_SD = 0.05  # of log seconds, once a trial has been under way
_RAN_BEFORE = 0.97  # a paused trial has passed its memory test and came to a score


def thaws(known: Knowledge, rungs: Sequence[float], timeout: float | None) -> list[Option]:
    """One option for each paused trial: its next rung."""
    points = {case.number: case.point for case in known.cases}
    paused = [t for t in known.trials if t.state is TrialState.PAUSED and t.number in points and t.fidelity < 1]
    return _options(known, [points[trial.number] for trial in paused], paused, rungs, timeout)


def starts(
    known: Knowledge, space: SearchSpace, rng: np.random.Generator, rungs: Sequence[float], timeout: float | None
) -> list[Option]:
    """One option for each new candidate: the first rung of a new trial."""
    points = _untried(known, space) if space.only else _candidates(known, space, rng)
    return _options(known, points, [None] * len(points), rungs, timeout)


def _candidates(known: Knowledge, space: SearchSpace, rng: np.random.Generator) -> list[Point]:
    ranked = sorted((case for case in known.cases if case.curve), key=lambda case: -case.curve[-1][1])
    configs = pool(
        space,
        known.context,
        rng,
        incumbents=[case.point.config for case in ranked[:INCUMBENTS]],
        stored=known.prior.best(FROM_STORE),
        known=known.tried,
    )
    return [point for config in configs if (point := locate(config, space, known.context)) is not None]


def _untried(known: Knowledge, space: SearchSpace) -> list[Point]:
    """All of a list that was not tried."""
    listed = _listed(ByIdentity((space, known.context)))
    tried = known.tried
    return [point for key, point in listed if key not in tried]


@lru_cache(maxsize=4)
def _listed(key: ByIdentity) -> list[tuple[str, Point]]:
    """Configurations of a list with their keys, described once."""
    space, context = key.items
    found = ((config_key(config), locate(config, space, context)) for config in space.only)
    return [(name, point) for name, point in dict(found).items() if point is not None]


def _options(
    known: Knowledge,
    points: Sequence[Point],
    trials: Sequence[Trial | None],
    rungs: Sequence[float],
    timeout: float | None,
) -> list[Option]:
    """Judge points by the models; those that cannot succeed are dropped."""
    if not points:
        return []
    trust = 0.0 if known.leaves_store_aside else None
    mean, sd = _finals(known, points, trials, trust)
    success = known.feasibility.success(points, trust=trust) * known.cost.within(points, timeout)
    pace, pace_sd = known.cost.log_seconds(points)
    belief = np.stack([mean, sd, success, np.exp(pace), pace_sd], axis=1)
    options = [
        _option(known, point, trial, belief[i].tolist(), rungs)
        for i, (point, trial) in enumerate(zip(points, trials, strict=True))
    ]
    return [option for option in options if option.success > 0]


def _finals(
    known: Knowledge, points: Sequence[Point], trials: Sequence[Trial | None], trust: float | None
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Mean and standard deviation of final responses: of a run with a score its own end, else what is expected."""
    mean, sd = known.experts.predict(inputs_of(points), trust=trust)
    places = {case.number: place for place, case in enumerate(known.experts.own.cases)}
    begun = [(i, places[trial.number]) for i, trial in enumerate(trials) if trial and trial.number in places]
    if begun:
        here, there = map(list, zip(*begun, strict=True))
        ends = known.experts.ends(trust=trust)
        mean[here], sd[here] = ends[0][there], ends[1][there]
    return mean, sd


def _option(
    known: Knowledge,
    point: Point,
    trial: Trial | None,
    belief: Sequence[float],
    rungs: Sequence[float],
) -> Option:
    """Put numbers to one option; a paused trial is judged by its own pace."""
    mean, sd, success, seconds, pace_sd = belief
    if trial is not None and not known.prior.ranked:
        mean, sd = above(mean, sd, known.best_seen(trial.number))
    done = trial.fidelity if trial is not None else 0.0
    full = seconds_of(trial, point, seconds) if trial is not None else seconds
    load = load_seconds(point, known.trials)
    target = next((look for look in point.physics.looks(rungs) if look > done + 1e-9), 1.0)
    return Option(
        point=point,
        thaw=trial,
        fidelity=target,
        added=added_seconds(full, load, point.physics, done, target),
        finish=added_seconds(full, load, point.physics, done, 1.0),
        full=full,
        mean=mean,
        sd=sd,
        success=success if trial is None else max(success, _RAN_BEFORE),
        pace_sd=pace_sd if trial is None else _OWN_PACE_SD,
    )


def above(mean: float, sd: float, floor: float) -> tuple[float, float]:
    """Mean and standard deviation of a Gaussian that is known to lie above a floor: a run keeps its best score.

    With a = (floor - mean) / sd and h the hazard of the standard normal at a, they are mean + sd h and
    sd sqrt(1 + a h - h^2).
    """
    a = (floor - mean) / sd
    if a < -8.0:
        return mean, sd
    h = float(np.exp(norm.logpdf(a) - norm.logsf(a)))
    return max(mean + sd * h, floor), sd * math.sqrt(max(1.0 + a * h - h * h, 1e-4))
