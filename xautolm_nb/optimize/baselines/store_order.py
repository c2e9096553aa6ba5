"""An order of configurations from the store: one surrogate per stored task on its ranks, averaged over the tasks."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.ensemble import RandomForestRegressor

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.baselines.fitting import in_names_of, listed_points
from xautolm_nb.optimize.baselines.fresh import random_new
from xautolm_nb.optimize.cases import latest_rungs
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.optimize.response import PRIOR_MEAN, SPREAD
from xautolm_nb.optimize.surrogate import Rows, fit, predict
from xautolm_nb.space import SearchSpace

TREES, LEAF = 100, 3
FEW = 120
"""Up to this many rows a task's surrogate is a Gaussian process, above a forest (our study of recorded curves)."""
CANDIDATES = 256
"""Configurations drawn and ordered in a space without a list."""

Vectors = NDArray[np.float64]


def store_order(
    space: SearchSpace, context: Context, experiences: Sequence[Experience], seed: int
) -> tuple[dict[str, ConfigValue], ...]:
    """Configurations to start with, the most promising first; empty when the store has nothing to say.

    All of a listed space, else a random sample of what can run here. Kept for the same records, space and context.
    """
    return _order(ByIdentity((space, context, *experiences)), seed)


def rank_gauss(scores: Sequence[float]) -> Vectors:
    """Scores as quantiles of a standard Gaussian by their rank: `(rank - 1/2) / n`; equal scores share a rank."""
    return np.asarray(norm.ppf((rankdata(scores) - 0.5) / len(scores)))


def task_rows(space: SearchSpace, experiences: Sequence[Experience]) -> list[tuple[Vectors, Vectors]]:
    """Encoded configurations and rank scores of each stored task.

    Only the last record of a trial and configurations that belong to the space; a failure that is about the
    configuration is worse than every score.
    """
    tasks: dict[tuple[str, str, str], list[tuple[Vectors, float]]] = {}
    for record, _ in latest_rungs(experiences, [1.0] * len(experiences)):
        config, gain = in_names_of(space, record), _gain(record)
        if gain is not None and space.contains(config):
            key = (record.task_name, record.fingerprint, record.metric.name)
            tasks.setdefault(key, []).append((space.encode(config), gain))
    groups = [rows for rows in tasks.values() if len({gain for _, gain in rows}) > 1]
    return [(np.array([point for point, _ in rows]), rank_gauss([gain for _, gain in rows])) for rows in groups]


def _gain(record: Experience) -> float | None:
    if record.failure is not None:
        return -np.inf if record.failure.kind.is_about_config else None
    if record.score is None or not np.isfinite(record.score):
        return None
    return record.score if record.metric.maximize else -record.score


@lru_cache(maxsize=16)
def _order(key: ByIdentity, seed: int) -> tuple[dict[str, ConfigValue], ...]:
    space, context, *experiences = key.items
    rows = task_rows(space, experiences)
    candidates, points = _candidates(space, context, seed)
    if not rows or not candidates:
        return ()
    promise = np.mean([_promise(x, y, points, seed) for x, y in rows], axis=0)
    return tuple(candidates[place] for place in np.argsort(-promise, kind="stable"))


def _candidates(space: SearchSpace, context: Context, seed: int) -> tuple[list[dict[str, ConfigValue]], Vectors]:
    if space.only:
        return [dict(config) for config in space.only], listed_points(space)
    drawn = random_new(space, context, np.random.default_rng(seed), set(), CANDIDATES)
    return drawn, np.array([space.encode(config) for config in drawn]).reshape(len(drawn), len(space.names))


def _promise(x: Vectors, y: Vectors, points: Vectors, seed: int) -> Vectors:
    """What one task's rows say about the points."""
    if len(y) > FEW:
        forest = RandomForestRegressor(n_estimators=TREES, min_samples_leaf=LEAF, random_state=seed % 2**32)
        return np.asarray(forest.fit(x, y).predict(points))
    rows = Rows(
        x=_inputs(x), y=PRIOR_MEAN + SPREAD * y, variance=np.zeros(len(y)), weight=np.ones(len(y)), travel=False
    )
    mean, _ = predict(fit(rows, mean=PRIOR_MEAN), _inputs(points))
    return mean


def _inputs(points: Vectors) -> Vectors:
    """Places in the unit cube, scaled to a deviation of 1, with the task number in the last column."""
    return np.concatenate([(points - 0.5) * math.sqrt(12.0), np.zeros((len(points), 1))], axis=1)
