"""Seconds: the analytic estimate times a residual that is learned, from the store and within a trial or two from here.

A Bayesian ridge on log seconds of a full run. The machine at hand has an intercept of its own with a wide prior, so
that its first measured trial already moves every later prediction; stored trials of other machines teach how methods
and sizes differ from the estimate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.features import Point, column, matrix

_FEATURES = ("log_seconds", "lora", "partial", "head", "generative", "mixed_precision", "early_stopping", "log_updates")
_SD = (1.0, 0.8, 0.25, 0.4, 0.4, 0.4, 0.5, 0.5, 0.5, 0.15)
"""Prior standard deviations: common intercept, this machine's intercept, then one slope per feature; means are 0."""
_NOISE = {True: 0.05, False: 0.36}
"""Noise variance of log seconds: own runs repeat well, other machines' differ for reasons no feature shows."""
_CENSORED_ROUNDS = 4
_BEYOND = 0.2  # a timeout would have taken at least this much longer, in log seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class CostModel:
    """Posterior of the residual's coefficients, and how long models took to load here."""

    coefficients: Float[np.ndarray, " c"]
    covariance: Float[np.ndarray, "c c"]
    noise: float
    """Variance of log seconds of a run here that the coefficients do not explain."""

    def log_seconds(self, points: Sequence[Point]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Mean and standard deviation of the log seconds of full runs on this machine, shapes `(n,)`."""
        x = _design(points, here=np.ones(len(points)))
        variance = np.einsum("ij,jk,ik->i", x, self.covariance, x) + self.noise
        return _analytic(points) + x @ self.coefficients, np.sqrt(variance)

    def seconds(self, points: Sequence[Point]) -> Float[np.ndarray, " n"]:
        """Expected seconds (median) of full runs on this machine, loading included, shape `(n,)`."""
        mean, _ = self.log_seconds(points)
        return np.asarray(np.exp(mean))

    def within(self, points: Sequence[Point], limit: float | None) -> Float[np.ndarray, " n"]:
        """Probability that a full run ends within `limit` seconds; 1 without a limit."""
        if limit is None or not len(points):
            return np.ones(len(points))
        mean, sd = self.log_seconds(points)
        return np.asarray(ndtr((math.log(limit) - mean) / sd))


def learn(cases: Sequence[Case]) -> CostModel:
    """Fit the ridge to all cases with a time; timeouts are censored: imputed beyond the time they ran, four rounds."""
    timed = [case for case in cases if _is_timed(case)]
    here = np.array([float(case.same_machine) for case in timed])
    points = [case.point for case in timed]
    x, analytic = _design(points, here=here), _analytic(points)
    observed = np.log(np.array([case.seconds or 1.0 for case in timed])) if timed else np.zeros(0)
    censored = np.array([case.failure is FailureKind.TIMEOUT for case in timed], dtype=bool)
    noise = np.array([_NOISE[True] if case.same_machine else _NOISE[False] / case.weight for case in timed])
    y = np.where(censored, observed + _BEYOND, observed) - analytic
    mean, cov = _ridge(x, y, noise)
    for _ in range(_CENSORED_ROUNDS if censored.any() else 0):
        imputed = np.maximum(observed + _BEYOND - analytic, x @ mean)
        mean, cov = _ridge(x, np.where(censored, imputed, y), noise)
    own = sum(case.same_machine for case in timed)
    # What no feature explains counts fully until some runs were seen on this machine.
    return CostModel(coefficients=mean, covariance=cov, noise=_NOISE[True] if own >= 2 else 2 * _NOISE[True])


def added_seconds(full: float, load: float, start: float, end: float) -> float:
    """Seconds to bring a run from one fidelity to another: load once more, then its share of the rest."""
    load = min(load, 0.8 * full)
    return load + (full - load) * max(0.0, end - start)


def full_seconds_of(trial: Trial, predicted: float) -> float:
    """Seconds of a trial's full run, from its own pace once it has been under way for a while, else as predicted."""
    if trial.fidelity <= 0 or trial.seconds <= 0 or trial.failure is not None:
        return predicted
    load = min(trial.measures.seconds_load, 0.9 * trial.seconds)
    return load + (trial.seconds - load) / trial.fidelity


def load_seconds(point: Point, trials: Sequence[Trial]) -> float:
    """Seconds to load a model here: what its last trial took, else what any took, else the estimate."""
    measured = [trial for trial in trials if trial.measures.seconds_load > 0]
    same = [trial for trial in measured if trial.config.get("model") == point.model.id]
    chosen = same or measured
    return chosen[-1].measures.seconds_load if chosen else point.physics.seconds_load


def _is_timed(case: Case) -> bool:
    return case.seconds is not None and case.seconds > 0 and case.failure in (None, FailureKind.TIMEOUT)


def _ridge(
    x: Float[np.ndarray, "n c"], y: Float[np.ndarray, " n"], noise: Float[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " c"], Float[np.ndarray, "c c"]]:
    precision = (x / noise[:, None]).T @ x + np.diag(1.0 / np.square(_SD))
    cov = np.linalg.inv(precision)
    return cov @ (x.T @ (y / noise)), cov


def _analytic(points: Sequence[Point]) -> Float[np.ndarray, " n"]:
    return np.log(np.array([max(point.physics.seconds, 1e-2) for point in points], dtype=np.float64))


def _design(points: Sequence[Point], *, here: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n c"]:
    """Common intercept, this machine's intercept, features."""
    x = matrix(points)
    columns = [x[:, column(name)] for name in _FEATURES]
    return np.stack([np.ones(len(points)), here, *columns], axis=1)
