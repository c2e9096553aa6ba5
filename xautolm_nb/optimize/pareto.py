"""What an option promises for the front of score against seconds: log noisy expected hypervolume improvement.

Seconds count by their logarithm, so that halving them is worth the same anywhere. The front is not what was seen but
what is believed: it is drawn from the posterior again and again, as a lucky score is no point to beat (Daulton et al.,
Parallel Bayesian optimization of multiple noisy objectives with expected hypervolume improvement, NeurIPS 2021; the
logarithm as in Ament et al., Unexpected improvements to expected improvement, NeurIPS 2023).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from jaxtyping import Float
from scipy.special import logsumexp

from xautolm_nb.optimize.acquisition import Option, log_improvement
from xautolm_nb.optimize.cases import is_pending
from xautolm_nb.optimize.knowledge import Knowledge
from xautolm_nb.optimize.targets import inputs_of

FRONTS = 16
"""Draws of the front."""
USEFUL = 0.3
"""Responses this far below the best believed one count for nothing, however quick they are."""
_NOTHING = -1e3  # logarithm of no improvement


def valued(known: Knowledge, options: Sequence[Option], rng: np.random.Generator) -> list[Option]:
    """The options with what each adds to the front of score against seconds as its worth."""
    if not options:
        return []
    mean = np.array([[option.mean, -math.log(option.full)] for option in options])
    sd = np.array([[option.sd, max(option.pace_sd, 1e-3)] for option in options])
    fronts = draw_fronts(known, rng)
    slowest = max([*(-fronts[..., 1]).reshape(-1), float(np.median(-mean[:, 1]))])
    worst = known.incumbent() - USEFUL
    gains = log_expected_hypervolume_improvement(mean, sd, fronts, np.array([worst, -slowest]))
    # Improvements turn to risky options when little is left to gain, so success counts twice here.
    gains = gains + np.log([max(option.success, 1e-12) for option in options])
    return [replace(option, front=float(gain)) for option, gain in zip(options, gains, strict=True)]


def draw_fronts(known: Knowledge, rng: np.random.Generator) -> Float[np.ndarray, "s k 2"]:
    """Draws of (response, - log seconds) of the trials that are complete or on their way, each draw a whole front."""
    under_way = {trial.number for trial in known.trials if is_pending(trial)}
    done = {case.number for case in known.complete()}
    cases = [case for case in known.cases if case.number in under_way | done]
    mean, sd = known.experts.predict(inputs_of([case.point for case in cases])) if cases else (np.zeros(0), np.zeros(0))
    pace, _ = known.cost.log_seconds([case.point for case in cases])
    pace = np.array([math.log(c.seconds) if c.seconds else p for c, p in zip(cases, pace, strict=True)])
    draws = mean + sd * rng.standard_normal((FRONTS, len(cases)))
    return np.stack([draws, np.broadcast_to(-pace, draws.shape)], axis=-1)


def log_expected_hypervolume_improvement(
    mean: Float[np.ndarray, "n 2"],
    sd: Float[np.ndarray, "n 2"],
    fronts: Float[np.ndarray, "s k 2"],
    reference: Float[np.ndarray, " 2"],
) -> Float[np.ndarray, " n"]:
    """Logarithm of the improvement of the hypervolume, expected over outcomes and averaged over draws of the front.

    The space no front point dominates is cut into boxes [l, u); what an outcome y gains in a box is the product over
    both objectives of max(y - l, 0) - max(y - u, 0), whose expectation for independent Gaussians is closed.

    Args:
        mean: Expected objectives of the options, both to be maximised.
        sd: Their standard deviations.
        fronts: Draws of the objectives of what was run; no point at all is allowed.
        reference: Corner from which the volume counts.
    """
    drawn = torch.as_tensor(fronts).reshape(len(fronts), -1, 2)
    boxes = FastNondominatedPartitioning(torch.as_tensor(reference), drawn).get_hypercell_bounds().numpy()
    lower, upper = np.clip(boxes, reference - 1.0, 1e6)  # (draws, boxes, 2) each
    total = np.zeros((len(mean), *lower.shape[:2]))
    for objective in (0, 1):
        near = _log_gain(mean[:, objective], sd[:, objective], lower[..., objective])
        far = _log_gain(mean[:, objective], sd[:, objective], upper[..., objective])
        total += near + np.log1p(-np.exp(np.minimum(far - near, -1e-12)))
    gain = logsumexp(total.reshape(len(mean), -1), axis=1) - math.log(len(fronts))
    return np.maximum(gain, _NOTHING)


def _log_gain(
    mean: Float[np.ndarray, " n"], sd: Float[np.ndarray, " n"], bound: Float[np.ndarray, "s b"]
) -> Float[np.ndarray, "n s b"]:
    """Log expected improvement of each option over each bound."""
    n = len(mean)
    flat = log_improvement(np.repeat(mean, bound.size), np.repeat(sd, bound.size), np.tile(bound.reshape(-1), n))
    return flat.reshape(n, *bound.shape)
