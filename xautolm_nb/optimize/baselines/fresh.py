"""New configurations for plain optimizers."""

from collections.abc import Sequence, Set

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.candidates import random_configs
from xautolm_nb.optimize.cases import OWN_SPACE
from xautolm_nb.space import SearchSpace

_TRIES = 200


def runs_here(space: SearchSpace, config: Config, context: Context) -> bool:
    """Whether nothing speaks against running it; only the package's own spaces can be judged."""
    return not space.name.startswith(OWN_SPACE) or space.check(config, context) is None


def random_new(
    space: SearchSpace, context: Context, rng: np.random.Generator, known: Set[str], n: int = 1
) -> list[dict[str, ConfigValue]]:
    """Draw up to `n` different configurations that are not among the known keys and can run here by prediction."""
    if space.only or space.name.startswith(OWN_SPACE):
        return random_configs(space, context, rng, n, known)
    found: dict[str, dict[str, ConfigValue]] = {}
    for _ in range(4 * n + _TRIES):
        config = space.sample(rng)
        if (key := config_key(config)) not in known:
            found.setdefault(key, config)
        if len(found) == n:
            break
    return list(found.values())


def keys_of(trials: Sequence[Trial]) -> set[str]:
    """Keys of the configurations that were tried or are running."""
    return {config_key(trial.config) for trial in trials}


def finish_first(trials: Sequence[Trial]) -> Proposal | None:
    """Finish a trial that was cut off, for optimizers that run each trial to its end."""
    paused = [trial for trial in trials if trial.state is TrialState.PAUSED]
    if not paused:
        return None
    trial = min(paused, key=lambda trial: trial.number)
    return Proposal(config=trial.config, fidelity=1.0, thaw=trial.number, reason="finish what was begun")
