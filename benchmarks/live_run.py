"""One live search: a method in the place of a study's optimizer, and figures of what was told of it."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.methods import build
from benchmarks.problem import EPSILON, Problem
from benchmarks.summary import Findings
from xautolm_nb.core.context import Context
from xautolm_nb.core.events import Event, TrialFinished, TrialStarted
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Optimizer, Proposal
from xautolm_nb.core.ranking import ranking
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import Outcome, Trial, TrialState
from xautolm_nb.optimize.response import constant_score
from xautolm_nb.study import Budget, Study, remembered, search


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event of a search, and the seconds the search had run when it came."""

    clock: float
    event: Event


@dataclass(frozen=True, kw_only=True)
class Validation:
    """A score and the seconds the search had run when it was known."""

    clock: float
    score: float
    whole: bool
    """Whether the trial's full run was done with it."""


def run(study: Study, method: str, seconds: float) -> Findings:
    """Search with a method for so many seconds, then score its best model on the test split.

    Beside the figures it keeps what `kept` says.
    """
    timed = Timed(inner=build(method, problem_of(study)))
    budget, told = Budget(seconds=seconds), list[Told]()
    budget.start()
    search(
        replace(study, optimizer=timed, ahead=method.startswith("ours")),  # peers are asked once they heard all
        budget=budget,
        control=lambda: Control.RUN,
        emit=lambda event: told.append(Told(clock=budget.spent, event=event)),
    )
    spent = budget.spent
    constant = constant_score(study.record.task.metric, study.context)
    found = figures(told, seconds=seconds, constant=constant)
    test = score_on_test(study, last_of(told))
    return Findings(
        figures={**found, "proposing": timed.seconds / spent, "spent": spent, "test": test},
        details=kept(told, seconds=seconds, constant=constant),
    )


def score_on_test(study: Study, trials: Sequence[Trial]) -> float:
    """Score of the best trial's model on the test split; of always predicting the largest class when there is none."""
    task = study.record.task
    best = next(iter(ranking(trials)), None)
    if best is None:
        return constant_score(task.metric, study.context)
    return study.runner.evaluate(task, best, "test")[task.metric.name]


def problem_of(study: Study) -> Problem:
    """A study as the methods know their searches."""
    return Problem(
        name=study.record.task.name,
        context=study.context,
        space=study.space,
        metric=study.record.task.metric,
        run=_not_here,
        experiences=tuple(remembered(study)),
        levels=DEFAULT_RUNGS,
        timeout=study.trial_timeout,
    )


def _not_here(trial: Trial, fidelity: float) -> Outcome:
    raise NotImplementedError("A live search runs its trials by the study's runner.")


@dataclass(kw_only=True)
class Timed:
    """An optimizer and the seconds its proposals took."""

    inner: Optimizer
    seconds: float = 0.0

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """As the inner optimizer."""
        began = time.monotonic()
        try:
            return self.inner.propose(context, experiences, trials, seed=seed, seconds_left=seconds_left)
        finally:
            self.seconds += time.monotonic() - began


def figures(told: Sequence[Told], *, seconds: float, constant: float) -> dict[str, float]:
    """Figures of a search of so many seconds; larger scores are better.

    Before the first score a search has `constant`, what always predicting the largest class scores. `best` is over all
    validations within the time, `best_full` over the trials that ended their full run within it, `area` the mean over
    the time of the best score so far. Trials that failed in the end give no score: nobody can have their models. Their
    seconds count in `evaluation_seconds`, the mean over all trials, but not in `completed_seconds`; those of a trial
    that ran into its time limit are the limit, the start of its worker included.
    """
    trials = last_of(told)
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    failed = [trial for trial in trials if trial.state is TrialState.FAILED]
    known = [validation for validation in validations(told) if validation.clock <= seconds]
    return {
        "best": max([constant, *(validation.score for validation in known)]),
        "best_full": max([constant, *(validation.score for validation in known if validation.whole)]),
        "area": area([(validation.clock, validation.score) for validation in known], seconds, constant),
        "trials": float(len(trials)),
        "completed": float(len(completed)),
        "failed": float(len(failed)),
        "error_ratio": len(failed) / len(trials) if trials else math.nan,
        "evaluation_seconds": _mean([trial.seconds for trial in trials]),
        "completed_seconds": _mean([trial.seconds for trial in completed]),
        "first_score_seconds": min([seconds, *(validation.clock for validation in known)]),
    }


def kept(told: Sequence[Told], *, seconds: float, constant: float) -> dict[str, Any]:
    """What a search leaves beside its figures.

    - `curve`: clock and best score from then on, beginning with the constant prediction at 0 s
    - `trials`: model, method, share of the full run, score, seconds and cause of failure of each trial
    - `chosen`: the configuration of the best trial; nothing where none has a score
    """
    trials = last_of(told)
    best = next(iter(ranking(trials)), None)
    curve = [(0.0, constant)]
    for validation in validations(told):
        if validation.clock <= seconds and validation.score > curve[-1][1]:
            curve.append((validation.clock, validation.score))
    return {
        "curve": [[round(clock, 1), round(score, 4)] for clock, score in curve],
        "trials": [_brief(trial) for trial in trials],
        "chosen": dict(best.config) if best is not None else None,
    }


def _brief(trial: Trial) -> list[Any]:
    score = None if trial.failure is not None or trial.score is None else round(trial.score, 4)
    cause = trial.failure.kind.value if trial.failure is not None else None
    model, method = trial.config.get("model"), trial.config.get("method")
    return [model, method, round(trial.fidelity, 4), score, round(trial.seconds, 2), cause]


def last_of(told: Sequence[Told]) -> list[Trial]:
    """The trials as they came back last, by number."""
    found = {one.event.trial.number: one.event.trial for one in told if isinstance(one.event, TrialFinished)}
    return [found[number] for number in sorted(found)]


def validations(told: Sequence[Told]) -> list[Validation]:
    """Every validation of the trials that did not fail, in order of time.

    A validation was known as long before the trial came back as the trial then worked on. Where the trial ended its
    full run, its last validation stands for the best of its run.
    """
    fine = {trial.number for trial in last_of(told) if trial.failure is None}
    began: dict[int, float] = {}
    counted: dict[int, int] = {}
    found: list[Validation] = []
    for one in told:
        if isinstance(one.event, TrialStarted):
            began[one.event.trial.number] = one.clock
        if not isinstance(one.event, TrialFinished) or one.event.trial.number not in fine:
            continue
        trial = one.event.trial
        for point in trial.curve[counted.get(trial.number, 0) :]:
            whole = point.fidelity >= 1.0 - EPSILON
            clock = max(began[trial.number], one.clock - (trial.seconds - point.seconds))
            score = max(known.score for known in trial.curve) if whole else point.score
            found.append(Validation(clock=clock, score=score, whole=whole))
        counted[trial.number] = len(trial.curve)
    return sorted(found, key=lambda validation: validation.clock)


def area(scores: Sequence[tuple[float, float]], seconds: float, constant: float) -> float:
    """Mean over the seconds of the best score so far; (clock, score) in order of time."""
    clocks = np.array([0.0, *(clock for clock, _ in scores), seconds])
    best = np.maximum.accumulate([constant, *(score for _, score in scores)])
    return float(np.sum(best * np.diff(clocks)) / seconds)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
