"""Seconds: the analytic estimate times a residual that is learned, from the store and within a trial or two from here.

A Bayesian ridge on log seconds of a full run. The machine at hand has an intercept of its own with a wide prior, so
that its first measured trial already moves every later prediction; stored trials of other machines teach how methods
and sizes differ from the estimate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.experts import LIMIT, START
from xautolm_nb.optimize.features import Point, column, traits
from xautolm_nb.optimize.identity import ByIdentity

_FEATURES = ("log_seconds", "lora", "partial", "head", "generative", "mixed_precision", "early_stopping", "log_updates")
_SD = (1.0, 0.8, 0.25, 0.4, 0.4, 0.4, 0.5, 0.5, 0.5, 0.15)
"""Prior standard deviations: common intercept, this machine's intercept, then one slope per feature; means are 0."""
_NOISE = {True: 0.05, False: 0.36}
"""Noise variance of log seconds: own runs repeat well, other machines' differ for reasons no feature shows."""
_FAITH = 2.0  # runs that the usual noise counts for
_SURPRISE = 0.1  # variance added to what is foretold when the two are compared
_CLIP = 0.02
_ROUNDS = 4
_BEYOND = 0.2  # a timeout would have taken at least this much longer, in log seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class Ridge:
    """Posterior of the residual's coefficients."""

    coefficients: Float[np.ndarray, " c"]
    covariance: Float[np.ndarray, "c c"]
    noise: float
    """Variance of log seconds of a run here that the coefficients do not explain."""

    def log_seconds(self, points: Sequence[Point]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Mean and standard deviation of the log seconds of full runs on this machine, shapes `(n,)`."""
        x = _design(points, here=np.ones(len(points)))
        variance = np.einsum("ij,jk,ik->i", x, self.covariance, x) + self.noise
        return _analytic(points) + x @ self.coefficients, np.sqrt(variance)


@dataclass(frozen=True, kw_only=True, eq=False)
class CostModel:
    """Seconds with the store and without, mixed by how well each foresaw this study's runs."""

    stored: Ridge
    alone: Ridge
    trust: float

    def seconds(self, points: Sequence[Point]) -> Float[np.ndarray, " n"]:
        """Expected seconds (median) of full runs on this machine, loading included, shape `(n,)`."""
        return np.exp(self.log_seconds(points)[0])

    def log_seconds(self, points: Sequence[Point]) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Mean and standard deviation of the log seconds of full runs on this machine, shapes `(n,)`."""
        (one, one_sd), (two, two_sd) = self.stored.log_seconds(points), self.alone.log_seconds(points)
        mean = self._mixed(one, two)
        return mean, np.sqrt(self._mixed(one_sd**2 + (one - mean) ** 2, two_sd**2 + (two - mean) ** 2))

    def within(self, points: Sequence[Point], limit: float | None) -> Float[np.ndarray, " n"]:
        """Probability that a full run ends within `limit` seconds; 1 without a limit."""
        if limit is None or not len(points):
            return np.ones(len(points))
        odds = [ridge.log_seconds(points) for ridge in (self.stored, self.alone)]
        probable = [ndtr((math.log(limit) - mean) / sd) for mean, sd in odds]
        return self._mixed(*probable)

    def _mixed(self, stored: Float[np.ndarray, " n"], alone: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        return self.trust * stored + (1.0 - self.trust) * alone


@dataclass(frozen=True, kw_only=True, eq=False)
class Timings:
    """Cases with a time as arrays; residuals are those to the analytic estimate."""

    x: Float[np.ndarray, "n c"]
    residual: Float[np.ndarray, " n"]
    """Log seconds less the log estimate; of a timeout, a little beyond the time it ran."""
    censored: np.ndarray
    noise: Float[np.ndarray, " n"]
    here: np.ndarray

    @staticmethod
    def of(cases: Sequence[Case]) -> "Timings":
        """Arrange the cases that have a time."""
        timed = [case for case in cases if _is_timed(case)]
        points = [case.point for case in timed]
        here = np.array([float(case.same_machine) for case in timed])
        censored = np.array([case.failure is FailureKind.TIMEOUT for case in timed], dtype=bool)
        seconds = np.log(np.array([case.seconds or 1.0 for case in timed], dtype=np.float64))
        noise = [_NOISE[True] if case.same_machine else _NOISE[False] / case.weight for case in timed]
        return Timings(
            x=_design(points, here=here),
            residual=seconds + _BEYOND * censored - _analytic(points),
            censored=censored,
            noise=np.array(noise, dtype=np.float64),
            here=here > 0,
        )

    def joined(self, other: "Timings") -> "Timings":
        """These rows, then the other ones."""
        mine, theirs = vars(self), vars(other)
        return Timings(**{name: np.concatenate([mine[name], theirs[name]]) for name in mine})

    def first(self, n: int) -> "Timings":
        """The first `n` rows."""
        return Timings(**{name: column[:n] for name, column in vars(self).items()})


def learn(own: Sequence[Case], stored: Sequence[Case] = ()) -> CostModel:
    """Fit with the store and without, and weigh the two by how well they foretold each own run, in order."""
    ours = Timings.of(own)
    alone = _fit(ours)
    if not stored:
        return CostModel(stored=alone, alone=alone, trust=0.0)
    theirs, fitted = _stored(ByIdentity(tuple(stored)))
    return CostModel(stored=_fit(theirs.joined(ours)), alone=alone, trust=_trust(fitted, ours))


@lru_cache(maxsize=4)
def _stored(key: ByIdentity) -> tuple[Timings, Ridge]:
    """The store's timings and what they say, kept: a search asks again and again with the same cases."""
    timings = Timings.of(key.items)
    return timings, _fit(timings)


def _fit(timings: Timings) -> Ridge:
    """The ridge; timeouts are censored (imputed beyond the time they ran) and the noise of own runs is learned."""
    own = timings.here & ~timings.censored
    unexplained, noise = 2 * _NOISE[True], timings.noise
    mean, cov = _ridge(timings.x, timings.residual, noise)
    for _ in range(_ROUNDS if len(timings.residual) else 0):
        noise = np.where(timings.here, unexplained, timings.noise)
        imputed = np.where(timings.censored, np.maximum(timings.residual, timings.x @ mean), timings.residual)
        mean, cov = _ridge(timings.x, imputed, noise)
        unexplained = _unexplained(timings.x[own], (timings.residual - timings.x @ mean)[own], cov, unexplained)
    return Ridge(coefficients=mean, covariance=cov, noise=unexplained)


def _unexplained(
    x: Float[np.ndarray, "n c"], residual: Float[np.ndarray, " n"], cov: Float[np.ndarray, "c c"], before: float
) -> float:
    """Variance of log seconds that the features leave here: twice the usual at first, then as seen.

    Runs that the coefficients were bent to fit count less: by what the fit took of them.
    """
    bent = float(np.einsum("ij,jk,ik->", x, cov, x)) / before if len(x) else 0.0
    left = max(len(residual) - bent, 0.0)
    return float((_FAITH * 2 * _NOISE[True] + residual @ residual) / (_FAITH + left))


def _trust(stored: Ridge, own: Timings) -> float:
    """Weight of the ridge with the store: prequential, each own run foretold before it is learned from."""
    alone = _fit(own.first(0))
    precision = [np.linalg.inv(ridge.covariance) for ridge in (stored, alone)]
    shift = [p @ ridge.coefficients for p, ridge in zip(precision, (stored, alone), strict=True)]
    odds = START
    for i in range(len(own.residual)):
        x, y = own.x[i], own.residual[i]
        logs = []
        for k in (0, 1):
            solved = np.linalg.solve(precision[k], np.stack([shift[k], x], axis=1))
            mean, sd = float(x @ solved[:, 0]), math.sqrt(float(x @ solved[:, 1]) + _SURPRISE)
            logs.append(_log_chance(y, mean, sd, bool(own.censored[i])))
            precision[k] = precision[k] + np.outer(x, x) / own.noise[i]
            shift[k] = shift[k] + x * max(y, mean if own.censored[i] else y) / own.noise[i]
        odds = min(LIMIT, max(-LIMIT, odds + logs[0] - logs[1]))
    return 1.0 / (1.0 + math.exp(-odds))


def _log_chance(y: float, mean: float, sd: float, censored: bool) -> float:
    """Log density of log seconds, or for a timeout log probability of more; one surprise never ends all trust."""
    if censored:
        return math.log(max(float(ndtr((mean - y) / sd)), _CLIP))
    return max(-0.5 * ((y - mean) / sd) ** 2, math.log(_CLIP)) - math.log(sd)


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
    x = traits(points)
    columns = [x[:, column(name)] for name in _FEATURES]
    return np.stack([np.ones(len(points)), here, *columns], axis=1)
