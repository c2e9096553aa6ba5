"""A world fitted to recorded experiences: what any configuration of the open space would do, on each recorded task.

The final skill of a configuration is what a forest learned from all records (physics of the run, numbers of the model,
the task), plus an own deviation of the size the forest is wrong by. Its curve has the shape of one of the two most
similar records; its seconds are the estimate, scaled to the task's machine, with an own pace. All of it follows from
the configuration alone, so that the same configuration does the same in every search.
"""

import math
import statistics
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from sklearn.ensemble import ExtraTreesRegressor

from xautolm_nb.core.config import Config, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.optimize.features import Point, locate
from xautolm_nb.optimize.response import constant_score, skills, to_score
from xautolm_nb.space import SearchSpace, build_space

TREES, LEAF = 400, 2
DEVIATION = 0.6
"""Own deviations, as a share of the forest's error out of bag: part of that error is the forest's own."""
VALIDATION_NOISE = 0.02
"""Deviation of a single validation, as a share of the task's best skill."""
PACE = 0.1
"""Deviation of the logarithm of a configuration's seconds."""
_LEAST_SKILL = 0.03  # below it a curve has no shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Fate:
    """What a configuration will do."""

    point: Point
    skill: float
    """Final skill as a share of the task's best."""
    fidelities: Float[np.ndarray, " k"]
    """log2 of the fidelities where the shape of the curve is known."""
    shares: Float[np.ndarray, " k"]
    """Skill there as a share of the final one."""
    pace: float
    """Real seconds over estimated ones."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedWorld:
    """The tasks of the records, open to every configuration."""

    metric: Metric
    records: tuple[Experience, ...]
    contexts: dict[str, Context]
    spaces: dict[str, SearchSpace]
    best: dict[str, float]
    """Best recorded skill of each task."""
    _points: tuple[Point, ...]
    _forest: ExtraTreesRegressor
    _inputs: Float[np.ndarray, "n d"]
    _deviation: float
    _slowness: dict[str, float]
    _fates: dict[tuple[str, str], Fate] = field(default_factory=dict)

    @staticmethod
    def fit(experiences: Sequence[Experience]) -> "FittedWorld":
        """Learn from the whole runs with a score and a model.

        Raises:
            SystemExit: There are fewer than two tasks, or they have several metrics.
        """
        usable = [one for one in experiences if one.score is not None and one.model is not None and one.curve]
        names = sorted({one.task_name for one in usable})
        metrics = {one.metric for one in usable}
        if len(names) < 2 or len(metrics) != 1:
            raise SystemExit(
                f"Expected scored experiences of two or more tasks and one metric, but there are {len(names)} tasks "
                f"and {len(metrics)} metrics. Collect some with `python -m benchmarks.live --collect`."
            )
        contexts = {one.task_name: one.context for one in usable}
        spaces = {}
        for name in names:
            models = {one.model.id: one.model for one in usable if one.task_name == name and one.model is not None}
            spaces[name] = build_space(contexts[name], list(models.values()))
        located = [(one, locate(one.config, spaces[one.task_name], one.context)) for one in usable]
        records = tuple(one for one, point in located if point is not None)
        points = tuple(point for _, point in located if point is not None)
        final = np.array([skills(one.curve, one.metric, one.context)[-1][1] for one in records])
        best = {name: max(s for s, one in zip(final, records, strict=True) if one.task_name == name) for name in names}
        share = final / np.array([max(best[one.task_name], _LEAST_SKILL) for one in records])
        inputs = np.array([_input(p, one.task_name, names) for one, p in zip(records, points, strict=True)])
        forest = ExtraTreesRegressor(
            TREES, min_samples_leaf=LEAF, max_features=0.5, bootstrap=True, oob_score=True, random_state=0
        ).fit(inputs, share)
        return FittedWorld(
            metric=records[0].metric,
            records=records,
            contexts=contexts,
            spaces=spaces,
            best=best,
            _points=points,
            _forest=forest,
            _inputs=inputs,
            _deviation=DEVIATION * float(np.std(share - forest.oob_prediction_)),
            _slowness={name: _slowness(name, records, points) for name in names},
        )

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, sorted."""
        return tuple(sorted(self.spaces))

    def fate(self, task: str, config: Config) -> Fate:
        """What a configuration of the task's space will do.

        Raises:
            ValueError: Its model is none of the task's.
        """
        key = (task, config_key(config))
        if key not in self._fates:
            self._fates[key] = self._decide(task, config, np.random.default_rng(zlib.crc32("/".join(key).encode())))
        return self._fates[key]

    def _decide(self, task: str, config: Config, rng: np.random.Generator) -> Fate:
        point = locate(config, self.spaces[task], self.contexts[task])
        if point is None:
            raise ValueError(f"expected a configuration of {task}'s models, got {dict(config)}")
        place = _input(point, task, self.tasks)
        skill = float(self._forest.predict(place[None])[0]) + self._deviation * rng.normal()
        spread = self._inputs.std(0) + 1e-9
        near = np.argsort(np.square((self._inputs - place) / spread).sum(1))[:2]
        fidelities, shares = _shape(self.records[int(near[rng.integers(len(near))])])
        pace = self._slowness[task] * float(np.exp(PACE * rng.normal()))
        return Fate(point=point, skill=min(skill, 1.15), fidelities=fidelities, shares=shares, pace=pace)

    def score(self, task: str, config: Config, fidelity: float) -> float:
        """The validation score of a configuration at a fidelity, in the metric's unit."""
        fate = self.fate(task, config)
        shape = float(np.interp(math.log2(max(fidelity, 1e-3)), fate.fidelities, fate.shares))
        key = f"{task}/{config_key(config)}/{fidelity:.3f}"
        noise = VALIDATION_NOISE * np.random.default_rng(zlib.crc32(key.encode())).normal()
        share = (fate.skill * shape if fate.skill > 0 else fate.skill) + noise
        return max(0.0, to_score(min(share * self.best[task], 1.0), self.metric, self.contexts[task]))


def _input(point: Point, task: str, tasks: Sequence[str]) -> Float[np.ndarray, " d"]:
    return np.concatenate([point.traits, [float(task == name) for name in tasks]])


def _slowness(task: str, records: Sequence[Experience], points: Sequence[Point]) -> float:
    """Median of real over estimated seconds of a task's records."""
    pairs = [(r.seconds, p.physics.seconds) for r, p in zip(records, points, strict=True) if r.task_name == task]
    return statistics.median(real / estimated for real, estimated in pairs if real)


def _shape(record: Experience) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """log2 of the fidelities of a record and its skills there, not their running best, as shares of the best."""
    constant = constant_score(record.metric, record.context)
    reached = np.array([(point.score - constant) / (1.0 - constant) for point in record.curve])
    best = reached.max()
    shares = reached / best if best > _LEAST_SKILL else np.ones(len(reached))
    return np.log2([point.fidelity for point in record.curve]), shares
