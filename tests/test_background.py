"""One loop for a study in a process: all sessions share it, what is asked acts at once, views cannot break it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb import background
from xautolm_nb.background import Loop, closing, loop_of, watch_starts
from xautolm_nb.core.errors import LeaseError, StoreError, StudyError
from xautolm_nb.core.events import Event, StudyFinished, TrialFinished, TrialProgress
from xautolm_nb.core.study import Control, Owner, StudyState
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Study


@pytest.fixture
def store(own_home: Path) -> Iterator[ExperienceStore]:
    with ExperienceStore.open() as opened:
        yield opened


@pytest.fixture
def study(store: ExperienceStore, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study of the simulated world, with time enough, that `Loop` runs instead of real training."""
    made = make_study(store, Scripted([start(config(2)), start(config(4))]))
    store.update_study(made.record.id, budget_seconds=1e6)
    monkeypatch.setattr(background, "wire", lambda record, store: made)
    return made


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def test_all_who_ask_for_a_study_get_the_same_loop(store: ExperienceStore) -> None:
    with ExperienceStore.open() as same:
        assert loop_of(store, "a") is loop_of(same, "a")
        assert loop_of(store, "a") is not loop_of(store, "b")
    with ExperienceStore.open(":memory:") as one, ExperienceStore.open(":memory:") as other:
        assert loop_of(one, "a") is not loop_of(other, "a")


def test_a_loop_runs_to_its_end_and_says_so(store: ExperienceStore, study: Study) -> None:
    loop = Loop(store, study.record.id)
    heard: list[Event] = []
    loop.subscribe(heard.append)
    loop.start()
    loop.join(30)
    assert not loop.is_alive and loop.error is None
    assert store.study(study.record.id).state is StudyState.FINISHED
    assert isinstance(heard[-1], StudyFinished)
    assert [trial.state for trial in store.trials(study.record.id)] == [TrialState.COMPLETE] * 2


def test_a_start_is_told_to_those_who_watch(store: ExperienceStore, study: Study) -> None:
    told: list[Loop] = []
    unwatch = watch_starts(told.append)
    loop = Loop(store, study.record.id)
    loop.start()
    loop.join(30)
    unwatch()
    assert told == [loop]


def test_two_who_start_it_at_once_start_it_once(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    go = threading.Event()
    monkeypatch.setattr(background, "search", lambda study, **others: runs.append(1) or (go.wait(10) and "stopped"))
    loop = Loop(store, study.record.id)
    starters = [threading.Thread(target=loop.start) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(20)
    go.set()
    loop.join(20)
    assert runs == [1]


def test_a_watcher_that_fails_does_not_fail_the_start(store: ExperienceStore, study: Study) -> None:
    def broken(loop: Loop) -> None:
        raise RuntimeError("no hub")

    unwatch = watch_starts(broken)
    loop = Loop(store, study.record.id)
    with pytest.warns(UserWarning, match="no hub"):
        loop.start()
    unwatch()
    loop.join(30)
    assert store.study(study.record.id).state is StudyState.FINISHED


def test_a_subscriber_that_fails_is_dropped_and_the_search_goes_on(store: ExperienceStore, study: Study) -> None:
    loop = Loop(store, study.record.id)
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("no screen")

    loop.subscribe(broken)
    loop.subscribe(heard.append)
    with pytest.warns(UserWarning, match="no screen"):
        loop.start()
        loop.join(30)
    assert sum(isinstance(event, TrialFinished) for event in heard) == 2


def test_what_is_asked_acts_before_the_store_knows(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Control] = []
    go = threading.Event()

    def wait(study: Study, *, control: Callable[[], Control], **others: object) -> str:
        go.wait(10)
        seen.append(control())
        return "stopped"

    monkeypatch.setattr(background, "search", wait)
    loop = Loop(store, study.record.id)
    loop.start()
    with monkeypatch.context() as locked:
        locked.setattr(ExperienceStore, "update_study", _refuse)
        loop.ask(Control.STOP)
        time.sleep(0.8)  # more than one beat that cannot be written
        go.set()
        loop.join(10)
    assert seen == [Control.STOP]
    assert isinstance(loop.error, StoreError) and not loop.is_alive
    again = Session(store, study.record.id)
    assert again.record.state is StudyState.INTERRUPTED, "it is marked as run by this process, which does not"
    monkeypatch.setattr(background, "search", lambda study, **others: "stopped")
    again.resume().wait(10)
    assert again.record.state is StudyState.STOPPED


def test_what_could_not_be_told_is_told_later(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(background, "search", lambda study, **others: go.wait(10) and "stopped")
    loop = Loop(store, study.record.id)
    loop.start()
    with monkeypatch.context() as locked:
        locked.setattr(ExperienceStore, "update_study", _refuse)
        loop.stop_trial(7)
        loop.ask(Control.PAUSE)
        time.sleep(0.3)
    until(lambda: store.study(study.record.id).stopped == (7,))
    assert store.study(study.record.id).control is Control.PAUSE
    go.set()
    loop.join(10)


def test_a_wish_of_another_process_is_heard(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def wait(
        study: Study, *, control: Callable[[], Control], stopped: Callable[[], frozenset[int]], **others: object
    ) -> str:
        until(lambda: control() is Control.STOP and 3 in stopped())
        seen.append("heard")
        return "stopped"

    monkeypatch.setattr(background, "search", wait)
    loop = Loop(store, study.record.id)
    loop.start()
    store.update_study(study.record.id, control=Control.STOP, stopped=(3,))
    loop.join(20)
    assert seen == ["heard"]


def test_a_loop_whose_study_was_taken_over_stops_and_leaves_it_alone(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(study: Study, *, control: Callable[[], Control], **others: object) -> str:
        until(lambda: control() is Control.STOP)
        return "stopped"

    monkeypatch.setattr(background, "search", wait)
    loop = Loop(store, study.record.id)
    loop.start()
    thief = Owner(pid=1, started=1.0, host="elsewhere")
    store.update_study(study.record.id, owner=thief, message="theirs now")
    loop.join(20)
    record = store.study(study.record.id)
    assert (record.owner, record.state, record.message) == (thief, StudyState.RUNNING, "theirs now")
    assert isinstance(loop.error, LeaseError) and not loop.is_alive


def test_an_error_of_the_disk_is_one_line_with_what_to_do(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(study: Study, **others: object) -> str:
        raise OSError(28, "No space left on device", "logs")

    monkeypatch.setattr(background, "search", full)
    loop = Loop(store, study.record.id)
    loop.start()
    loop.join(20)
    assert isinstance(loop.error, StudyError) and "No space left" in str(loop.error) and "resume" in loop.error.hint
    assert store.study(study.record.id).message == str(loop.error)


def test_an_error_is_kept_and_the_study_has_failed(
    store: ExperienceStore, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "wire", lambda record, store: 1 / 0)
    loop = Loop(store, study.record.id)
    loop.start()
    loop.join(10)
    assert isinstance(loop.error, ZeroDivisionError)
    assert store.study(study.record.id).state is StudyState.FAILED
    assert not loop.is_alive


def test_a_runner_is_closed_whatever_happens(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(type(study.runner), "close", lambda self: closed.append(1))
    with pytest.raises(KeyError), closing(study):
        raise KeyError
    assert closed == [1]


def _refuse(*arguments: object, **changes: object) -> None:
    raise StoreError("the disk is full")


def test_the_progress_of_one_trial_does_not_hide_that_of_another(store: ExperienceStore, study: Study) -> None:
    loop = Loop(store, study.record.id)

    def went_on(number: int, step: int) -> TrialProgress:
        return TrialProgress(number=number, phase="train", step=step, total=9, fidelity=step / 9)

    for progress in (went_on(0, 1), went_on(1, 1), went_on(0, 2)):
        loop._emit(progress)
    assert set(loop.running) == {went_on(0, 2), went_on(1, 1)}
    loop._emit(TrialFinished(trial=Trial(number=0, config={}, seed=0)))
    assert loop.running == (went_on(1, 1),)
