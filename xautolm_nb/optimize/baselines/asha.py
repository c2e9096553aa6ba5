"""Asynchronous successive halving (Li et al., 2020): promote the best of each rung, else start a new one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xautolm_nb.core.config import ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines.fresh import keys_of, random_new
from xautolm_nb.optimize.baselines.rungs import gain_at, is_paused_at, next_rung, score_at
from xautolm_nb.optimize.baselines.store_order import store_order
from xautolm_nb.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class AsynchronousHalving:
    """Promotes a paused trial when it is among the best 1/eta of all that reached its rung."""

    space: SearchSpace
    rungs: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    eta: float = 2.0
    """One of `eta` trials of a rung goes on to the next; 2 fits rungs that double."""
    order: Literal["random", "store"] = "random"
    """New configurations come at random, or in the order the store suggests (see `store_order`)."""
    random_share: float = 0.0
    """Share of the starts that are drawn at random all the same; with 1/3 every third one."""

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
        return self._start(context, experiences, trials, seed) or self._leftover(trials)

    def _promotable(self, trials: Sequence[Trial], rung: float) -> Trial | None:
        """The best trial paused at a rung, if it belongs to the best of all that reached that rung."""
        reached = [trial for trial in trials if score_at(trial, rung) is not None]
        ranked = sorted(reached, key=lambda trial: -gain_at(trial, rung))
        best = ranked[: int(len(ranked) / self.eta)]
        return next((trial for trial in best if is_paused_at(trial, rung)), None)

    def _start(
        self, context: Context, experiences: Sequence[Experience], trials: Sequence[Trial], seed: int
    ) -> Proposal | None:
        if self.order == "store" and not _is_random_turn(len(trials), self.random_share):
            known = keys_of(trials)
            ranked = store_order(self.space, context, experiences, seed)
            config = next((config for config in ranked if config_key(config) not in known), None)
            if config is not None:
                return self._new(config, "the store ranks it first of what is left")
        drawn = random_new(self.space, context, np.random.default_rng([seed, len(trials)]), keys_of(trials))
        return self._new(drawn[0], "drawn at random") if drawn else None

    def _new(self, config: dict[str, ConfigValue], reason: str) -> Proposal:
        return Proposal(config=config, fidelity=self.rungs[0], reason=reason)

    def _leftover(self, trials: Sequence[Trial]) -> Proposal | None:
        """With nothing new to draw, the most advanced paused trial goes on."""
        paused = [trial for trial in trials if trial.state is TrialState.PAUSED]
        if not paused:
            return None
        trial = max(paused, key=lambda trial: (trial.fidelity, -trial.number))
        rung = next_rung(trial, self.rungs)
        return Proposal(config=trial.config, fidelity=rung, thaw=trial.number, reason="nothing new is left to start")


def _is_random_turn(start: int, share: float) -> bool:
    """Whether the start of this number, from 0, completes another random one: with 1/3 the numbers 2, 5, 8, ..."""
    return math.floor((start + 1) * share + 1e-9) > math.floor(start * share + 1e-9)
