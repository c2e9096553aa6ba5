"""Forests over all trials: success probability times predicted rank, as in the rough start of our replay study.

Two times 300 extremely randomised trees (Geurts et al., 2006) on stored trials and those of the search: one tells
successes from failures, one predicts the rank of a score within its task, from 0 to 1. Refitted after each trial,
whole runs. Without any trial it draws at random.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from benchmarks.peers.located import Located, Rows
from benchmarks.peers.pool import Pool
from benchmarks.problem import Problem
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial

TREES = 300
MOST = 300
"""Rows of each stored task."""


def make(problem: Problem) -> Optimizer:
    """Build it for a problem."""
    return Forest(problem)


class Forest:
    """Two forests, refitted after each trial."""

    def __init__(self, problem: Problem) -> None:
        self._pool, self._located = Pool(problem.space), Located(problem, MOST)

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose the largest success times rank (see `core.proposal.Optimizer`)."""
        rng = np.random.default_rng([seed, len(trials)])
        candidates = self._pool.candidates(trials, rng)
        if not candidates:
            return None
        configs, at = self._located.offered(candidates, context)
        own = self._located.target(trials, context)
        tasks = [*self._located.stored(experiences, seed), *([own] if own is not None else [])]
        if not tasks or not configs:
            return Proposal(config=candidates[int(rng.integers(len(candidates)))], fidelity=1.0, reason="random start")
        state = int(rng.integers(2**31))
        value = success(tasks, at, state) * _rank(tasks, at, state) + 1e-9 * rng.random(len(at))
        return Proposal(config=configs[int(np.argmax(value))], fidelity=1.0, reason="largest success times rank")


def success(tasks: Sequence[Rows], at: np.ndarray, state: int) -> np.ndarray:
    """Probability of success of points, shape (n,); 1 where nothing ever failed."""
    x, ok = np.concatenate([rows.x for rows in tasks]), np.concatenate([rows.ok for rows in tasks])
    if ok.all() or not ok.any():
        return np.full(len(at), float(ok.all()) or 0.5)
    model = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=state).fit(x, ok)
    probability: np.ndarray = model.predict_proba(at)[:, 1]
    return probability


def _rank(tasks: Sequence[Rows], at: np.ndarray, state: int) -> np.ndarray:
    """Predicted rank of points within a task, from 0 to 1; all alike before the first success."""
    scored = [rows for rows in tasks if len(rows.gains)]
    if not scored:
        return np.full(len(at), 0.5)
    ranks = np.concatenate([(rankdata(rows.gains) - 0.5) / len(rows.gains) for rows in scored])
    model = ExtraTreesRegressor(TREES, min_samples_leaf=2, random_state=state)
    predicted: np.ndarray = model.fit(np.concatenate([rows.scored for rows in scored]), ranks).predict(at)
    return predicted
