"""A session in this process: it runs in the background, and pause, resume and stop act while a trial trains."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny import tiny_frame

from xautolm_nb.core.errors import ModelError, StudyError, TaskError
from xautolm_nb.core.events import Event, StudyFinished, TrialFinished, TrialProgress, TrialStarted
from xautolm_nb.core.study import StudyState
from xautolm_nb.core.trial import TrialState
from xautolm_nb.session import Session, find_session, start_session
from xautolm_nb.store import ExperienceStore


@pytest.fixture
def store(own_home: Path) -> Iterator[ExperienceStore]:
    with ExperienceStore.open() as opened:
        yield opened


def options(model: Path, **more: object) -> dict[str, object]:
    bare = {"budget": "10m", "use_starter": False}  # what is proposed first is not what is asked here
    return {"text": "text", "label": "label", "models": [str(model)], **bare, **more}


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def is_training(session: Session) -> Callable[[], bool]:
    def look() -> bool:
        progress = session.record.progress
        return progress is not None and progress.phase == "train" and progress.step > 2

    return look


@pytest.mark.slow
def test_a_session_can_be_paused_resumed_and_stopped_while_it_trains(store: ExperienceStore, tiny_model: Path) -> None:
    events: list[Event] = []
    session = start_session(tiny_frame(20_000), store=store, options=options(tiny_model))
    session.subscribe(events.append)
    until(is_training(session))

    session.pause()
    until(lambda: session.record.state is StudyState.PAUSED, 15)
    spent = session.record.spent_seconds
    (paused,) = [trial for trial in store.trials(session.id) if trial.fidelity < trial.target]
    assert paused.checkpoint and 0 < paused.fidelity < 1
    time.sleep(1.5)
    assert session.record.spent_seconds - spent < 1.0, "the budget ran on while paused"

    session.resume()
    until(lambda: session.record.state is StudyState.RUNNING, 15)
    until(lambda: store.trials(session.id)[paused.number].fidelity > paused.fidelity, 60)

    session.stop()
    session.wait(20)
    assert session.record.state is StudyState.STOPPED
    assert not session.is_running_here
    assert all(trial.state is not TrialState.RUNNING for trial in store.trials(session.id))
    kinds = {type(event) for event in events}
    assert kinds >= {TrialStarted, TrialProgress, TrialFinished, StudyFinished}


@pytest.mark.slow
def test_a_stopped_study_is_taken_up_where_it_was(store: ExperienceStore, tiny_model: Path) -> None:
    session = start_session(tiny_frame(300), store=store, options=options(tiny_model, max_trials=2))
    until(lambda: len(store.trials(session.id)) >= 1)
    session.stop()
    session.wait(30)
    before = {trial.number: trial for trial in store.trials(session.id)}
    again = find_session(session.id, store=store).resume()
    again.wait(90)
    assert again.record.state is StudyState.FINISHED
    after = {trial.number: trial for trial in store.trials(session.id)}
    assert all(after[number].curve[: len(trial.curve)] == trial.curve for number, trial in before.items())
    assert again.best.score is not None
    assert again.why(again.best.number)
    assert list(again.pareto.index) and list(again.trials.columns[:3]) == ["state", "fidelity", "score"]
    assert "study" in again._repr_html_()


@pytest.mark.slow
def test_a_stopped_trial_keeps_its_checkpoint_and_the_search_goes_on_without_it(
    store: ExperienceStore, tiny_model: Path
) -> None:
    session = start_session(tiny_frame(20_000), store=store, options=options(tiny_model, use_prior=False))
    until(is_training(session))
    beside = Session(store, session.id)  # another handle, as a magic makes one
    assert beside.is_running_here
    beside.stop_trial(0)
    until(lambda: len(store.trials(session.id)) > 1)
    trial = session.trial(0)
    assert trial.state is TrialState.PAUSED and trial.checkpoint and trial.fidelity < trial.target
    session.stop()
    session.wait(60)
    assert session.record.stopped == (0,)
    assert session.trial(0).fidelity == trial.fidelity


def test_a_trial_that_has_ended_cannot_be_stopped_and_one_that_waits_can(store: ExperienceStore) -> None:
    from worlds import Scripted, config, make_study, start

    from xautolm_nb.core.study import Control
    from xautolm_nb.study import Budget, search

    study = make_study(store, Scripted([start(config(2)), start(config(4), 0.25)]))
    budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
    search(study, budget=budget, control=lambda: Control.RUN, emit=lambda event: None)
    session = Session(store, study.record.id)
    with pytest.raises(StudyError, match="has ended"):
        session.stop_trial(0)
    session.stop_trial(1)
    assert session.record.stopped == (1,)
    with pytest.raises(StudyError, match="no trial 9"):
        session.stop_trial(9)


def test_wrong_data_raises_in_the_call_and_leaves_nothing(store: ExperienceStore, tiny_model: Path) -> None:
    with pytest.raises(TaskError, match="lable"):
        start_session(tiny_frame(60), store=store, options=options(tiny_model, label="lable"))
    with pytest.raises(ModelError, match="no-such"):
        start_session(tiny_frame(60), store=store, options=options(tiny_model, models=["no-such/model"]))
    assert store.studies() == []


def test_a_study_that_nobody_runs_cannot_be_paused(store: ExperienceStore) -> None:
    from worlds import Scripted, make_study

    study = make_study(store, Scripted([]))
    session = Session(store, study.record.id)
    with pytest.raises(StudyError, match="is not running"):
        session.pause()
    with pytest.raises(StudyError, match="no trial with a score"):
        _ = session.best
    with pytest.raises(StudyError, match="has no trial 7"):
        session.why(7)


def test_a_spent_budget_asks_for_more_time(store: ExperienceStore) -> None:
    from worlds import Scripted, make_study

    study = make_study(store, Scripted([]))
    store.update_study(study.record.id, spent_seconds=60.0, budget_seconds=60.0, state=StudyState.FINISHED)
    with pytest.raises(StudyError, match="has spent its budget"):
        Session(store, study.record.id).resume()


def test_a_study_whose_owner_died_shows_as_interrupted(store: ExperienceStore) -> None:
    from worlds import Scripted, make_study

    from xautolm_nb.core.study import Owner

    study = make_study(store, Scripted([]))
    gone = Owner(pid=2**22 - 1, started=1.0, host=_host())
    store.update_study(study.record.id, state=StudyState.RUNNING, owner=gone)
    session = Session(store, study.record.id)
    assert session.record.state is StudyState.INTERRUPTED
    assert session.is_over


def test_a_second_resume_of_a_running_study_is_refused_and_told_who_holds_it(store: ExperienceStore) -> None:
    import subprocess
    import sys
    from dataclasses import replace

    import psutil
    from worlds import Scripted, make_study

    from xautolm_nb.core.study import Control
    from xautolm_nb.store import current_owner
    from xautolm_nb.store.owners import birth_of

    study = make_study(store, Scripted([]))
    session = Session(store, study.record.id)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        began = psutil.Process(process.pid).create_time()
        owner = replace(current_owner(), pid=process.pid, started=began, birth=birth_of(process.pid))
        held = {"state": StudyState.RUNNING, "owner": owner, "heartbeat": time.time() - 3, "budget_seconds": 60.0}
        store.update_study(study.record.id, **held)
        for try_it in (session.resume, session.start):
            with pytest.raises(
                StudyError, match=f"already run by process {process.pid} on .*last heard of [345] s ago"
            ):
                try_it()
        store.update_study(study.record.id, state=StudyState.PAUSED, control=Control.PAUSE)
        session.resume()
        assert store.study(study.record.id).control is Control.RUN, "a pause may be ended from anywhere"
        store.update_study(study.record.id, state=StudyState.RUNNING)
        session.resume("10m")
        assert store.study(study.record.id).budget_seconds > 60.0, "and time may be added"
        process.kill()
        process.wait()
    assert session.record.state is StudyState.INTERRUPTED


def _host() -> str:
    from xautolm_nb.store import current_owner

    return current_owner().host
