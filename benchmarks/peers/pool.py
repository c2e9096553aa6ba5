"""What all peers share: which configurations may be proposed, how far apart they are, and what is told of a trial."""

import math
from collections.abc import Sequence

import numpy as np

from benchmarks.problem import Problem
from xautolm_nb.core.config import Config, config_key
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import Categorical, SearchSpace
from xautolm_nb.space.space import INACTIVE

OPEN = 512
"""Random candidates where the space is open."""
_LEAST_LOSS = 1e-6
_TRIES = 20


class Pool:
    """The listed configurations of a space; an open space has none."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.configs = tuple(dict(config) for config in space.only)
        self.keys = [config_key(config) for config in self.configs]
        self._places = np.array([place(config, space) for config in self.configs])
        self._numbers = np.array([not isinstance(space.variants[name][0], Categorical) for name in space.names])

    def free(self, trials: Sequence[Trial]) -> list[int]:
        """Places in the list of what was not tried."""
        known = {config_key(trial.config) for trial in trials}
        return [number for number, key in enumerate(self.keys) if key not in known]

    def nearest(self, config: Config, free: Sequence[int]) -> int:
        """The nearest of the free ones: L1 over the numbers in the unit cube, and 1 for each category that differs."""
        apart = np.abs(self._places[list(free)] - place(config, self.space))
        distance = np.where(self._numbers, apart, apart > 1e-9).sum(axis=1)
        return free[int(np.argmin(distance))]

    def candidates(self, trials: Sequence[Trial], rng: np.random.Generator) -> list[Config]:
        """All that was not tried; in an open space so many random ones."""
        if self.configs:
            return [self.configs[number] for number in self.free(trials)]
        known = {config_key(trial.config) for trial in trials}
        drawn = {config_key(config): config for config in (self.space.sample(rng) for _ in range(OPEN))}
        return [config for key, config in drawn.items() if key not in known]

    def close_to(self, config: Config, trials: Sequence[Trial], rng: np.random.Generator) -> Config | None:
        """What is run for a suggestion: the nearest that is free, or itself (another one when it was tried before)."""
        if self.configs:
            free = self.free(trials)
            return self.configs[self.nearest(config, free)] if free else None
        known = {config_key(trial.config) for trial in trials}
        tries = [config, *(self.space.sample(rng) for _ in range(_TRIES))]
        return next((one for one in tries if config_key(one) not in known), None)


def place(config: Config, space: SearchSpace) -> np.ndarray:
    """As `SearchSpace.encode`, but for records too: what a record lacks, or has outside of the lists, sits at 0.5."""
    active = space.active(config)
    found = np.full(len(space.names), INACTIVE)
    for number, name in enumerate(space.names):
        if name in active and name in config:
            try:
                found[number] = active[name].to_unit(config[name])
            except SpaceError:
                continue
    return found


def gain(score: float, *, maximize: bool) -> float:
    """A score as larger-is-better; of a loss minus its logarithm, far above chance nothing is worth telling apart."""
    return score if maximize else -math.log(max(score, _LEAST_LOSS))


def has_failed(trial: Trial) -> bool:
    """Whether it ended without a score that counts."""
    return trial.failure is not None or (trial.state.is_finished and trial.score is None)


def worst_gain(trials: Sequence[Trial], problem: Problem) -> float | None:
    """What a failure counts: a score of 0, or the worst loss seen; None before any was seen."""
    if problem.metric.maximize:
        return 0.0
    scores = [trial.score for trial in trials if trial.score is not None and not has_failed(trial)]
    return gain(max(scores), maximize=False) if scores else None


def gain_of(trial: Trial, trials: Sequence[Trial], problem: Problem) -> float | None:
    """What is told of a trial, failures as the worst of all trials; None when there is nothing to tell."""
    if has_failed(trial):
        return worst_gain(trials, problem)
    return gain(trial.score, maximize=problem.metric.maximize) if trial.score is not None else None


def finished(trials: Sequence[Trial], problem: Problem) -> tuple[list[Config], np.ndarray]:
    """Configurations and gains of the trials that ended."""
    told = [(trial.config, gain_of(trial, trials, problem)) for trial in trials if trial.state.is_finished]
    kept = [(config, value) for config, value in told if value is not None]
    return [config for config, _ in kept], np.array([value for _, value in kept], dtype=float)
