"""The plainest use of a store: run what was best elsewhere, task by task in turn, then draw at random."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.metafeatures import context_weights
from xautolm_nb.optimize.baselines.fitting import fit_into, in_names_of, nearest_listed
from xautolm_nb.optimize.baselines.fresh import finish_first, keys_of, random_new, runs_here
from xautolm_nb.optimize.cases import latest_rungs
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class BestOfStore:
    """Runs the best configuration of each stored task, the most similar task first, then each second best, and so on.

    In a listed space the n-th trial takes the untried configuration nearest to the n-th wish.
    """

    space: SearchSpace

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Take the next of the store's best (see `core.proposal.Optimizer`); trials cut off go on first."""
        if (unfinished := finish_first(trials)) is not None:
            return unfinished
        wishes = _wishes(ByIdentity((self.space, context, *experiences)))
        config = self._wished(wishes, context, trials)
        if config is not None:
            return Proposal(config=config, fidelity=1.0, reason="among the best of the store")
        rng = np.random.default_rng([seed, len(trials)])
        drawn = random_new(self.space, context, rng, keys_of(trials))
        return Proposal(config=drawn[0], fidelity=1.0, reason="drawn at random") if drawn else None

    def _wished(
        self, wishes: Sequence[Config], context: Context, trials: Sequence[Trial]
    ) -> dict[str, ConfigValue] | None:
        known = keys_of(trials)
        if self.space.only:
            return nearest_listed(wishes[len(trials)], self.space, known) if len(trials) < len(wishes) else None
        new = (wish for wish in wishes if config_key(wish) not in known and runs_here(self.space, wish, context))
        return next((dict(wish) for wish in new), None)


def in_turn(context: Context, experiences: Sequence[Experience]) -> list[Experience]:
    """Successful records by score within their task, one task after the other in turn, the most similar task first.

    Within a task the order of scores is that of skill over the task's best.
    """
    tasks: dict[tuple[str, str, str], list[Experience]] = {}
    for record, _ in latest_rungs(experiences, [1.0] * len(experiences)):
        if record.succeeded:
            tasks.setdefault((record.task_name, record.fingerprint, record.metric.name), []).append(record)
    similarity = context_weights(context, [records[0].context for records in tasks.values()])
    near = sorted(zip(similarity, tasks.values(), strict=True), key=lambda pair: -float(pair[0]))
    ranked = [sorted(records, key=_gain, reverse=True) for weight, records in near if weight > 0]
    depth = max(map(len, ranked), default=0)
    return [records[place] for place in range(depth) for records in ranked if place < len(records)]


def _gain(record: Experience) -> float:
    score = record.score if record.score is not None else -math.inf
    return score if record.metric.maximize else -score


@lru_cache(maxsize=16)
def _wishes(key: ByIdentity) -> tuple[dict[str, ConfigValue], ...]:
    space, context, *experiences = key.items
    fitted = (fit_into(in_names_of(space, record), space) for record in in_turn(context, experiences))
    return tuple(config for config in fitted if config is not None)
