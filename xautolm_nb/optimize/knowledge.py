"""All that is known when a decision is taken: the store's prior, this study's trials, and the models of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import cost, feasibility
from xautolm_nb.optimize.cases import Case, is_pending, trial_cases
from xautolm_nb.optimize.cost import CostModel
from xautolm_nb.optimize.experts import Experts, anchored, consult
from xautolm_nb.optimize.feasibility import Feasibility
from xautolm_nb.optimize.prior import MetaPrior
from xautolm_nb.optimize.response import PRIOR_MEAN, to_score
from xautolm_nb.optimize.targets import inputs_of, responses
from xautolm_nb.space import SearchSpace

STORE_FREE_EVERY = 3
"""Every third decision is taken without the store: the guard against a misleading one (our study of curves)."""
STORE_FREE_FROM = 12
"""The first of them: a short search has no runs to give away, and trust has moved by then if it was misplaced."""

PROVEN = 0.97
"""A store that is trusted this much has been right about this task: it is left aside no more, and needs no contrast."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Knowledge:
    """What was learned from the store and from this study's trials."""

    context: Context
    metric: Metric
    rungs: tuple[float, ...]
    """Fidelities at which trials may pause."""
    trials: tuple[Trial, ...]
    """By number."""
    cases: tuple[Case, ...]
    """The trials as cases; those of models no longer offered are missing."""
    prior: MetaPrior
    experts: Experts
    feasibility: Feasibility
    cost: CostModel

    @property
    def has_store(self) -> bool:
        """Whether the store has anything to say about scores, and is trusted."""
        return self.experts.stored is not None and self.experts.trust > 0.0

    @property
    def is_proven(self) -> bool:
        """Whether the store has been right about this task."""
        return self.experts.trust >= PROVEN

    @property
    def decisions(self) -> int:
        """Counts how often was decided so far: rungs reached, failures and running trials."""
        return sum(max(1, self._rungs_of(trial)) + is_pending(trial) for trial in self.trials)

    def _rungs_of(self, trial: Trial) -> int:
        return sum(trial.fidelity >= rung - 1e-6 for rung in self.rungs)

    @property
    def leaves_store_aside(self) -> bool:
        """Whether this decision is one of those taken without the store."""
        doubted = self.has_store and not self.is_proven and self.decisions >= STORE_FREE_FROM
        return doubted and self.decisions % STORE_FREE_EVERY == STORE_FREE_EVERY - 1

    @property
    def tried(self) -> set[str]:
        """Keys of all configurations that were tried or are running."""
        return {config_key(trial.config) for trial in self.trials}

    def score(self, response: float) -> float:
        """A response in the metric's own unit."""
        return to_score(self.experts.own.scale.skill(response), self.metric, self.context)

    @property
    def unit(self) -> float:
        """What a response of 1 is worth in the metric, near the best seen."""
        top = self.incumbent()
        return abs(self.score(top) - self.score(top - 0.1)) / 0.1

    def complete(self) -> list[Case]:
        """Cases of trials that ran to fidelity 1."""
        done = {trial.number for trial in self.trials if trial.state is TrialState.COMPLETE}
        return [case for case in self.cases if case.number in done]

    def seen(self, case: Case) -> float:
        """Response of a case as far as it was run."""
        place = next(i for i, other in enumerate(self.experts.own.cases) if other is case)
        return float(self.experts.own.seen[place])

    def best_seen(self, number: int) -> float:
        """Response of a trial as far as it was run; the worst there is before its first validation."""
        case = next((case for case in self.experts.own.cases if case.number == number), None)
        return self.seen(case) if case is not None else -np.inf

    def incumbent(self) -> float:
        """Response to improve on: the best seen, complete trials by their posterior mean where their luck was better.

        Before any score it is what the models expect of an average configuration. By rank, what was seen of a curve is
        no floor for its end, so there it is the best end to be expected.
        """
        own = self.experts.own
        if not own.cases:
            return PRIOR_MEAN
        if self.prior.ranked:
            return float(np.max(self.experts.ends()[0]))
        mean, _ = self.experts.predict(own.rows.x)
        done = {case.number for case in self.complete()}
        is_done = np.array([case.number in done for case in own.cases])
        return float(np.max(np.where(is_done, np.minimum(mean, own.seen), own.seen)))


def learn(
    context: Context,
    experiences: Sequence[Experience],
    trials: Sequence[Trial],
    *,
    space: SearchSpace,
    metric: Metric,
    rungs: Sequence[float] = (1.0,),
) -> Knowledge:
    """Learn score, success and seconds from the store and the trials so far.

    Args:
        context: The task and machine at hand.
        experiences: Past trials of other studies.
        trials: All trials of this study, in any state.
        space: Where to search.
        metric: What trials are judged by.
        rungs: Fidelities at which trials may pause.
    """
    prior = MetaPrior.build(context, experiences, space, metric)
    ordered = tuple(sorted(trials, key=lambda trial: trial.number))
    cases = trial_cases(ordered, context, space, metric)
    running = {trial.number for trial in ordered if is_pending(trial)}
    pending = inputs_of([case.point for case in cases if case.number in running])
    own = responses(cases, others=prior.rises, usual=prior.usual_best, ranked=prior.ranked)
    if prior.ranked and prior.score is not None and own.cases:
        own = anchored(own, prior.score)
    return Knowledge(
        context=context,
        metric=metric,
        rungs=tuple(rungs),
        trials=ordered,
        cases=tuple(cases),
        prior=prior,
        experts=consult(own, prior.rows, prior.score, pending),
        feasibility=feasibility.learn(cases, prior.cases),
        cost=cost.learn(cases, prior.cases),
    )
