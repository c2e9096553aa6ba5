"""What an optimizer is: a function of what is known, without hidden state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Trial

DEFAULT_RUNGS = (0.0625, 0.125, 0.25, 0.5, 1.0)
"""Fidelities at which trials are validated and may pause; the last is 1."""


@dataclass(frozen=True, kw_only=True)
class Influence:
    """An experience that argued for (weight > 0) or against (weight < 0) a proposal."""

    experience: str
    """Its content id."""
    weight: float
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The next piece of work: start a configuration, or thaw a paused trial, up to `fidelity`."""

    config: Mapping[str, ConfigValue]
    fidelity: float
    thaw: int | None = None
    """Number of the paused trial that goes on; None starts a new one."""
    expected: Mapping[str, float] = field(default_factory=dict)
    """What the models expect: `score` (at fidelity 1), `score_sd`, `seconds` (added), `success` (probability), `gain`
    (of the best score, were it run to its end)."""
    reason: str = ""
    influences: tuple[Influence, ...] = ()


class Optimizer(Protocol):
    """Proposes what to run next.

    The same arguments give the same proposal: nothing is remembered between calls, so resuming, replaying and
    testing need no extra machinery. Trials in state running are pending and must be respected.
    """

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose the next proposal, or None when nothing is left that is worth its cost.

        Args:
            context: The task and machine at hand.
            experiences: Past trials of other tasks, any number, the most similar first.
            trials: All trials of this study so far, in any state.
            seed: Breaks ties and draws candidates.
            seconds_left: What is left of the budget; None means no limit.
        """
        ...
