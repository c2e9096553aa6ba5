"""RGPE: a ranking-weighted ensemble of Gaussian processes (Feurer et al., 2018), after BoTorch's tutorial on it.

One SingleTaskGP for each stored task and one for the target. A model's weight is how often, over samples of its
posterior, it orders the target's trials best; the target's own model is judged leave-one-out. Against dilution, a
stored model whose median loss is above the 95th percentile of the target model's is dropped (their section 4).
Expected improvement over all that was not tried; whole runs.

Ours: RGPE says nothing of failures, so its improvement is multiplied by the success probability of a forest on the same
vectors; the GPs see successes only. Below three successes stored models have equal weights and the incumbent is one
deviation above the mean; without a store the first three are random. At most 150 rows of a stored task are taken.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from botorch.models import SingleTaskGP
from scipy.stats import norm

from benchmarks.peers.forest import success
from benchmarks.peers.gps import fit_gp
from benchmarks.peers.located import Located, Rows
from benchmarks.peers.pool import Pool
from benchmarks.problem import Problem
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial

SAMPLES = 256
UNIT = 1.0 / math.sqrt(12.0)
"""Brings columns of deviation 1 to a range of 1, which BoTorch's priors are written for."""
FEW = 3
MOST = 150


def make(problem: Problem) -> Optimizer:
    """Build it for a problem."""
    return RGPE(problem)


class RGPE:
    """Stored models are fitted once, the target's after each trial."""

    def __init__(self, problem: Problem) -> None:
        self._pool, self._located = Pool(problem.space), Located(problem, MOST)
        self._base: list[SingleTaskGP] | None = None

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose the largest improvement times success (see `core.proposal.Optimizer`)."""
        rng = np.random.default_rng([seed, len(trials)])
        torch.manual_seed(int(rng.integers(2**31)))
        candidates = self._pool.candidates(trials, rng)
        if not candidates:
            return None
        configs, at = self._located.offered(candidates, context)
        stored = self._located.stored(experiences, seed)
        base = self._stored_models(stored)
        own = self._located.target(trials, context)
        enough = own is not None and len(own.gains) >= FEW
        if not configs or not (base or enough):
            return Proposal(config=candidates[int(rng.integers(len(candidates)))], fidelity=1.0, reason="random start")
        value = improvement(base, own, at) if own is not None and enough else _from_store(base, at)
        tasks = [*stored, *([own] if own is not None else [])]
        value = value * success(tasks, at, int(rng.integers(2**31))) + 1e-12 * rng.random(len(at))
        return Proposal(config=configs[int(np.argmax(value))], fidelity=1.0, reason="largest improvement times success")

    def _stored_models(self, stored: Sequence[Rows]) -> list[SingleTaskGP]:
        if self._base is None:
            self._base = [
                fit_gp(UNIT * rows.scored, _standard(rows.gains)) for rows in stored if len(rows.gains) >= FEW
            ]
        return self._base


def improvement(base: Sequence[SingleTaskGP], own: Rows, at: np.ndarray) -> np.ndarray:
    """Expected improvement of the ensemble, in deviations of the target's gains."""
    y = _standard(own.gains)
    x = UNIT * own.scored
    target = fit_gp(x, y)
    weights = rank_weights(base, target, x, y)
    mean, sd = _ensemble([*base, target], weights, UNIT * at)
    return _expected(mean, sd, float(y.max()))


def rank_weights(base: Sequence[SingleTaskGP], target: SingleTaskGP, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of the samples in which each model orders the target's trials best, the target's last, shape (m + 1,).

    Of equally good models the target's own counts, then the earlier.
    """
    losses = [ranking_losses(_samples(model, x), y) for model in base]
    own = left_out_losses(_left_out(target, x, y), y)
    limit = np.quantile(own, 0.95)
    kept = [loss if np.median(loss) <= limit else np.full(SAMPLES, np.inf) for loss in losses]
    best = np.argmin(np.stack([own, *kept]), axis=0)
    counts = np.bincount(best, minlength=len(base) + 1) / SAMPLES
    return np.append(counts[1:], counts[0])


def ranking_losses(samples: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Misordered pairs in each sample; samples (s, n) of a model at the target's trials."""
    seen = samples[:, :, None] < samples[:, None, :]
    return np.asarray((seen ^ (y[:, None] < y[None, :])).sum(axis=(1, 2)))


def left_out_losses(samples: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Misordered pairs where trial i is sampled by a model without it, and stands against the others' true values."""
    wrong = (samples[:, :, None] < y[None, None, :]) ^ (y[:, None] < y[None, :])
    wrong[:, np.arange(len(y)), np.arange(len(y))] = False
    return np.asarray(wrong.sum(axis=(1, 2)))


def _samples(model: SingleTaskGP, x: np.ndarray) -> np.ndarray:
    """Joint samples of the posterior at points, shape (s, n)."""
    with torch.no_grad():
        drawn = model.posterior(torch.as_tensor(x)).sample(torch.Size([SAMPLES]))
    found: np.ndarray = drawn.squeeze(-1).numpy()
    return found


def _left_out(model: SingleTaskGP, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Samples (s, n) of each trial's value by a model of the same hyperparameters that has not seen it.

    Rasmussen and Williams (2006), equation 5.12.
    """
    with torch.no_grad():
        covariance = model.covar_module(torch.as_tensor(x)).to_dense()
        noise = model.likelihood.noise
        precision = torch.linalg.inv(covariance + noise * torch.eye(len(y), dtype=covariance.dtype))
        told = model.outcome_transform(torch.as_tensor(y).unsqueeze(-1))[0].squeeze(-1)
        variance = 1.0 / precision.diagonal()
        mean = told - (precision @ (told - model.mean_module(torch.as_tensor(x)))) * variance
        drawn = mean + variance.sqrt() * torch.randn(SAMPLES, len(y), dtype=covariance.dtype)
        values: np.ndarray = model.outcome_transform.untransform(drawn.unsqueeze(-1))[0].squeeze(-1).numpy()
    return values


def _from_store(base: Sequence[SingleTaskGP], at: np.ndarray) -> np.ndarray:
    mean, sd = _ensemble(base, np.full(len(base), 1.0 / len(base)), UNIT * at)
    return _expected(mean, sd, 1.0)


def _ensemble(models: Sequence[SingleTaskGP], weights: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the weighted sum of independent models."""
    mean, variance = np.zeros(len(at)), np.zeros(len(at))
    for model, weight in zip(models, weights, strict=True):
        if weight > 0:
            with torch.no_grad():
                posterior = model.posterior(torch.as_tensor(at).unsqueeze(1))
            mean += weight * posterior.mean.flatten().numpy()
            variance += weight**2 * posterior.variance.flatten().numpy()
    return mean, np.sqrt(np.maximum(variance, 1e-12))


def _expected(mean: np.ndarray, sd: np.ndarray, best: float) -> np.ndarray:
    z = (mean - best) / sd
    return np.asarray(np.maximum(sd * (norm.pdf(z) + z * norm.cdf(z)), 1e-30))


def _standard(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return np.asarray((values - values.mean()) / (spread if spread > 1e-9 else 1.0))
