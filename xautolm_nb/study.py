"""The algorithm: ask, run, tell, remember, until the budget is spent.

No threads, no Jupyter: `search` is a plain loop over the parts that `request.wire` brought together. All state is in
the store, so the loop can be killed at any line and taken up again by any process.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from xautolm_nb.ahead import Ahead
from xautolm_nb.core.context import Context
from xautolm_nb.core.events import StudyMessage, StudyStarted, TrialFinished, TrialStarted
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.runner import Emit, Runner
from xautolm_nb.core.study import Control, StudyRecord, StudyView
from xautolm_nb.core.trial import START, Failure, Outcome, Trial, TrialState
from xautolm_nb.metafeatures import context_weights
from xautolm_nb.space import SearchSpace
from xautolm_nb.store import ExperienceStore

Reason = Literal["budget", "converged", "stopped", "max_trials"]

HEARTBEAT_SECONDS = 2.0
EPSILON = 1e-9  # fidelities are shares computed in steps
MAX_EXPERIENCES = 2000
"""Experiences handed to the optimizer, the most similar tasks first."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """One search with its parts and its rules."""

    record: StudyRecord
    context: Context
    space: SearchSpace
    optimizer: Optimizer
    runner: Runner
    store: ExperienceStore
    seed: int = 0
    grace: float = 30.0
    """Seconds a running trial may go on past the budget."""
    trial_timeout: float | None = None
    """Seconds after which a trial that has not come back fails as a timeout."""
    max_trials: int | None = None
    keep: int = 3
    """Checkpoints of this many best trials are kept."""
    use_prior: bool = True
    ahead: bool = False
    """Whether the next proposal is made while a trial runs."""
    summarise: Callable[[Sequence[Experience]], Mapping[str, Any]] = lambda experiences: {}
    """What past experience contributes, for people."""


@dataclass(kw_only=True)
class Budget:
    """Wall-clock time on a monotonic clock; pauses do not count."""

    seconds: float
    spent_before: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _since: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Let the time run."""
        if self._since is None:
            self._since = self.clock()

    def pause(self) -> None:
        """Hold the time."""
        self.spent_before, self._since = self.spent, None

    @property
    def spent(self) -> float:
        """Seconds the search has run."""
        return self.spent_before + (self.clock() - self._since if self._since is not None else 0.0)

    @property
    def left(self) -> float:
        """Seconds to go; negative inside the grace."""
        return self.seconds - self.spent


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
        emit: Receives every event, from this thread.
        stopped: Read between steps: numbers of trials that are to stay where they are.

    Returns:
        Why the search ended.
    """
    emit(StudyStarted(study=study.record.id))
    recover(study)
    experiences = remembered(study)
    study.store.update_study(study.record.id, prior=study.summarise(experiences))
    with Ahead(lambda trials, left: next_work(study, experiences, trials, left)) as ahead:
        while True:
            if not _may_run(study, budget, control, emit):
                return "stopped"
            trials = set_aside(study.store.trials(study.record.id), stopped())
            if budget.left <= 0:
                return "budget"
            proposal = ahead.take(trials, budget.left) or next_work(study, experiences, trials, budget.left)
            if proposal is None:
                return "converged" if study.max_trials is None else "max_trials"
            trial = begin(study, trials, proposal)
            emit(TrialStarted(trial=trial))
            if study.ahead:
                ahead.prepare(trials, trial, budget.left)
            outcome = study.runner.run(
                study.record.task,
                trial,
                emit=emit,
                should_stop=_must_end(study, trial.number, budget, control, stopped),
                timeout=study.trial_timeout,
            )
            trial = conclude(study, trial, outcome, spent=budget.spent)
            emit(TrialFinished(trial=trial))
            discard_losers(study)


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
    trial = replace(
        trial,
        state=TrialState.RUNNING,
        target=proposal.fidelity,
        reason=in_words(proposal) or trial.reason,
        expected={**first_expectation(trial, proposal), **(dict(proposal.expected) or newest_expectation(trial))},
    )
    study.store.save_trial(study.record.id, trial)
    return trial


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
    )
    study.store.finish_trial(study.record.id, trial, as_experience(study, trial), spent_seconds=spent, progress=None)
    return trial


def as_experience(study: Study, trial: Trial) -> Experience | None:
    """What a trial teaches other tasks; None while it has neither a score nor a failure."""
    if trial.score is None and trial.failure is None:
        return None
    record = study.record
    return Experience(
        task_name=record.task.name,
        metric=record.task.metric,
        context=study.context,
        space=study.space.name,
        config=trial.config,
        fidelity=trial.fidelity,
        score=trial.score,
        seconds=trial.seconds,
        curve=trial.curve,
        measures=trial.measures,
        failure=trial.failure,
        model=study.space.models.get(str(trial.config.get("model"))),
        seed=trial.seed,
        created_at=trial.created_at,
        source=f"xautolm_nb {record.versions.get('xautolm-nb', '')}".strip(),
        study=record.id,
        trial=trial.number,
        fingerprint=record.task.fingerprint,
        versions=record.versions,
    )


def remembered(study: Study) -> list[Experience]:
    """Past experience for this study: other studies' trials, the most similar tasks first."""
    if not study.use_prior:
        return []
    return study.store.similar(
        study.context,
        MAX_EXPERIENCES,
        weigh=context_weights,
        metric=study.record.task.metric.name,
        exclude_study=study.record.id,
    )


def recover(study: Study) -> None:
    """Put trials that a dead process left running back in line, as far as their last checkpoint has them."""
    for trial in study.store.trials(study.record.id):
        if trial.state is not TrialState.RUNNING:
            continue
        saved = study.runner.recover(trial)
        if saved.fidelity < trial.target - EPSILON:
            study.store.save_trial(study.record.id, replace(saved, state=TrialState.QUEUED))
        else:  # it died between its last checkpoint and the report
            done = replace(saved, state=_state_after(saved.fidelity, None), finished_at=_now())
            study.store.finish_trial(study.record.id, done, as_experience(study, done))


def discard_losers(study: Study) -> None:
    """Remove the files of failed trials and of finished trials beyond the best `keep`."""
    trials = study.store.trials(study.record.id)
    ranked = ranking(trials)
    kept = {trial.number for trial in ranked[: study.keep]}
    kept |= {number for number in pareto_front(trials) if len(kept) < 2 * study.keep}
    for trial in trials:
        if trial.state.is_finished and trial.number not in kept:
            study.runner.discard(trial)


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
