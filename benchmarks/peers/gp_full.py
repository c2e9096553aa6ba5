"""Plain Bayesian optimization: BoTorch's SingleTaskGP and log expected improvement (Ament et al., 2023), whole runs.

The model reads configurations in the unit cube; a failure counts as the worst value; the first five are random. All
untried configurations of a pool are scored, in an open space 512 random ones.
"""

from collections.abc import Sequence

import numpy as np
import torch
from botorch.acquisition import LogExpectedImprovement

from benchmarks.peers.gps import fit_gp
from benchmarks.peers.pool import Pool, finished, place
from benchmarks.problem import Problem
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial

START = 5


def make(problem: Problem) -> Optimizer:
    """Build it for a problem."""
    return FullGP(problem)


class FullGP:
    """One GP over the unit cube, refitted after each trial."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._pool = problem, Pool(problem.space)

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose the largest expected improvement (see `core.proposal.Optimizer`)."""
        rng = np.random.default_rng([seed, len(trials)])
        offered = self._pool.candidates(trials, rng)
        if not offered:
            return None
        configs, y = finished(trials, self._problem)
        if len(y) < START or np.ptp(y) == 0:
            return Proposal(config=offered[int(rng.integers(len(offered)))], fidelity=1.0, reason="random start")
        space = self._problem.space
        torch.manual_seed(int(rng.integers(2**31)))
        model = fit_gp(np.array([place(config, space) for config in configs]), y)
        at = torch.as_tensor(np.array([place(config, space) for config in offered]))
        with torch.no_grad():
            value = LogExpectedImprovement(model, best_f=float(y.max()))(at.unsqueeze(1))
        return Proposal(config=offered[int(value.argmax())], fidelity=1.0, reason="largest expected improvement")
