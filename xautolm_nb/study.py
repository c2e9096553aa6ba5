"""The algorithm: ask, run, tell, remember, until the budget is spent.

No Jupyter: `search` is a plain loop over the parts that `request.wire` brought together, and the only thread that
writes; those that attend running trials are the `Crew`'s. All state is in the store, so the loop can be killed at any
line and taken up again by any process.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from xautolm_nb.ahead import Ahead
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.events import StudyMessage, StudyStarted, TrialFinished, TrialStarted
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.runner import Emit
from xautolm_nb.core.study import Control, StudyRecord, StudyView
from xautolm_nb.core.trial import START, Failure, FailureKind, Outcome, Trial, TrialState
from xautolm_nb.crew import Crew, in_turn
from xautolm_nb.metafeatures import context_weights
from xautolm_nb.parts import Budget, Study, as_experience
from xautolm_nb.room import discard_losers, keep_within, sweep
from xautolm_nb.store.starter import starter_for

__all__ = ["HEARTBEAT_SECONDS", "Budget", "Reason", "Study", "search", "view_of"]

Reason = Literal["budget", "converged", "stopped", "max_trials"]

HEARTBEAT_SECONDS = 2.0
EPSILON = 1e-9  # fidelities are shares computed in steps
MAX_DEATHS = 2
"""A trial during which the searching process died more often than this in a row, without progress, has failed."""
MAX_EXPERIENCES = 2000
"""Experiences handed to the optimizer, the most similar tasks first."""


def search(
    study: Study,
    *,
    budget: Budget,
    control: Callable[[], Control],
    emit: Emit,
    stopped: Callable[[], Collection[int]] = tuple,
) -> Reason:
    """Search until the budget is spent, nothing is worth its cost any more, or `control` says stop.

    Args:
        study: The parts; trials already in the store are continued.
        budget: Running time; started and held here.
        control: Read between steps: run, pause or stop.
        emit: Receives every event, one after the other: progress from the threads of running trials, else from here.
        stopped: Read between steps: numbers of trials that are to stay where they are.

    Returns:
        Why the search ended.
    """
    emit = in_turn(emit)
    emit(StudyStarted(study=study.record.id))
    if code := sorted({pin for model in study.space.models.values() for pin in model.code}):
        emit(StudyMessage(message=runs_code(code)))
    recover(study)
    if study.record.folder:
        sweep(Path(study.record.folder))
    experiences = remembered(study)
    study.store.update_study(study.record.id, prior=study.summarise(experiences))
    crew = Crew(study.runner, study.record.task, size=study.workers, emit=emit, timeout=study.trial_timeout)
    thinking = Ahead(lambda trials, left: next_work(study, experiences, trials, left))
    with thinking as ahead, _none_left(study, crew, budget, emit):
        while True:
            if crew.is_idle and not _may_run(study, budget, control, emit):
                return "stopped"
            why_none: Reason | None = None
            while crew.room and why_none is None and control() == Control.RUN:
                trials = set_aside(study.store.trials(study.record.id), stopped())
                work = _ask(study, ahead, experiences, trials, budget)
                if isinstance(work, str):
                    why_none = work
                    continue
                trial = begin(study, trials, work)
                emit(TrialStarted(trial=trial))
                if study.ahead and crew.room == 1:
                    ahead.prepare(trials, trial, budget.left)
                crew.hand_over(trial, _must_end(study, trial.number, budget, control, stopped))
            if crew.is_idle and why_none is not None:
                return why_none
            for trial, outcome in crew.ended():
                emit(TrialFinished(trial=take_in(study, trial, outcome, spent=budget.spent)))
            discard_losers(study)
            keep_within(study, emit)


def _ask(
    study: Study, ahead: Ahead, experiences: Sequence[Experience], trials: Sequence[Trial], budget: Budget
) -> Proposal | Reason:
    """Work for a free worker, or why there is none; while others run, what they bring may change that."""
    if budget.left <= 0:
        return "budget"
    proposal = ahead.take(trials, budget.left) or next_work(study, experiences, trials, budget.left)
    return proposal or ("converged" if study.max_trials is None else "max_trials")


@contextlib.contextmanager
def _none_left(study: Study, crew: Crew, budget: Budget, emit: Emit) -> Iterator[None]:
    """Where an error ends the search, have what still runs write its checkpoint, and remember it."""
    try:
        yield
    except BaseException:
        for trial, outcome in crew.recall():
            with contextlib.suppress(Exception):  # the first error is the one that is told
                emit(TrialFinished(trial=take_in(study, trial, outcome, spent=budget.spent)))
        raise


def set_aside(trials: Sequence[Trial], stopped: Collection[int]) -> list[Trial]:
    """The trials as whoever proposes sees them: those stopped one by one have ended, without a failure to learn from.

    Neither is one taken up again, nor counts it as complete; what its curve says stays known.
    """
    ended = (TrialState.QUEUED, TrialState.PAUSED)
    return [
        replace(trial, state=TrialState.FAILED) if trial.number in stopped and trial.state in ended else trial
        for trial in trials
    ]


def next_work(
    study: Study, experiences: Sequence[Experience], trials: Sequence[Trial], seconds_left: float
) -> Proposal | None:
    """Finish what was interrupted, else ask the optimizer."""
    interrupted = next((trial for trial in trials if _is_interrupted(trial)), None)
    if interrupted is not None:
        return Proposal(
            config=interrupted.config,
            fidelity=interrupted.target,
            thaw=interrupted.number,
            expected=newest_expectation(interrupted),
            reason=interrupted.reason,
        )
    proposal = study.optimizer.propose(
        study.context, experiences, trials, seed=study.seed, seconds_left=max(0.0, seconds_left)
    )
    begins = proposal is not None and proposal.thaw is None
    if begins and study.max_trials is not None and len(trials) >= study.max_trials:
        return last_work(trials)
    return proposal


def last_work(trials: Sequence[Trial]) -> Proposal | None:
    """With no new trial allowed: bring the best one to its end, if it is not there."""
    best = next(iter(ranking(trials)), None)
    if best is None or best.state is not TrialState.PAUSED:
        return None
    reason = "the wanted number of trials has begun, and this is the best of them"
    return Proposal(config=best.config, fidelity=1.0, thaw=best.number, reason=reason)


def begin(study: Study, trials: Sequence[Trial], proposal: Proposal) -> Trial:
    """Enter the proposed work into the store as a running trial."""
    if proposal.thaw is None:
        number = max((trial.number for trial in trials), default=-1) + 1
        trial = Trial(
            number=number,
            config=dict(proposal.config),
            seed=study.seed + number,
            maximize=study.record.task.metric.maximize,
            created_at=_now(),
        )
    else:
        trial = next(trial for trial in trials if trial.number == proposal.thaw)
    reason = in_words(proposal) or trial.reason
    model = study.space.models.get(str(trial.config.get("model")))
    if model is not None and model.code and (line := runs_code(model.code)) not in reason:
        reason = f"{reason}\n{line}"
    trial = replace(
        trial,
        state=TrialState.RUNNING,
        target=proposal.fidelity,
        reason=reason,
        expected={**first_expectation(trial, proposal), **(dict(proposal.expected) or newest_expectation(trial))},
    )
    study.store.save_trial(study.record.id, trial, holder=study.holder)
    return trial


def runs_code(pins: Sequence[str]) -> str:
    """Whose own code a model runs, in words."""
    return f"runs code of {', '.join(pins)}"


def first_expectation(trial: Trial, proposal: Proposal) -> dict[str, float]:
    """What was expected of a trial before it began, under names with `start_` before them; empty while it is new.

    A proposal to go on knows the trial's own curve, so only the first one can be held against what came of it.
    """
    kept = {name: value for name, value in trial.expected.items() if name.startswith(START)}
    if kept or proposal.thaw is None:
        return kept
    return {f"{START}{name}": value for name, value in trial.expected.items()}


def newest_expectation(trial: Trial) -> dict[str, float]:
    """What the newest proposal of a trial expected of it."""
    return {name: value for name, value in trial.expected.items() if not name.startswith(START)}


def in_words(proposal: Proposal) -> str:
    """Why something was proposed: a line, then one for each experience that argued for it or against it."""
    sides = {True: "for it", False: "against it"}
    arguments = [f"{sides[i.weight > 0]} ({abs(i.weight):.0%}): {i.summary}" for i in proposal.influences]
    return "\n".join([proposal.reason, *arguments]) if proposal.reason else ""


def take_in(study: Study, trial: Trial, outcome: Outcome, *, spent: float) -> Trial:
    """Remember how a trial came back.

    Raises:
        StudyError: It could not write its files; it waits in line then. It says nothing about the configuration, and
            every trial after it would end in the same way.
    """
    if outcome.failure is None or outcome.failure.kind is not FailureKind.DISK:
        return conclude(study, trial, outcome, spent=spent)
    set_back(study, trial, outcome, spent=spent)
    raise StudyError(
        f"Trial {trial.number} could not write its files: {outcome.failure.message}",
        hint="Free some space or mend the permissions, then resume: nothing that was finished is lost.",
    )


def conclude(study: Study, trial: Trial, outcome: Outcome, *, spent: float) -> Trial:
    """Turn an outcome into a finished, paused or failed trial, and remember it, in one transaction."""
    trial = replace(
        trial,
        state=_state_after(outcome.fidelity, outcome.failure),
        fidelity=outcome.fidelity,
        curve=outcome.curve,
        measures=outcome.measures,
        failure=outcome.failure,
        checkpoint=outcome.checkpoint,
        finished_at=_now(),
        deaths=0,
    )
    _finish(study, trial, spent_seconds=spent, progress=None, beside=())
    return trial


def set_back(study: Study, trial: Trial, outcome: Outcome, *, spent: float) -> None:
    """Put a trial that could not write its files back in line, as far as its last checkpoint has it."""
    saved = study.runner.recover(trial)
    cost = max(saved.measures, outcome.measures, key=lambda measures: measures.seconds)
    back = replace(saved, state=TrialState.QUEUED, measures=cost)
    study.store.save_trial(study.record.id, back, holder=study.holder)
    study.store.update_study(study.record.id, holder=study.holder, spent_seconds=spent, progress=None, beside=())


def _finish(study: Study, trial: Trial, **changes: Any) -> None:
    experience = as_experience(study, trial)
    study.store.finish_trial(study.record.id, trial, experience, holder=study.holder, **changes)


def remembered(study: Study) -> list[Experience]:
    """Past experience for this study: other studies' trials, the most similar tasks first; else the starter's."""
    if not study.use_prior:
        return []
    own = study.store.similar(
        study.context,
        MAX_EXPERIENCES,
        weigh=context_weights,
        exclude_study=study.record.id,
    )
    return own if own or not study.use_starter else starter_for(study.record.task)[:MAX_EXPERIENCES]


def recover(study: Study) -> None:
    """Put trials that a dead process left running back in line, as far as their last checkpoint has them.

    One that took the process with it too often (`MAX_DEATHS`) fails instead, or it would do so for ever.
    """
    for trial in study.store.trials(study.record.id):
        if trial.state is not TrialState.RUNNING:
            continue
        saved = study.runner.recover(trial)
        deaths = trial.deaths + 1 if saved.fidelity <= trial.fidelity + EPSILON else 1
        if saved.fidelity >= trial.target - EPSILON:  # it died between its last checkpoint and the report
            _finish(study, replace(saved, state=_state_after(saved.fidelity, None), finished_at=_now(), deaths=0))
        elif deaths > MAX_DEATHS:
            failed = replace(saved, state=TrialState.FAILED, failure=_deadly(deaths), finished_at=_now(), deaths=deaths)
            _finish(study, failed)
        else:
            again = replace(saved, state=TrialState.QUEUED, deaths=deaths)
            study.store.save_trial(study.record.id, again, holder=study.holder)


def _deadly(deaths: int) -> Failure:
    message = f"The searching process died {deaths} times in a row while this trial ran, without getting any further."
    return Failure(kind=FailureKind.CRASH, message=message)


def _may_run(study: Study, budget: Budget, control: Callable[[], Control], emit: Emit) -> bool:
    """Wait while paused, with the clock held. False when the study is to stop."""
    if control() == Control.PAUSE:
        budget.pause()
        emit(StudyMessage(message="paused"))
        while control() == Control.PAUSE:
            time.sleep(0.1)
    if control() == Control.STOP:
        return False
    budget.start()
    return True


def _must_end(
    study: Study, number: int, budget: Budget, control: Callable[[], Control], stopped: Callable[[], Collection[int]]
) -> Callable[[], bool]:
    """Whether a running trial is to end at its next step, asked by the runner."""
    return lambda: control() != Control.RUN or budget.left < -study.grace or number in stopped()


def _is_interrupted(trial: Trial) -> bool:
    """Whether a trial was cut off on its way to a target (by a pause, a stop or a crash)."""
    waiting = trial.state in (TrialState.QUEUED, TrialState.PAUSED)
    return waiting and trial.fidelity < trial.target - EPSILON


def _state_after(fidelity: float, failure: Failure | None) -> TrialState:
    if failure is not None:
        return TrialState.FAILED
    return TrialState.COMPLETE if fidelity >= 1.0 - EPSILON else TrialState.PAUSED


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def view_of(record: StudyRecord, trials: Sequence[Trial], *, seq: int = 0) -> StudyView:
    """Draw the immutable picture of a study from what the store holds."""
    ranked = ranking(trials)
    return StudyView(
        record=record,
        trials=tuple(trials),
        best=ranked[0].number if ranked else None,
        pareto=pareto_front(trials),
        seq=seq,
    )
