"""Stored trials, own trials and candidates on the feature vectors that our own search reads (`Point.vector`).

What cannot be described, because its model is not known, is skipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.peers.pool import gain, gain_of, has_failed
from benchmarks.problem import Problem
from xautolm_nb.core.config import Config, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.features import locate
from xautolm_nb.space import SearchSpace, original_space

FULL = 1.0 - 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Trials of one task."""

    x: np.ndarray
    """Vectors of all that ended, shape (n, d)."""
    ok: np.ndarray
    """Which of them succeeded, shape (n,)."""
    gains: np.ndarray
    """Gains of those that succeeded, in order."""

    @property
    def scored(self) -> np.ndarray:
        """Vectors of those that succeeded."""
        return np.asarray(self.x[self.ok])


class Located:
    """Vectors by configuration, each computed once."""

    def __init__(self, problem: Problem, most: int) -> None:
        self._problem, self._most = problem, most
        self._vectors: dict[str, np.ndarray | None] = {}
        self._stored: list[Rows] | None = None

    def offered(self, configs: Sequence[Config], context: Context) -> tuple[list[Config], np.ndarray]:
        """Candidates that can be described, and their vectors."""
        found = [(config, self._own(config, context)) for config in configs]
        kept = [(config, vector) for config, vector in found if vector is not None]
        return [config for config, _ in kept], np.array([vector for _, vector in kept])

    def target(self, trials: Sequence[Trial], context: Context) -> Rows | None:
        """The trials of this search that ended; None before the first."""
        told: list[tuple[np.ndarray, bool, float]] = []
        for trial in trials:
            vector = self._own(trial.config, context)
            if trial.state.is_finished and vector is not None:
                value = gain_of(trial, trials, self._problem)
                told.append((vector, not has_failed(trial), 0.0 if value is None else value))
        return _rows(told)

    def stored(self, experiences: Sequence[Experience], seed: int) -> list[Rows]:
        """The store by task, whole runs and failures, at most so many rows in each: a random part of more."""
        if self._stored is None:
            by_task: dict[tuple[str, str], list[Experience]] = {}
            for experience in experiences:
                if experience.metric == self._problem.metric and (experience.failure or experience.fidelity >= FULL):
                    by_task.setdefault((experience.task_name, experience.fingerprint), []).append(experience)
            rng = np.random.default_rng(seed)
            tasks = [self._rows_of(by_task[key], rng) for key in sorted(by_task)]
            self._stored = [rows for rows in tasks if rows is not None]
        return self._stored

    def _rows_of(self, experiences: Sequence[Experience], rng: np.random.Generator) -> Rows | None:
        kept = sorted(rng.permutation(len(experiences))[: self._most])
        told: list[tuple[np.ndarray, bool, float]] = []
        for experience in (experiences[number] for number in kept):
            point = locate(experience.config, _space_of(experience, self._problem.space), experience.context)
            if point is None or (experience.score is None and experience.failure is None):
                continue
            score = experience.score if experience.succeeded else None
            value = gain(score, maximize=experience.metric.maximize) if score is not None else 0.0
            told.append((point.vector, score is not None, value))
        return _rows(told)

    def _own(self, config: Config, context: Context) -> np.ndarray | None:
        key = config_key(config)
        if key not in self._vectors:
            point = locate(config, self._problem.space, context)
            self._vectors[key] = point.vector if point is not None else None
        return self._vectors[key]


def _rows(told: Sequence[tuple[np.ndarray, bool, float]]) -> Rows | None:
    if not told:
        return None
    return Rows(
        x=np.array([vector for vector, _, _ in told]),
        ok=np.array([succeeded for _, succeeded, _ in told]),
        gains=np.array([value for _, succeeded, value in told if succeeded], dtype=float),
    )


def _space_of(experience: Experience, space: SearchSpace) -> SearchSpace:
    """The space a record is written in: the original one where it says so."""
    return _original() if experience.space.startswith("xautolm-original/") else space


@cache
def _original() -> SearchSpace:
    return original_space()
