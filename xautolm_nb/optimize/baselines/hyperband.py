"""Hyperband (Li et al., 2018) for a single worker: brackets of synchronous halving, one after the other."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines.fresh import keys_of, random_new
from xautolm_nb.optimize.baselines.rungs import NEAR, gain_at, next_rung
from xautolm_nb.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """A number of new trials, and the rungs they climb; of n trials the best n / eta climb each time."""

    trials: int
    rungs: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Hyperband:
    """Starts a bracket's trials at random, then promotes the best from rung to rung once all have reached it.

    The brackets are read off the trials in order of their numbers, and begin anew after the last one. While a bracket
    waits for a running trial, the next bracket is worked on.
    """

    space: SearchSpace
    rungs: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    eta: float = 3.0

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Promote within the first bracket that has something to do, else start (see `core.proposal.Optimizer`)."""
        left = sorted(trials, key=lambda trial: trial.number)
        for bracket in cycle(self.rungs, self.eta):
            members, left = left[: bracket.trials], left[bracket.trials :]
            if len(members) < bracket.trials:
                new = self._start(context, trials, seed, bracket)
                return new or self._promoted(members, bracket) or self._leftover(trials)
            if (promotion := self._promoted(members, bracket)) is not None:
                return promotion
        return None

    def _start(self, context: Context, trials: Sequence[Trial], seed: int, bracket: Bracket) -> Proposal | None:
        rng = np.random.default_rng([seed, len(trials)])
        drawn = random_new(self.space, context, rng, keys_of(trials))
        return Proposal(config=drawn[0], fidelity=bracket.rungs[0], reason="drawn at random") if drawn else None

    def _promoted(self, members: Sequence[Trial], bracket: Bracket) -> Proposal | None:
        """Move a trial to the lowest rung where one is missing; None when the bracket is done or has to wait."""
        climbing = list(members)
        for place, rung in enumerate(bracket.rungs):
            behind = [trial for trial in climbing if not trial.state.is_finished and trial.fidelity < rung - NEAR]
            paused = [trial for trial in behind if trial.state is TrialState.PAUSED]
            if paused:
                why = f"among the best {len(climbing)} of a bracket of {bracket.trials}"
                return Proposal(config=paused[0].config, fidelity=rung, thaw=paused[0].number, reason=why)
            if behind:
                return None
            climbing = survivors(climbing, rung, math.floor(bracket.trials / self.eta ** (place + 1) + NEAR))
        return None

    def _leftover(self, trials: Sequence[Trial]) -> Proposal | None:
        """With nothing new to draw, the most advanced paused trial goes on."""
        paused = [trial for trial in trials if trial.state is TrialState.PAUSED]
        if not paused:
            return None
        trial = max(paused, key=lambda trial: (trial.fidelity, -trial.number))
        rung, why = next_rung(trial, self.rungs), "nothing new is left to start"
        return Proposal(config=trial.config, fidelity=rung, thaw=trial.number, reason=why)


def brackets(rungs: tuple[float, ...], eta: float) -> list[Bracket]:
    """One bracket per rung to start at: with S + 1 rungs, the one that climbs s times has (S + 1) / (s + 1) eta^s."""
    return [
        Bracket(trials=math.ceil(len(rungs) / (s + 1) * eta**s - NEAR), rungs=rungs[len(rungs) - 1 - s :])
        for s in reversed(range(len(rungs)))
    ]


def cycle(rungs: tuple[float, ...], eta: float) -> Iterator[Bracket]:
    """The brackets again and again, the most daring first."""
    given = brackets(rungs, eta)
    return (given[number % len(given)] for number in count())


def survivors(trials: Sequence[Trial], rung: float, n: int) -> list[Trial]:
    """The best `n` of those that reached a rung without failing, by number among equals."""
    reached = [trial for trial in trials if trial.failure is None and gain_at(trial, rung) > -math.inf]
    return sorted(reached, key=lambda trial: (-gain_at(trial, rung), trial.number))[:n]
