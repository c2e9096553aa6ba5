"""Two experts on the score, one with the store and one without, weighed by how well each foresaw this study's trials.

A store can mislead: other labels, another machine, wrong records. Each trial is first predicted by both experts, then
shown to them; the ratio of their predictive densities moves the trust (prequential Bayesian averaging). In our replay
study this is what survives inverted and shuffled stores, at no measurable price with an honest one.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular

from xautolm_nb.optimize.response import PRIOR_MEAN, SPREAD
from xautolm_nb.optimize.surrogate import Rows, ScoreModel, covariance, fit, joint, predict, run_ends
from xautolm_nb.optimize.targets import Responses

START = math.log(0.9 / 0.1)
"""Log-odds for the store before any trial of the target."""
LIMIT = 8.0
"""Trust is clipped to +- this, so that it can come back."""
LEAST_TRUST = 0.1
"""Below this the store is not asked: a mixture with a small share of nonsense still moves the tails."""
_SURPRISE = 0.02  # added to predictive variances: one surprise must not end all trust
_REFIT_FROM, _REFIT_STEPS, _REFIT_ROWS = 12, 15, 128  # own lengths from fewer trials add noise, from more take long


@dataclass(frozen=True, kw_only=True, eq=False)
class Experts:
    """The score as seen with and without the store; `trust` is the weight of the first."""

    own: Responses
    alone: ScoreModel | None
    """None before the first row of this study."""
    stored: ScoreModel | None
    trust: float
    before: int = 0
    """Rows of the store, which stand before this study's in `stored`."""

    def predict(
        self, x: Float[np.ndarray, "m e"], *, trust: float | None = None
    ) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """Mean and standard deviation of the final response at inputs, mixed by trust (or by the given one)."""
        weight = self.trust if trust is None else trust
        mean, sd = (
            predict(self.alone, x) if self.alone is not None else (np.full(len(x), PRIOR_MEAN), np.full(len(x), SPREAD))
        )
        if self.stored is None or weight <= 0.0:
            return mean, sd
        return _mixture(weight, predict(self.stored, x), (mean, sd))

    def ends(self, *, trust: float | None = None) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Mean and standard deviation of the end of each of this study's runs, mixed like `predict`."""
        n = len(self.own.rows)
        if self.alone is None:
            return np.zeros(0), np.zeros(0)
        weight, alone = self.trust if trust is None else trust, run_ends(self.alone, slice(n))
        if self.stored is None or weight <= 0.0:
            return alone
        return _mixture(weight, run_ends(self.stored, slice(self.before, self.before + n)), alone)


def consult(
    own: Responses, stored: Rows | None, prior: ScoreModel | None, pending: Float[np.ndarray, "p e"] | None = None
) -> Experts:
    """Ask both experts: condition each on this study's rows and weigh them.

    Args:
        own: This study's responses.
        stored: Rows of the store; None without one.
        prior: The score model fitted to `stored`; its hyperparameters are kept.
        pending: Inputs that are being run: believed to come out as expected, so that nothing alike is proposed.
    """
    alone = _alone(own)
    trust = _trust(own, prior, alone)
    trust = trust if trust >= LEAST_TRUST else 0.0
    before = len(stored) if stored is not None else 0
    experts = Experts(own=own, alone=alone, stored=_with_store(own.rows, stored, prior), trust=trust, before=before)
    if pending is None or not len(pending):
        return experts
    believed, _ = experts.predict(pending)
    n = len(pending)
    believed_rows = Rows(x=pending, y=believed, variance=np.zeros(n), weight=np.ones(n))
    rows = own.rows.joined(believed_rows) if len(own.rows) else believed_rows
    mean = alone.mean if alone is not None else PRIOR_MEAN
    return replace(experts, alone=fit(rows, mean=mean, start=alone, steps=0), stored=_with_store(rows, stored, prior))


def anchored(own: Responses, prior: ScoreModel) -> Responses:
    """Ranks put where the store expects runs like these on average.

    Ranks among runs which a store has chosen have the same middle as ranks among any, while the store's own are ranks
    among all: without an anchor it is refuted by choosing well. What it is wrong about shows in their order.
    """
    expected, _ = predict(prior, own.rows.x)
    return own.moved(float(np.mean(expected - own.rows.y)))


def _mixture(
    weight: float,
    one: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
    other: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Mean and standard deviation of a mixture of two Gaussians, the first of this weight."""
    (mean, sd), (other_mean, other_sd) = one, other
    mixed = weight * mean + (1 - weight) * other_mean
    second = weight * (sd**2 + (mean - mixed) ** 2) + (1 - weight) * (other_sd**2 + (other_mean - mixed) ** 2)
    return mixed, np.sqrt(second)


def _trust(own: Responses, prior: ScoreModel | None, alone: ScoreModel | None) -> float:
    if prior is None:
        return 0.0
    return 1.0 / (1.0 + math.exp(-START)) if alone is None else trust_in_store(own, prior, alone)


def _with_store(rows: Rows, stored: Rows | None, prior: ScoreModel | None) -> ScoreModel | None:
    """The expert with the store, shown this study's rows; its hyperparameters stay those of the store."""
    if stored is None or prior is None:
        return None
    return fit(stored.joined(rows), mean=prior.mean, start=prior, steps=0) if len(rows) else prior


def trust_in_store(own: Responses, prior: ScoreModel, alone: ScoreModel) -> float:
    """Weight of the expert with the store after it and the one without were scored on each row, in order.

    Both expect the level at which ranks were placed, so that only their order tells one from the other. The store's
    hyperparameters have not seen these rows. Those of the other expert are its priors' medians, and from twelve rows on
    those fitted to the rows, which favours it a little: a store that helps no more need not stay.
    """
    rows, usual = own.rows, np.full(len(own.rows), own.scale.centre)
    mean, spread = joint(prior, rows.x)
    noises = [float(model.likelihood.noise_covar.noise.detach()) for model in (prior, alone)]
    with_store = sequential_log_density(mean, spread, rows.y, noises[0] + rows.variance + _SURPRISE)
    without = sequential_log_density(
        usual, covariance(alone, rows.x, rows.x), rows.y, noises[1] + rows.variance + _SURPRISE
    )
    odds = START
    for gain in with_store - without:
        odds = min(LIMIT, max(-LIMIT, odds + float(gain)))
    return 1.0 / (1.0 + math.exp(-odds))


def sequential_log_density(
    mean: Float[np.ndarray, " n"],
    cov: Float[np.ndarray, "n n"],
    y: Float[np.ndarray, " n"],
    noise: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Log density of each response given those before it, for a Gaussian with `mean` and `cov` plus `noise`.

    One Cholesky factor holds all of them: its diagonal are the standard deviations of the one-step predictions.
    """
    factor = np.linalg.cholesky(cov + np.diag(noise))
    z = solve_triangular(factor, y - mean, lower=True)
    density: np.ndarray = -0.5 * z**2 - np.log(np.diag(factor)) - 0.5 * math.log(2 * math.pi)
    return density


def _alone(own: Responses) -> ScoreModel | None:
    """The expert without a store."""
    rows = own.rows
    if not len(rows):
        return None
    mean = float((rows.y.sum() + 2 * own.scale.centre) / (len(rows) + 2))
    few = rows.spread(_REFIT_ROWS)
    fitted = fit(few, mean=mean, steps=_REFIT_STEPS if len(rows) >= _REFIT_FROM else 0)
    return fitted if few is rows else fit(rows, mean=mean, start=fitted, steps=0)
