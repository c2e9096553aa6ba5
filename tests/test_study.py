"""The loop: ask, run, tell, remember; killed at any line and taken up again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from worlds import MODELS, RUNGS, Scripted, config, make_study, start, whole_run

from xautolm_nb.core.errors import LeaseError, StudyError
from xautolm_nb.core.events import Event, TrialFinished, TrialStarted
from xautolm_nb.core.proposal import Influence, Proposal
from xautolm_nb.core.study import Control, Owner
from xautolm_nb.core.trial import Failure, FailureKind, Measures, Outcome, Trial, TrialState
from xautolm_nb.optimize import BayesianOptimizer
from xautolm_nb.plots import calibration
from xautolm_nb.run import SimulatedClock
from xautolm_nb.space import build_space
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, Study, last_work, recover, remembered, search, set_aside, view_of


@pytest.fixture
def store() -> Iterator[ExperienceStore]:
    with ExperienceStore.open(":memory:") as opened:
        yield opened


def run(study: Study, seconds: float = 1e6, events: list[Event] | None = None) -> str:
    clock: SimulatedClock = study.runner.clock  # type: ignore[attr-defined]
    heard = [] if events is None else events
    return search(study, budget=Budget(seconds=seconds, clock=clock), control=lambda: Control.RUN, emit=heard.append)


def trials(study: Study) -> list[Trial]:
    return study.store.trials(study.record.id)


def test_what_is_proposed_is_run_told_and_remembered(store: ExperienceStore) -> None:
    events: list[Event] = []
    study = make_study(store, Scripted([start(config(2)), start(config(6))]))
    assert run(study, events=events) == "converged"
    first, second = trials(study)
    assert (first.state, second.state) == (TrialState.COMPLETE, TrialState.COMPLETE)
    assert first.curve == whole_run(first).curve
    assert {experience.trial: experience.score for experience in store.experiences()} == {
        0: first.score,
        1: second.score,
    }
    assert [type(event) for event in events if isinstance(event, TrialStarted | TrialFinished)] == [
        TrialStarted, TrialFinished, TrialStarted, TrialFinished,
    ]  # fmt: skip


def test_why_a_trial_was_proposed_names_what_argued_for_and_against_it(store: ExperienceStore) -> None:
    influences = (
        Influence(experience="a", weight=0.31, summary="sst2: f1 0.910 with x"),
        Influence(experience="b", weight=-0.05, summary="meld: failed with y"),
    )
    study = make_study(store, Scripted([replace(start(config(2)), influences=influences)]))
    run(study)
    assert trials(study)[0].reason.splitlines() == [
        "as scripted", "for it (31%): sst2: f1 0.910 with x", "against it (5%): meld: failed with y",
    ]  # fmt: skip


def test_a_failed_trial_is_remembered_and_does_not_end_the_search(store: ExperienceStore) -> None:
    bad = config(4, optimizer="sgd", learning_rate=0.01)
    bad.pop("weight_decay", None)
    study = make_study(store, Scripted([start(bad), start(config(2))]))
    run(study)
    failed, good = trials(study)
    assert failed.failure is not None and failed.failure.kind is FailureKind.OUT_OF_MEMORY
    assert good.state is TrialState.COMPLETE
    assert sorted(experience.succeeded for experience in store.experiences()) == [False, True]


def test_what_was_expected_before_a_trial_began_is_kept_when_it_is_taken_up_again(store: ExperienceStore) -> None:
    first = replace(start(config(4), 0.25), expected={"score": 0.6, "seconds": 9.0})
    thaws = [Proposal(config=config(4), fidelity=f, thaw=0, expected={"score": 0.7 + f / 8}) for f in (0.5, 1.0)]
    study = make_study(store, Scripted([first, *thaws]))
    run(study)
    (trial,) = trials(study)
    assert trial.expected == {"score": 0.825, "start_score": 0.6, "start_seconds": 9.0}
    told = calibration([trial])
    assert told.expected.tolist() == [0.6] and told.at_start.tolist() == [True]


def test_an_interrupted_trial_keeps_its_newest_expectation(store: ExperienceStore) -> None:
    first = replace(start(config(4), 0.25), expected={"score": 0.6, "seconds": 9.0})
    study = make_study(store, Scripted([first, Proposal(config=config(4), fidelity=1.0, thaw=0)]))
    run(study)
    (trial,) = trials(study)
    assert trial.expected == {"score": 0.6, "seconds": 9.0, "start_score": 0.6, "start_seconds": 9.0}
    store.save_trial(study.record.id, replace(trial, state=TrialState.QUEUED, fidelity=0.5))
    run(study)
    assert trials(study)[0].expected == trial.expected


def test_a_thawed_trial_is_remembered_once_with_its_whole_curve(store: ExperienceStore) -> None:
    thaw = Proposal(config=config(4), fidelity=1.0, thaw=0)
    study = make_study(store, Scripted([start(config(4), 0.25), thaw]))
    run(study)
    (trial,) = trials(study)
    assert [point.fidelity for point in trial.curve] == list(RUNGS)
    (experience,) = store.experiences()
    assert experience.fidelity == 1.0 and experience.curve == trial.curve


def test_no_trial_starts_after_the_budget(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(4))] * 100))
    assert run(study, seconds=90) == "budget"
    assert len(trials(study)) == 3  # 40 s each


def test_the_optimizer_hears_what_is_left(store: ExperienceStore) -> None:
    optimizer = Scripted([start(config(4)), start(config(2))])
    run(make_study(store, optimizer), seconds=1000)
    assert optimizer.seen == [(0, 1000.0), (1, 960.0), (2, 940.0)]


def test_a_search_of_a_wanted_number_of_trials_ends_there(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(4))] * 100), max_trials=2)
    assert run(study) == "max_trials"
    assert len(trials(study)) == 2


def test_of_a_wanted_number_of_trials_the_best_is_complete_at_the_end(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(model), 0.25) for model in (2, 6, 4, 2, 2, 2)]), max_trials=3)
    assert run(study) == "max_trials"
    states = {trial.config["model"]: trial.state for trial in trials(study)}
    assert states["model-6"] is TrialState.COMPLETE
    assert states["model-2"] is states["model-4"] is TrialState.PAUSED


def test_stop_is_obeyed_before_the_next_trial(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(4))] * 100))
    answers = iter([Control.RUN, Control.RUN, Control.RUN, Control.RUN, Control.RUN])
    reason = search(
        study,
        budget=Budget(seconds=1e6, clock=study.runner.clock),  # type: ignore[attr-defined]
        control=lambda: next(answers, Control.STOP),
        emit=lambda event: None,
    )
    assert reason == "stopped"
    assert len(trials(study)) >= 1


def test_a_trial_that_was_cut_off_goes_on_before_anything_new(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([]))
    half = Trial(number=0, config=config(4), seed=0, state=TrialState.RUNNING, target=1.0)
    store.save_trial(study.record.id, half)
    run(study)
    (trial,) = trials(study)
    assert trial.state is TrialState.COMPLETE


def test_a_trial_that_died_between_checkpoint_and_report_is_not_run_again(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([]))
    done = whole_run(Trial(number=0, config=config(4), seed=0))
    full = Trial(
        number=0, config=config(4), seed=0, state=TrialState.RUNNING, fidelity=1.0, curve=done.curve,
        measures=done.measures,
    )  # fmt: skip
    store.save_trial(study.record.id, full)
    recover(study)
    (trial,) = trials(study)
    assert trial.state is TrialState.COMPLETE
    assert store.count() == 1


def test_a_study_does_not_learn_from_its_own_records_twice(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2))]))
    run(study)
    assert remembered(study) == []
    other = make_study(store, Scripted([]))
    assert [experience.study for experience in remembered(other)] == [study.record.id]
    assert remembered(replace(other, use_prior=False)) == []


def test_while_the_store_is_empty_the_starter_stands_in_unless_it_is_switched_off(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2))]), use_starter=True)
    assert {experience.is_starter for experience in remembered(study)} == {True}
    assert remembered(replace(study, use_starter=False)) == []
    assert remembered(replace(study, use_prior=False)) == []
    run(study)
    assert {experience.is_starter for experience in remembered(study)} == {True}, "its own trials are no past"
    assert [experience.is_starter for experience in store.experiences()] == [False], "the starter is never written"


def test_the_starter_steps_back_before_experience_of_the_users_own(store: ExperienceStore) -> None:
    run(make_study(store, Scripted([start(config(2))])))
    told = remembered(make_study(store, Scripted([]), use_starter=True))
    assert [experience.study for experience in told] == ["study-0"]


def test_experience_with_other_kinds_of_tasks_does_not_send_the_starter_away(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2))]), use_starter=True)
    run(study)
    (own,) = store.experiences()
    other_kind = replace(own.context, task=replace(own.context.task, kind="generation"))
    elsewhere = replace(own, context=other_kind, study="other")
    store.append(elsewhere)
    assert {experience.is_starter for experience in remembered(study)} == {True}


def test_the_budget_stands_still_while_paused() -> None:
    clock = SimulatedClock()
    budget = Budget(seconds=10, clock=clock)
    budget.start()
    clock.advance(3)
    budget.pause()
    clock.advance(100)
    budget.start()
    clock.advance(2)
    assert (budget.spent, budget.left) == (5, 5)


def test_our_optimizer_finds_the_best_model_of_the_world(store: ExperienceStore) -> None:
    optimizer = BayesianOptimizer(space=build_space(*_space()), rungs=RUNGS, objectives=("f1",))
    study = make_study(store, optimizer)
    run(study, seconds=600)
    view = view_of(study.record, trials(study))
    best = next(trial for trial in view.trials if trial.number == view.best)
    assert best.config["model"] == "model-6"
    assert best.score is not None and best.score > 0.75


def _space():  # type: ignore[no-untyped-def]
    from worlds import CONTEXT

    return CONTEXT, MODELS


def test_a_trial_stopped_by_hand_stays_where_it_is_and_is_not_taken_up_again(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2)), start(config(4))]))
    stopped: set[int] = set()

    def emit(event: Event) -> None:
        if isinstance(event, TrialStarted) and event.trial.number == 0:
            stopped.add(0)  # as a click does while it trains

    budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
    reason = search(study, budget=budget, control=lambda: Control.RUN, emit=emit, stopped=lambda: stopped)
    first, second = trials(study)
    assert reason == "converged"
    assert first.state is TrialState.PAUSED and first.fidelity < first.target
    assert second.state is TrialState.COMPLETE


def test_whoever_proposes_sees_a_stopped_trial_as_ended_but_not_as_complete(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2), 0.25)]))
    run(study)
    (trial,) = set_aside(trials(study), {0})
    assert trial.state is TrialState.FAILED and trial.failure is None and trial.curve
    assert last_work([trial]) is None
    assert set_aside([trial], ()) == [trial]


def test_a_trial_during_which_the_process_keeps_dying_fails_with_a_reason_after_two_more_tries(
    store: ExperienceStore,
) -> None:
    study = make_study(store, Scripted([start(config(2))]))
    for death in (1, 2):
        _die_while_running(study)
        recover(study)
        (trial,) = trials(study)
        assert (trial.state, trial.deaths) == (TrialState.QUEUED, death)
    _die_while_running(study)
    run(study)
    deadly, next_one = trials(study)
    assert deadly.state is TrialState.FAILED and deadly.failure is not None
    assert deadly.failure.kind is FailureKind.CRASH and "died 3 times" in deadly.failure.message
    assert next_one.state is TrialState.COMPLETE, "the search goes on without it"
    assert [experience.failure is not None for experience in store.experiences()].count(True) == 1


def test_deaths_with_progress_between_them_are_forgiven(
    store: ExperienceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(store, Scripted([]))
    reached = iter((0.1, 0.2, 0.3, 0.4))
    monkeypatch.setattr(type(study.runner), "recover", lambda self, trial: replace(trial, fidelity=next(reached)))
    for _ in range(4):
        _die_while_running(study)
        recover(study)
        (trial,) = trials(study)
        assert (trial.state, trial.deaths) == (TrialState.QUEUED, 1)


def _die_while_running(study: Study) -> None:
    known = trials(study)
    trial = known[0] if known else Trial(number=0, config=config(4), seed=0)
    study.store.save_trial(study.record.id, replace(trial, state=TrialState.RUNNING, target=1.0))


def test_a_trial_that_cannot_write_ends_the_run_with_one_line_and_waits_for_the_next(
    store: ExperienceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(store, Scripted([start(config(2)), start(config(4)), start(config(6))]))
    whole = type(study.runner).run

    def run_until_full(self: object, task: object, trial: Trial, **rest: object) -> Outcome:
        if trial.number == 1:
            failure = Failure(kind=FailureKind.DISK, message="No space left on device (folder).")
            return Outcome(fidelity=0.0, measures=Measures(seconds_train=3.0), failure=failure)
        return whole(self, task, trial, **rest)  # type: ignore[arg-type]

    with monkeypatch.context() as full:
        full.setattr(type(study.runner), "run", run_until_full)
        with pytest.raises(StudyError, match="Trial 1 could not write its files: No space left") as caught:
            run(study)
    assert "resume" in caught.value.hint
    done, waiting = trials(study)
    assert done.state is TrialState.COMPLETE
    assert (waiting.state, waiting.failure, waiting.seconds) == (TrialState.QUEUED, None, 3.0)
    assert store.count() == 1, "it says nothing about the configuration"
    run(study)
    assert [trial.state for trial in trials(study)] == [TrialState.COMPLETE] * 3


def test_a_search_whose_study_was_taken_over_writes_nothing_more(store: ExperienceStore) -> None:
    mine, theirs = Owner(pid=1, started=1.0, host="here"), Owner(pid=2, started=2.0, host="there")
    study = replace(make_study(store, Scripted([start(config(2))] * 3)), holder=mine)
    store.claim_study(study.record.id, mine)

    def emit(event: Event) -> None:
        if isinstance(event, TrialStarted) and event.trial.number == 1:
            store.update_study(study.record.id, owner=theirs)

    budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
    with pytest.raises(LeaseError, match="taken over by process 2 on there"):
        search(study, budget=budget, control=lambda: Control.RUN, emit=emit)
    assert [trial.state for trial in trials(study)] == [TrialState.COMPLETE, TrialState.RUNNING]
    assert store.study(study.record.id).owner == theirs
