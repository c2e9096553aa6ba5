"""Will it run through? A chain of hazards with physics in their priors, and what this machine has refused before.

A trial first survives its other errors, then memory, then divergence; time is judged by the cost model. Each hazard is
a logistic model on few physical features whose prior slopes are useful before any trial was seen (in our replay study
the chain without any data separates failures from successes with AUC .96). Failure kinds are learned apart: an import
error of one model teaches nothing about memory.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.experts import LIMIT, START
from xautolm_nb.optimize.features import Point, column, traits

MEMORY = frozenset({FailureKind.OUT_OF_MEMORY, FailureKind.HOST_MEMORY})
OTHER = frozenset(FailureKind) - MEMORY - {FailureKind.NOT_FINITE, FailureKind.TIMEOUT}
"""Errors of the code, the model or its files; time is left to the cost model."""
_BASE_RATE, _BASE_TRIALS = 0.02, 20  # other failures before anything is known, and how many trials this counts for
_NEWTON_STEPS = 12
_STEP_LIMIT = 3.0
_CLIP = 0.02  # of predicted probabilities when experts are compared: one surprise must not end all trust


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """One way to fail: which features speak about it and what is believed of them beforehand."""

    kinds: frozenset[FailureKind]
    features: tuple[str, ...]
    """Names of columns; `fitted` is 1 where the engine derives the micro-batch from memory itself."""
    mean: tuple[float, ...]
    """Prior means of intercept and slopes."""
    sd: tuple[float, ...]


MEMORY_HAZARD = Hazard(
    kinds=MEMORY,
    features=("log_memory", "mixed_precision", "lora", "partial", "generative", "fitted"),
    mean=(-0.3, 3.0, 0.0, 0.0, 0.0, 0.0, -3.0),
    sd=(1.0, 1.0, 0.7, 0.7, 0.7, 0.7, 1.0),
)
DIVERGENCE_HAZARD = Hazard(
    kinds=frozenset({FailureKind.NOT_FINITE}),
    features=("travel", "mixed_precision", "sgd"),
    mean=(-4.5, 0.8, 0.0, 0.0),
    sd=(1.0, 0.5, 0.7, 0.7),
)
HAZARDS = (MEMORY_HAZARD, DIVERGENCE_HAZARD)


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """Fitted hazards; `others` counts other failures by model as (failures, trials), weighted."""

    coefficients: tuple[Float[np.ndarray, " _"], ...]
    others: dict[str, tuple[float, float]]

    def success(self, points: Sequence[Point]) -> Float[np.ndarray, " n"]:
        """Probability that each point runs through without a memory error, divergence or other error."""
        base = self._base_rate()
        survive = np.array([1.0 - self._other(point.model.id, base) for point in points])
        for hazard, weights in zip(HAZARDS, self.coefficients, strict=True):
            survive = survive * (1.0 - _sigmoid(_design(hazard, points) @ weights))
        return survive

    def likelihood(self, table: "Table", row: int) -> float:
        """Probability of what happened in a row: success or a timeout (it ran), or its kind of failure."""
        kind = table.kinds[row]
        other = self._other(table.models[row], self._base_rate())
        if kind in OTHER:
            return other
        alive = 1.0 - other
        for hazard, design, weights in zip(HAZARDS, table.designs, self.coefficients, strict=True):
            p = float(_sigmoid(design[row : row + 1] @ weights)[0])
            if kind in hazard.kinds:
                return alive * p
            alive *= 1.0 - p
        return alive

    def _base_rate(self) -> float:
        failures = sum(count for count, _ in self.others.values())
        trials = sum(count for _, count in self.others.values())
        return (failures + _BASE_TRIALS * _BASE_RATE) / (trials + _BASE_TRIALS)

    def _other(self, model: str, base: float) -> float:
        failures, trials = self.others.get(model, (0.0, 0.0))
        return (failures + 2 * base) / (trials + 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Cases as arrays, so that a chain can be fitted again and again to ever more rows."""

    kinds: tuple[FailureKind | None, ...]
    models: tuple[str, ...]
    weights: Float[np.ndarray, " n"]
    designs: tuple[Float[np.ndarray, "n _"], ...]
    """One design matrix per hazard."""
    alive: tuple[np.ndarray, ...]
    """Rows each hazard learns from: those that survived the hazards before it."""
    struck: tuple[np.ndarray, ...]
    """Rows each hazard struck."""

    @staticmethod
    def of(cases: Sequence[Case]) -> "Table":
        """Arrange cases."""
        points = [case.point for case in cases]
        left = np.array([case.failure not in OTHER for case in cases], dtype=bool)
        alive, struck = [], []
        for hazard in HAZARDS:
            hit = np.array([case.failure in hazard.kinds for case in cases], dtype=bool)
            alive.append(left)
            struck.append(hit)
            left = left & ~hit
        return Table(
            kinds=tuple(case.failure for case in cases),
            models=tuple(point.model.id for point in points),
            weights=np.array([case.weight for case in cases], dtype=np.float64),
            designs=tuple(_design(hazard, points) for hazard in HAZARDS),
            alive=tuple(alive),
            struck=tuple(struck),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Feasibility:
    """The chain with the store and the one without, mixed by trust, and what can never run here."""

    stored: Chain
    alone: Chain
    trust: float
    refused: tuple[Case, ...]
    """Own or same-machine cases that ran out of memory, and own cases whose model is not to be had."""

    def success(self, points: Sequence[Point], *, trust: float | None = None) -> Float[np.ndarray, " n"]:
        """Probability that each point runs through, shape `(n,)`; 0 where the machine has refused it before."""
        weight = self.trust if trust is None else trust
        mixed = weight * self.stored.success(points) + (1 - weight) * self.alone.success(points)
        allowed = np.array([not any(_repeats(point, case) for case in self.refused) for point in points], dtype=bool)
        return np.where(allowed, mixed, 0.0)


def learn(own: Sequence[Case], stored: Sequence[Case]) -> Feasibility:
    """Fit both chains and weigh them by how well they foresaw how each own trial ended, in order."""
    ended = [case for case in own if case.failure is not None or case.curve]
    table, first = Table.of([*stored, *ended]), len(stored)
    every = np.arange(len(stored) + len(ended))
    return Feasibility(
        stored=fit_chain(table, every),
        alone=fit_chain(table, every[first:]),
        trust=_trust(table, first) if stored else 0.0,
        refused=tuple(case for case in (*own, *stored) if _is_final(case)),
    )


def fit_chain(table: Table, rows: Integer[np.ndarray, " m"], start: Chain | None = None) -> Chain:
    """Fit the hazards in order, each on the rows that survived those before it.

    Twelve Newton steps to the mode; two when a chain of nearly the same rows is given to start from.
    """
    fitted: list[np.ndarray] = []
    for index, hazard in enumerate(HAZARDS):
        chosen = rows[table.alive[index][rows]]
        prior = np.array(hazard.mean), np.array(hazard.sd)
        first = prior[0] if start is None else start.coefficients[index]
        labels = table.struck[index][chosen].astype(np.float64)
        steps = _NEWTON_STEPS if start is None else 2
        fitted.append(
            logistic_mode(table.designs[index][chosen], labels, table.weights[chosen], prior, start=first, steps=steps)
        )
    return Chain(coefficients=tuple(fitted), others=_count_others(table, rows))


def logistic_mode(
    x: Float[np.ndarray, "n c"],
    y: Float[np.ndarray, " n"],
    weight: Float[np.ndarray, " n"],
    prior: tuple[Float[np.ndarray, " c"], Float[np.ndarray, " c"]],
    *,
    start: Float[np.ndarray, " c"],
    steps: int,
) -> Float[np.ndarray, " c"]:
    """Posterior mode of a weighted logistic regression with Gaussian priors (means, deviations).

    Newton steps, each at most 3 long, as a first full step from far away may overshoot.
    """
    (mean, sd), beta = prior, start.copy()
    precision = 1.0 / sd**2
    for _ in range(steps if len(y) else 0):
        p = _sigmoid(x @ beta)
        gradient = x.T @ (weight * (y - p)) - precision * (beta - mean)
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step * min(1.0, _STEP_LIMIT / max(float(np.linalg.norm(step)), 1e-12))
        if float(np.abs(step).max()) < 1e-5:
            break
    return beta


def _trust(table: Table, first: int) -> float:
    """Weight of the chain with the store: prequential, each own row predicted before it is learned from."""
    every = np.arange(len(table.kinds))
    with_store, alone = fit_chain(table, every[:first]), fit_chain(table, every[:0])
    odds = START
    for row in range(first, len(every)):
        ratio = _clipped(with_store.likelihood(table, row)) / _clipped(alone.likelihood(table, row))
        odds = min(LIMIT, max(-LIMIT, odds + math.log(ratio)))
        with_store = fit_chain(table, every[: row + 1], with_store)
        alone = fit_chain(table, every[first : row + 1], alone)
    return 1.0 / (1.0 + math.exp(-odds))


def _count_others(table: Table, rows: Integer[np.ndarray, " m"]) -> dict[str, tuple[float, float]]:
    """Weighted (other failures, trials) by model."""
    counts: dict[str, tuple[float, float]] = {}
    for row in rows.tolist():
        failures, trials = counts.get(table.models[row], (0.0, 0.0))
        weight = float(table.weights[row])
        counts[table.models[row]] = (failures + weight * (table.kinds[row] in OTHER), trials + weight)
    return counts


def _is_final(case: Case) -> bool:
    """Whether a failure settles things on this machine: memory for what needs as much, a model that is not there."""
    if case.failure is FailureKind.MODEL_UNAVAILABLE:
        return case.is_own
    return case.failure in MEMORY and case.same_machine


def _repeats(point: Point, case: Case) -> bool:
    """Whether a point would walk into a known failure: the same model gone, or the same method needing no less."""
    if point.model.id != case.point.model.id:
        return False
    if case.failure is FailureKind.MODEL_UNAVAILABLE:
        return True
    same_method = point.settings.get("method") == case.point.settings.get("method")
    return same_method and point.physics.memory_gib >= 0.98 * case.point.physics.memory_gib


def _design(hazard: Hazard, points: Sequence[Point]) -> Float[np.ndarray, "n c"]:
    """Intercept and the hazard's features."""
    x = traits(points)
    fitted = np.array([point.settings.get("padding") != "max_length" for point in points], dtype=np.float64)
    columns = [fitted if name == "fitted" else x[:, column(name)] for name in hazard.features]
    return np.stack([np.ones(len(points)), *columns], axis=1)


def _clipped(p: float) -> float:
    return min(1.0 - _CLIP, max(_CLIP, p))


def _sigmoid(z: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    value: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))
    return value
