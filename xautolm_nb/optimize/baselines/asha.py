"""Asynchronous successive halving (Li et al., 2020): promote the best of each rung, else start at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.candidates import random_configs
from xautolm_nb.space import SearchSpace

_NEAR = 1e-9


@dataclass(frozen=True, kw_only=True)
class AsynchronousHalving:
    """Promotes a paused trial when it is among the best 1/eta of all that reached its rung."""

    space: SearchSpace
    rungs: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    eta: float = 2.0
    """One of `eta` trials of a rung goes on to the next; 2 fits rungs that double."""

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Promote from the highest rung that has a candidate, else start (see `core.proposal.Optimizer`)."""
        for low, high in reversed(list(zip(self.rungs, self.rungs[1:], strict=False))):
            promoted = self._promotable(trials, low)
            if promoted is not None:
                why = f"among the best 1/{self.eta:g} of those that reached {low:.0%}"
                return Proposal(config=promoted.config, fidelity=high, thaw=promoted.number, reason=why)
        return self._start(context, trials, seed) or self._leftover(trials)

    def _promotable(self, trials: Sequence[Trial], rung: float) -> Trial | None:
        """The best trial paused at a rung, if it belongs to the best of all that reached that rung."""
        reached = [trial for trial in trials if _score_at(trial, rung) is not None]
        ranked = sorted(reached, key=lambda trial: -_gain(trial, rung))
        best = ranked[: int(len(ranked) / self.eta)]
        return next((trial for trial in best if _is_paused_at(trial, rung)), None)

    def _start(self, context: Context, trials: Sequence[Trial], seed: int) -> Proposal | None:
        rng = np.random.default_rng([seed, len(trials)])
        drawn = random_configs(self.space, context, rng, 1, {config_key(trial.config) for trial in trials})
        return Proposal(config=drawn[0], fidelity=self.rungs[0], reason="drawn at random") if drawn else None

    def _leftover(self, trials: Sequence[Trial]) -> Proposal | None:
        """With nothing new to draw, the most advanced paused trial goes on."""
        paused = [trial for trial in trials if trial.state is TrialState.PAUSED]
        if not paused:
            return None
        trial = max(paused, key=lambda trial: (trial.fidelity, -trial.number))
        rung = next((rung for rung in self.rungs if rung > trial.fidelity + _NEAR), 1.0)
        return Proposal(config=trial.config, fidelity=rung, thaw=trial.number, reason="nothing new is left to start")


def _is_paused_at(trial: Trial, rung: float) -> bool:
    return trial.state is TrialState.PAUSED and abs(trial.fidelity - rung) < _NEAR


def _score_at(trial: Trial, rung: float) -> float | None:
    """Best score of a trial up to a rung; None when it did not reach it."""
    points = [point.score for point in trial.curve if point.fidelity <= rung + _NEAR]
    if not points or trial.curve[-1].fidelity < rung - _NEAR:
        return None
    return max(points) if trial.maximize else min(points)


def _gain(trial: Trial, rung: float) -> float:
    score = _score_at(trial, rung)
    if score is None:
        return float("-inf")
    return score if trial.maximize else -score
