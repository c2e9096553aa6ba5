"""The live view redraws in place, only what is new, and its buttons do what they say."""

import threading
import time
from collections.abc import Callable

import pytest
from wire_messages import HOSTILE

from xautolm_nb.core.study import StudyState
from xautolm_nb.jupyter import live as lives
from xautolm_nb.jupyter.live import LiveView
from xautolm_nb.session import Session


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts drawings of the figure."""
    count: list[int] = []
    monkeypatch.setattr(
        lives, "figure_html", lambda view, reference: count.append(1) or f"<img alt='{len(view.trials)} trials'>"
    )
    return count


def test_a_search_is_shown_from_its_start_to_its_end(session: Session, drawn: list[int]) -> None:
    saved: list[tuple[str, str]] = []
    view = LiveView(session, drawn=lambda view, figure: saved.append((view.record.state, figure)))
    assert view.resume.disabled is False and view.stop.disabled
    session.start().wait(60)
    until(lambda: saved[-1][0] == "finished")
    assert "2 trials" in view.picture.value and saved[-1][1] == view.picture.value
    assert "No trial" not in view.text.value
    assert view.pause.disabled and view.stop.disabled and not view.resume.disabled
    view.close()


def test_the_figure_is_drawn_only_when_a_curve_has_grown(session: Session, drawn: list[int]) -> None:
    view = LiveView(session)
    for _ in range(3):
        view.refresh(now=True)
    assert drawn == []
    session.start().wait(60)
    until(lambda: view.refresh(now=True).record.state is StudyState.FINISHED)
    before = len(drawn)
    for _ in range(5):
        view.refresh(now=True)
    assert len(drawn) == before <= 4
    view.close()


def test_nothing_runs_while_nothing_happens(session: Session) -> None:
    view = LiveView(session)
    until(lambda: view._thread is None)
    session.start().wait(60)
    until(lambda: view.text.value.count("complete") >= 2)
    until(lambda: view._thread is None)
    view.close()
    session.resume("1h").wait(60)
    assert view._thread is None, "a closed view is not woken"


@pytest.mark.parametrize("name", ["pause", "stop"])
def test_buttons_ask_the_study_that_runs(session: Session, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Session, "is_running_here", property(lambda self: True))
    monkeypatch.setattr(session, name, lambda: asked.append(name))
    view = LiveView(session)
    getattr(view, name).click()
    assert asked == [name], "the flag is set before the click returns"
    assert "next step" in view.message.value
    view.close()


def test_what_cannot_be_done_is_shown(session: Session) -> None:
    view = LiveView(session)
    view.pause.click()
    until(lambda: "not running" in view.message.value)
    view.stop_trial.click()
    until(lambda: "No trial is running" in view.message.value)
    session.store.update_study(session.id, spent_seconds=2e6)
    view.resume.click()
    until(lambda: "has spent its budget" in view.message.value)
    view.close()


def test_resume_takes_the_time_that_was_typed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets: list[str | None] = []
    monkeypatch.setattr(session, "resume", budgets.append)
    view = LiveView(session)
    view.more.value = " 10m "
    view.resume.click()
    until(lambda: budgets == ["10m"])
    until(lambda: view.more.value == "")
    view.close()


def test_hostile_names_and_errors_stay_text(session: Session) -> None:
    session.store.update_study(session.id, name=HOSTILE, message=HOSTILE)
    view = LiveView(session)
    view._complain(HOSTILE)
    assert "<img" not in view.text.value + view.message.value
    assert "&lt;img" in view.text.value
    view.close()


def test_a_closed_view_leaves_no_thread(session: Session) -> None:
    view = LiveView(session)
    view.close()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "xautolm-view"])
