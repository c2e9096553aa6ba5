"""All that is known when a decision is taken: the store's prior, this study's trials, and the models of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import cost, feasibility
from xautolm_nb.optimize.cases import Case, is_pending, trial_cases
from xautolm_nb.optimize.cost import CostModel
from xautolm_nb.optimize.experts import Experts, consult, inputs_of, responses
from xautolm_nb.optimize.feasibility import Feasibility
from xautolm_nb.optimize.prior import MetaPrior
from xautolm_nb.optimize.response import constant_score
from xautolm_nb.optimize.surrogate import PRIOR_MEAN

STORE_FREE_EVERY = 3
"""Every third decision is taken without the store: the guard against a misleading one (our study of curves)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Knowledge:
    """What was learned from the store and from this study's trials."""

    context: Context
    metric: Metric
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
    def decisions(self) -> int:
        """Rungs reached, failures and running trials so far: counts how often was decided."""
        return sum(max(1, len(trial.curve)) + is_pending(trial) for trial in self.trials)

    @property
    def leaves_store_aside(self) -> bool:
        """Whether this decision is one of those taken without the store."""
        return self.has_store and self.decisions % STORE_FREE_EVERY == STORE_FREE_EVERY - 1

    @property
    def tried(self) -> set[str]:
        """Keys of all configurations that were tried or are running."""
        return {config_key(trial.config) for trial in self.trials}

    @property
    def unit(self) -> float:
        """What a response of 1 is worth in the metric."""
        constant = constant_score(self.metric, self.context) if self.metric.maximize else 0.0
        return self.experts.own.scale * (1.0 - min(constant, 0.99))

    def complete(self) -> list[Case]:
        """Cases of trials that ran to fidelity 1."""
        done = {trial.number for trial in self.trials if trial.state is TrialState.COMPLETE}
        return [case for case in self.cases if case.number in done]

    def seen(self, case: Case) -> float:
        """Best response observed along a case's curve."""
        return case.curve[-1][1] / self.experts.own.scale

    def incumbent(self) -> float:
        """Response to improve on: the best seen, complete trials by their posterior mean where their luck was better.

        Before any score it is what the models expect of an average configuration.
        """
        scored = [case for case in self.cases if case.curve]
        if not scored:
            return PRIOR_MEAN
        mean, _ = self.experts.predict(inputs_of([case.point for case in scored]))
        complete = {case.number for case in self.complete()}
        seen = [self.seen(case) for case in scored]
        values = [min(m, s) if c.number in complete else s for c, m, s in zip(scored, mean, seen, strict=True)]
        return float(np.max(values))


def learn(
    context: Context,
    experiences: Sequence[Experience],
    trials: Sequence[Trial],
    *,
    models: Mapping[str, ModelInfo],
    metric: Metric,
) -> Knowledge:
    """Learn score, success and seconds from the store and the trials so far.

    Args:
        context: The task and machine at hand.
        experiences: Past trials of other studies.
        trials: All trials of this study, in any state.
        models: The models offered, by id.
        metric: What trials are judged by.
    """
    prior = MetaPrior.build(context, experiences, models, metric)
    ordered = tuple(sorted(trials, key=lambda trial: trial.number))
    cases = trial_cases(ordered, context, models, metric)
    running = {trial.number for trial in ordered if is_pending(trial)}
    pending = inputs_of([case.point for case in cases if case.number in running])
    return Knowledge(
        context=context,
        metric=metric,
        trials=ordered,
        cases=tuple(cases),
        prior=prior,
        experts=consult(responses(cases, others=prior.scored.cases), prior.rows, prior.score, pending),
        feasibility=feasibility.learn(cases, prior.cases),
        cost=cost.learn([*prior.cases, *cases]),
    )
