"""One thread tells what is new: in order, at a bounded rate, about the newest study, whoever started it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from listener import Listener

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyState
from xautolm_nb.jupyter.feed import Feed
from xautolm_nb.jupyter.hub import Hub
from xautolm_nb.jupyter.teller import QUIET_AFTER_SECONDS
from xautolm_nb.session import Session
from xautolm_nb.store import current_owner


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def hub(listener: Listener) -> Iterator[Hub]:
    made = Hub(listener)
    yield made
    made.close()


@pytest.fixture
def still(listener: Listener, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hub, Clock]]:
    """A hub without a thread, on a clock of its own, that follows a session."""
    monkeypatch.setattr(Hub, "_run", lambda self: None)
    clock = Clock()
    made = Hub(listener, clock=clock)
    made.hear()
    made.follow(session)
    yield made, clock
    made.close()


def note(hub: Hub, step: int) -> None:
    assert hub._shown is not None
    hub._shown._feed._receive(TrialProgress(number=0, phase="train", step=step, total=100, fidelity=step / 100))


def test_a_search_is_told_from_its_start_to_its_end(hub: Hub, listener: Listener, session: Session) -> None:
    session.start()  # nobody told the hub of this session
    listener.wait("finished")
    assert [event["seq"] for event in listener.heard] == list(range(1, len(listener.heard) + 1))
    assert listener.threads == {"xautolm-hub"}
    ended = listener.kinds().index("finished")
    last = [event for event in listener.heard[:ended] if event["type"] == "study"][-1]["study"]
    assert (last["state"], last["here"], last["complete"]) == ("finished", False, 2)
    rows = {event["trial"]["number"]: event["trial"]["state"] for event in listener.heard if event["type"] == "trial"}
    assert rows == {0: "complete", 1: "complete"}


def test_the_charts_of_the_end_are_told_even_when_they_were_told_a_moment_ago(
    hub: Hub, listener: Listener, session: Session
) -> None:
    session.start().wait(60)
    listener.wait("finished")
    deadline = time.monotonic() + 10
    while True:
        charts = [event["charts"] for event in listener.heard if event["type"] == "charts"]
        if charts and len(charts[-1]["curves"]) == 2:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_newest_session_is_shown_and_one_that_ended_before_is_told_of_no_more(
    hub: Hub, listener: Listener, new_session: Callable[..., Session]
) -> None:
    first, second = new_session(2), new_session(4)
    hub.follow(first)
    second.start().wait(60)
    listener.wait("finished")
    assert hub.session is not None and hub.session.id == second.id
    before = len(listener.heard)
    first.store.save_trial(first.id, second.trial(0))
    hub.tell()
    assert all(event.get("study") != first.id for event in listener.heard[before:])


def test_an_older_study_that_still_runs_is_told_of_beside_the_newest(
    still: tuple[Hub, Clock], listener: Listener, new_session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, clock = still
    first = hub.session
    assert first is not None
    monkeypatch.setattr("xautolm_nb.session.is_owner_alive", lambda owner, heartbeat: True)
    elsewhere = replace(current_owner(), pid=1, started=0.0)
    first.store.update_study(first.id, state=StudyState.RUNNING, owner=elsewhere)
    hub.follow(first)
    hub.follow(second := new_session())
    assert hub.session is second and hub.session_of(first.id) is first
    listener.heard.clear()
    hub._tellers[first.id]._feed._receive(TrialProgress(number=0, phase="train", step=1, total=2, fidelity=0.5))
    clock.now += 10.0
    hub.tell()
    told = {(event["type"], event.get("study")) for event in listener.heard if event["type"] == "progress"}
    assert told == {("progress", first.id)}
    assert {event["study"]["id"] for event in listener.heard if event["type"] == "study"} == {first.id, second.id}
    first.store.update_study(first.id, state=StudyState.FINISHED, owner=None, message="done")
    hub.follow(first)
    hub.follow(second)
    clock.now += 10.0
    hub.tell()
    assert hub.followed(first.id) is None, "what has ended and is not shown is forgotten"


def test_progress_is_told_four_times_a_second_at_most_and_the_latest_counts(
    still: tuple[Hub, Clock], listener: Listener
) -> None:
    hub, clock = still
    for step in range(400):  # ten seconds of forty reports each
        clock.now = step / 40
        note(hub, step)
        hub.tell()
    steps = [event["progress"]["step"] for event in listener.heard if event["type"] == "progress"]
    assert 38 <= len(steps) <= 40
    assert steps == sorted(steps) and steps[-1] >= 390
    assert 5 <= listener.kinds().count("study") <= 6
    assert 5 <= listener.kinds().count("device") <= 6


def test_what_came_too_soon_is_told_when_it_is_time(still: tuple[Hub, Clock], listener: Listener) -> None:
    hub, clock = still
    note(hub, 1)
    hub.tell()
    clock.now = 0.1
    note(hub, 2)
    hub.tell()
    clock.now = 0.3
    hub.tell()
    assert [event["progress"]["step"] for event in listener.heard if event["type"] == "progress"] == [1, 2]


def test_with_nobody_there_for_long_little_is_told(still: tuple[Hub, Clock], listener: Listener) -> None:
    hub, clock = still
    hub.tell()
    before = len(listener.heard)
    clock.now = QUIET_AFTER_SECONDS + 1
    for step in range(400):
        clock.now += 0.25
        note(hub, step)
        hub.tell()
    assert len(listener.heard) - before <= 3 * 11  # 100 s: progress, study and device every ten seconds
    hub.hear()
    before = len(listener.heard)
    for step in range(40):
        clock.now += 0.25
        note(hub, step)
        hub.tell()
    assert len(listener.heard) - before >= 39


def test_a_hub_that_follows_an_ended_study_sleeps(hub: Hub, listener: Listener, session: Session) -> None:
    hub.follow(session)
    time.sleep(1.5)
    listener.heard.clear()
    time.sleep(2.5)
    assert listener.heard == []


def test_a_store_that_cannot_be_read_is_tried_again(
    hub: Hub, listener: Listener, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []

    def fail(self: Feed) -> None:
        failed.append(1)
        raise StoreError("busy")

    with monkeypatch.context() as broken:
        broken.setattr(Feed, "record", fail)
        session.start()
        deadline = time.monotonic() + 20
        while len(failed) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    listener.wait("finished")
    told = {event["trial"]["number"]: event["trial"]["state"] for event in listener.heard if event["type"] == "trial"}
    assert told == {0: "complete", 1: "complete"}, "what could not be told then was told later"


def test_a_snapshot_holds_everything_and_says_up_to_which_event(hub: Hub, listener: Listener, session: Session) -> None:
    assert hub.snapshot() is None
    session.start().wait(60)
    listener.wait("finished")
    snapshot = hub.snapshot()
    assert snapshot is not None
    assert (len(snapshot.trials), snapshot.seq, snapshot.study.id) == (2, listener.seq, session.id)
    assert hub.snapshot(session) is not None


def test_a_session_is_found_by_its_id_and_the_store_is_that_of_the_study_shown(hub: Hub, session: Session) -> None:
    hub.follow(session)
    assert hub.session_of(session.id) is hub.session
    assert hub.store is session.store
    with pytest.raises(StoreError, match="nothing"):
        hub.session_of("nothing")
    assert hub.info(session).id == session.id


def test_without_a_study_the_store_is_the_users_own(hub: Hub, own_home: object) -> None:
    assert hub.session is None
    assert hub.store.location.startswith(str(own_home))
    assert hub.store is hub.store
