"""Success as a Gaussian process sees it: the score model's kernel on labels, by the Dirichlet trick.

Labels become Gaussian targets with known noise (Milios et al., Dirichlet-based Gaussian processes for large-scale
calibrated classification, NeurIPS 2018), so that classification is regression: exact, no iterations. Alone it never
dares to say that something fails (predicted .11 where .01 was seen, in our replay study); in the mean with the chain of
hazards it is what finds good configurations that physics calls risky.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular

from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.features import Point, traits
from xautolm_nb.optimize.hazards import RAN, sigmoid
from xautolm_nb.optimize.surrogate import Rows, ScoreModel, fit, joint, predict

_ALPHA = 0.05  # pseudo-count of the class that was not seen
_SCALE = 4.0  # log-odds per unit of the kernel, which is written for responses
_FIT_STEPS = 25


def rows_of(cases: Sequence[Case]) -> Rows:
    """Targets of cases: scaled log-odds of success with their noise; a timeout ran, and counts as a success."""
    weight = np.array([case.weight for case in cases], dtype=np.float64)
    target = {ran: _target(ran) for ran in (True, False)}
    ran = [case.failure in RAN for case in cases]
    noise = np.array([target[label][1] for label in ran], dtype=np.float64)
    return Rows(
        x=inputs([case.point for case in cases], [case.task for case in cases]),
        y=np.array([target[label][0] for label in ran], dtype=np.float64),
        variance=noise / weight,
        weight=weight,
    )


def fit_store(rows: Rows) -> ScoreModel:
    """Fit the kernel to the store's labels."""
    return fit(rows, mean=float((rows.y * rows.weight).sum() / rows.weight.sum()), steps=_FIT_STEPS)


def condition(stored: Rows, model: ScoreModel, own: Rows) -> ScoreModel:
    """The store's model after this study's labels."""
    return fit(stored.joined(own), mean=model.mean, start=model, steps=0) if len(own) else model


def success(model: ScoreModel, points: Sequence[Point]) -> Float[np.ndarray, " n"]:
    """Probability of success at points of the task at hand."""
    mean, sd = predict(model, inputs(points, [0] * len(points)))
    return _probability(mean, sd**2)


def foretold(model: ScoreModel, own: Rows) -> Float[np.ndarray, " n"]:
    """Probability of success of each own row given those before it."""
    mean, cov = joint(model, own.x)
    noise = float(model.likelihood.noise_covar.noise.detach()) / own.weight + own.variance
    factor = np.linalg.cholesky(cov + np.diag(noise))
    surprise = solve_triangular(factor, own.y - mean, lower=True)
    expected = own.y - np.diag(factor) * surprise
    return _probability(expected, np.maximum(np.diag(factor) ** 2 - noise, 0.0))


def inputs(points: Sequence[Point], tasks: Sequence[int]) -> Float[np.ndarray, "n e"]:
    """Traits with the task number in the last column."""
    return np.concatenate([traits(points), np.array(tasks, dtype=np.float64).reshape(len(points), 1)], axis=1)


def _target(ran: bool) -> tuple[float, float]:
    """Difference of the two classes' log-normal means, and its variance, in units of the kernel."""
    counts = (float(ran) + _ALPHA, float(not ran) + _ALPHA)
    variances = [math.log(1.0 + 1.0 / count) for count in counts]
    means = [math.log(count) - variance / 2 for count, variance in zip(counts, variances, strict=True)]
    return (means[0] - means[1]) / _SCALE, sum(variances) / _SCALE**2


def _probability(mean: Float[np.ndarray, " n"], variance: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Expected success under Gaussian log-odds (MacKay's approximation)."""
    return sigmoid(_SCALE * mean / np.sqrt(1.0 + math.pi / 8.0 * _SCALE**2 * variance))
