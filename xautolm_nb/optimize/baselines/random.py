"""Random search at full fidelity: what every other optimizer must beat."""

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


@dataclass(frozen=True, kw_only=True)
class RandomSearch:
    """Draws configurations that can run by prediction, none twice, and runs each to its end."""

    space: SearchSpace
    max_trials: int | None = None

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose at random (see `core.proposal.Optimizer`); trials that were cut off go on first."""
        paused = next((trial for trial in trials if trial.state is TrialState.PAUSED), None)
        if paused is not None:
            return Proposal(config=paused.config, fidelity=1.0, thaw=paused.number, reason="finish what was begun")
        if self.max_trials is not None and len(trials) >= self.max_trials:
            return None
        rng = np.random.default_rng([seed, len(trials)])
        known = {config_key(trial.config) for trial in trials}
        drawn = random_configs(self.space, context, rng, 1, known)
        return Proposal(config=drawn[0], fidelity=1.0, reason="drawn at random") if drawn else None
