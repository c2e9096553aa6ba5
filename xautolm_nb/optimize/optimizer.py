"""The optimizer of this package: freeze-thaw Bayesian optimization with priors from the experience store.

    learn      what the store says and what this study saw -> models of score, success and seconds
    options    every paused trial that may be thawed, new configurations that may be started
    decide     the one of most worth that the time left allows

`propose` is a pure function of its arguments; nothing is remembered between calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.acquisition import Option, affordable, expected_gain
from xautolm_nb.optimize.decide import Decision, decide
from xautolm_nb.optimize.explain import influences, reason
from xautolm_nb.optimize.knowledge import Knowledge, learn
from xautolm_nb.optimize.options import starts, thaws
from xautolm_nb.optimize.pareto import valued
from xautolm_nb.optimize.prior import MetaPrior
from xautolm_nb.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class BayesianOptimizer:
    """Proposes by the prospect at full fidelity, probability of success and cost, over models and methods."""

    space: SearchSpace
    rungs: tuple[float, ...] = DEFAULT_RUNGS
    """Fidelities at which trials may pause; the last is 1."""
    objectives: tuple[str, ...] = ("f1",)
    """The metric first; with `seconds` beside it options are worth what they add to the front of the two."""
    maximize: bool = True
    trial_timeout_seconds: float | None = None
    """A trial that takes longer fails; None for no limit."""
    workers: int = 1
    """Trials that run beside each other."""

    @property
    def metric(self) -> Metric:
        """What trials are judged by."""
        return Metric(name=self.objectives[0], maximize=self.maximize)

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Choose the next proposal (see `core.proposal.Optimizer`); None when nothing is left that is worth it."""
        known = learn(context, experiences, trials, space=self.space, metric=self.metric, rungs=self.rungs)
        rng = np.random.default_rng([seed, known.decisions])
        going = thaws(known, self.rungs, self.trial_timeout_seconds)
        new = starts(known, self.space, rng, self.rungs, self.trial_timeout_seconds)
        options = affordable([*going, *new], seconds_left) or _last_resort(known, new)
        if not options:
            return None
        if "seconds" in self.objectives:
            options = valued(known, options, rng)
        decision = decide(
            known,
            options,
            space=self.space,
            seconds_left=seconds_left,
            rng=rng,
            workers=self.workers,
        )
        return _proposal(known, decision) if decision is not None else None

    def prior(self, context: Context, experiences: Sequence[Experience]) -> MetaPrior:
        """What the experiences say about the context; `summary()` of it is for displays."""
        return MetaPrior.build(context, experiences, self.space, self.metric)


def _last_resort(known: Knowledge, new: Sequence[Option]) -> list[Option]:
    """With no score at all yet, the quickest start is tried even when the time left seems too short."""
    if any(case.curve for case in known.cases) or not new:
        return []
    return [min(new, key=lambda option: option.added)]


def _proposal(known: Knowledge, decision: Decision) -> Proposal:
    option = decision.option
    expected = {
        "score": known.score(option.mean),
        "score_sd": option.sd * known.unit,
        "seconds": option.added,
        "success": option.success,
        "gain": expected_gain([option], known.incumbent()) * known.unit,
    }
    argued = influences(option.point, known.experts, known.prior.scored.cases)
    config = option.thaw.config if option.thaw is not None else option.point.config
    return Proposal(
        config=dict(config),
        fidelity=option.fidelity,
        thaw=option.thaw.number if option.thaw is not None else None,
        expected=expected,
        reason=reason(option, decision.why, expected, known.metric.name, argued),
        influences=argued,
    )
