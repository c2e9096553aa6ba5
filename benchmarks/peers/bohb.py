"""BOHB (Falkner et al., 2018): Hyperband's brackets, new configurations from a pair of densities. Our own build.

Of the highest rung with more than d + 2 results the best 15 % (at least d + 1) make the good density, the others the
bad one; the largest ratio of the two is started, and every third start is random. The densities are products of
kernels: Gaussian for numbers, Aitchison and Aitken's for categories, with bandwidths by the normal rule and 0.001 at
least. Failures are the worst results of the rung they were sent to.

Where only a pool may be proposed, the ratio is taken of every untried configuration in place of 64 draws from the good
density with three times its bandwidth. Not as published: a parameter that does not exist sits at 0.5 (the original
draws a value), and the brackets run one after the other. With d + 1 results needed, spaces of many parameters are
searched at random for long; that is so in the original too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.peers.pool import Pool, gain, has_failed, place
from benchmarks.problem import HALVING, Problem
from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.baselines import Hyperband
from xautolm_nb.optimize.baselines.rungs import score_at
from xautolm_nb.space import Categorical, SearchSpace

GOOD = 0.15
RANDOM = 1 / 3
DRAWS = 64
WIDER = 3.0
LEAST = 1e-3


def make(problem: Problem) -> Optimizer:
    """Build it for a problem."""
    return BOHB(problem)


class BOHB:
    """The package's Hyperband decides when; what is started comes from the densities."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._pool = problem, Pool(problem.space)
        self._rungs = problem.rungs(HALVING)
        self._brackets = Hyperband(space=problem.space, rungs=self._rungs, eta=3.0)

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Promote as Hyperband does, or start what the densities choose (see `core.proposal.Optimizer`)."""
        plan = self._brackets.propose(context, (), trials, seed=seed)
        if plan is None or plan.thaw is not None:
            return plan
        rng = np.random.default_rng([seed, len(trials), 1])
        if rng.random() < RANDOM:
            return plan
        chosen = self._choose(trials, rng)
        return plan if chosen is None else replace(plan, config=chosen, reason="largest ratio of densities")

    def _choose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Config | None:
        pair = self._densities(trials)
        if pair is None:
            return None
        good, bad = pair
        space = self._problem.space
        offered = self._pool.candidates(trials, rng) if self._pool.configs else drawn(good, space, rng)
        at = np.array([place(config, space) for config in offered])
        return offered[int(np.argmax(good.log(at) - bad.log(at)))]

    def _densities(self, trials: Sequence[Trial]) -> "tuple[Density, Density] | None":
        """The two densities of the highest rung that has enough results; None where none has."""
        space = self._problem.space
        least = len(space.names) + 1
        for rung in reversed(self._rungs):
            told = [(trial.config, self._gain(trial, rung)) for trial in trials]
            results = sorted(((config, value) for config, value in told if value is not None), key=lambda one: -one[1])
            if len(results) < least + 2:
                continue
            places = np.array([place(config, space) for config, _ in results])
            split = max(least, int(GOOD * len(results)))
            rest = max(least, len(results) - split)
            return Density.of(places[:split], space), Density.of(places[-rest:], space)
        return None

    def _gain(self, trial: Trial, rung: float) -> float | None:
        """What a trial reached at a rung, minus infinity for one that failed on the way there."""
        if has_failed(trial):
            return -np.inf if trial.target >= rung - 1e-9 else None
        score = score_at(trial, rung)
        return None if score is None else gain(score, maximize=trial.maximize)


def drawn(good: "Density", space: SearchSpace, rng: np.random.Generator) -> list[Config]:
    """Draws from the good density, its bandwidth widened."""
    centres = good.places[rng.integers(len(good.places), size=DRAWS)]
    near = np.abs(centres + WIDER * good.widths * rng.normal(size=centres.shape))
    numbers = 1.0 - np.abs(1.0 - near % 2.0)  # reflected at 0 and 1
    other = np.where(rng.random(centres.shape) < good.widths, rng.random(centres.shape), centres)
    return [space.decode(point) for point in np.where(good.categories > 0, other, numbers)]


@dataclass(frozen=True, eq=False)
class Density:
    """A product-kernel density around places of the unit cube."""

    places: np.ndarray
    widths: np.ndarray
    """Bandwidth of each column; of a category the probability of another value."""
    categories: np.ndarray
    """Number of values of a category, 0 for numbers."""

    @staticmethod
    def of(places: np.ndarray, space: SearchSpace) -> "Density":
        """Bandwidths by the normal rule 1.06 sd n^(-1 / (4 + d)); of categories sd is the root of Gini's impurity."""
        n, d = places.shape
        categories = np.array([_values(name, space) for name in space.names])
        spread = np.where(categories > 0, [_impurity(column) for column in places.T], places.std(axis=0))
        widths = np.maximum(1.06 * spread * n ** (-1.0 / (4.0 + d)), LEAST)
        most = np.where(categories > 0, (categories - 1) / np.maximum(categories, 1), np.inf)
        return Density(places, np.minimum(widths, np.maximum(most, LEAST)), categories)

    def log(self, at: np.ndarray) -> np.ndarray:
        """Logarithm of the density at points, shape (n,)."""
        apart = at[:, None, :] - self.places[None, :, :]
        normal = -0.5 * (apart / self.widths) ** 2 - np.log(self.widths * np.sqrt(2 * np.pi))
        other = np.log(self.widths / np.maximum(self.categories - 1, 1))
        same = np.log(np.maximum(1.0 - self.widths, LEAST))
        kernels = np.where(self.categories > 0, np.where(np.abs(apart) < 1e-9, same, other), normal)
        logs = kernels.sum(axis=2)
        top = logs.max(axis=1, keepdims=True)
        return np.asarray(np.maximum(top[:, 0] + np.log(np.exp(logs - top).mean(axis=1)), -700.0))


def _values(name: str, space: SearchSpace) -> int:
    parameters = [parameter for parameter in space.variants[name] if isinstance(parameter, Categorical)]
    return max((len(parameter.values) for parameter in parameters), default=0)


def _impurity(column: np.ndarray) -> float:
    shares = np.unique(column, return_counts=True)[1] / len(column)
    return float(np.sqrt(1.0 - np.sum(shares**2)))
