"""A chain of hazards: ways to fail, one after the other, with physics in their priors.

A trial first survives its other errors, then memory, then divergence; time is judged by the cost model. Each hazard is
a logistic model on few physical features whose prior slopes are useful before any trial was seen (in our replay study
the chain without any data separates failures from successes with AUC .96). Failure kinds are learned apart: an import
error of one model teaches nothing about memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.features import Point, column, traits

MEMORY = frozenset({FailureKind.OUT_OF_MEMORY, FailureKind.HOST_MEMORY})
OTHER = frozenset(FailureKind) - MEMORY - {FailureKind.NOT_FINITE, FailureKind.TIMEOUT}
"""Errors of the code, the model or its files; time is left to the cost model."""
RAN = (None, FailureKind.TIMEOUT)
"""How a trial ends that ran through as far as there was time."""
_BASE_RATE, _BASE_TRIALS = 0.02, 20  # other failures before anything is known, and how many trials this counts for
_STEP_LIMIT = 3.0


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
            survive = survive * (1.0 - sigmoid(_design(hazard, points) @ weights))
        return survive

    def survival(self, table: "Table", rows: slice) -> Float[np.ndarray, " m"]:
        """Probability of success of rows of a table."""
        base = self._base_rate()
        survive = np.array([1.0 - self._other(model, base) for model in table.models[rows]])
        for design, weights in zip(table.designs, self.coefficients, strict=True):
            survive = survive * (1.0 - sigmoid(design[rows] @ weights))
        return survive

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

    def __len__(self) -> int:
        return len(self.kinds)

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

    def joined(self, other: "Table") -> "Table":
        """These rows, then the other ones."""
        return Table(
            kinds=self.kinds + other.kinds,
            models=self.models + other.models,
            weights=np.concatenate([self.weights, other.weights]),
            designs=_pairwise(self.designs, other.designs),
            alive=_pairwise(self.alive, other.alive),
            struck=_pairwise(self.struck, other.struck),
        )


def fit_chain(table: Table, rows: slice = slice(None), *, start: Chain | None = None, steps: int = 12) -> Chain:
    """Fit the hazards in order, each on the rows that survived those before it.

    Args:
        table: All cases.
        rows: Those to learn from.
        start: A chain of nearly the same rows, to begin from.
        steps: Newton steps at most; two are enough from a near start.
    """
    every = np.arange(len(table))[rows]
    fitted: list[np.ndarray] = []
    for index, hazard in enumerate(HAZARDS):
        chosen = every[table.alive[index][every]]
        prior = np.array(hazard.mean), np.array(hazard.sd)
        first = prior[0] if start is None else start.coefficients[index]
        labels = table.struck[index][chosen].astype(np.float64)
        fitted.append(
            logistic_mode(table.designs[index][chosen], labels, table.weights[chosen], prior, start=first, steps=steps)
        )
    return Chain(coefficients=tuple(fitted), others=_count_others(table, every))


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
        p = sigmoid(x @ beta)
        gradient = x.T @ (weight * (y - p)) - precision * (beta - mean)
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step * min(1.0, _STEP_LIMIT / max(float(np.linalg.norm(step)), 1e-12))
        if float(np.abs(step).max()) < 1e-5:
            break
    return beta


def sigmoid(z: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """The logistic function, held off its ends."""
    value: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))
    return value


def _count_others(table: Table, rows: Integer[np.ndarray, " m"]) -> dict[str, tuple[float, float]]:
    """Weighted (other failures, trials) by model."""
    counts: dict[str, tuple[float, float]] = {}
    first = table.alive[0]  # the first hazard sees all that other errors left
    for row, weight, alive in zip(rows.tolist(), table.weights[rows].tolist(), first[rows].tolist(), strict=True):
        failures, trials = counts.get(table.models[row], (0.0, 0.0))
        counts[table.models[row]] = (failures + weight * (not alive), trials + weight)
    return counts


def _design(hazard: Hazard, points: Sequence[Point]) -> Float[np.ndarray, "n c"]:
    """Intercept and the hazard's features."""
    x = traits(points)
    fitted = np.array([point.settings.get("padding") != "max_length" for point in points], dtype=np.float64)
    columns = [fitted if name == "fitted" else x[:, column(name)] for name in hazard.features]
    return np.stack([np.ones(len(points)), *columns], axis=1)


def _pairwise(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(np.concatenate(pair) for pair in zip(a, b, strict=True))
