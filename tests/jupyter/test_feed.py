"""News comes once, from events where the study runs here and from the store where it runs elsewhere."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from worlds import config

from xautolm_nb.core.events import TrialProgress, TrialStarted
from xautolm_nb.core.study import StudyState
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.jupyter import feed as feeds
from xautolm_nb.jupyter.feed import Feed
from xautolm_nb.session import Session
from xautolm_nb.store import current_owner

TRIAL = Trial(number=0, config=config(2), seed=0, state=TrialState.RUNNING)


def step(number: int) -> TrialProgress:
    return TrialProgress(number=0, phase="train", step=number, total=100, fidelity=number / 100)


def test_a_search_that_runs_here_is_followed_to_its_end(session: Session) -> None:
    woken: list[int] = []
    feed = Feed(session, lambda: woken.append(1))
    session.start().wait(60)
    news = feed.poll()
    assert {trial.number: trial.state for trial in news.trials} == dict.fromkeys((0, 1), TrialState.COMPLETE)
    assert news.ended == session.message and news.study
    assert feed.trials == tuple(session.store.trials(session.id))
    assert woken and not feed.is_live
    assert feed.poll() == feeds.News()


def test_however_much_happens_only_the_latest_is_kept(session: Session) -> None:
    feed = Feed(session)
    for number in range(10_000):
        feed._receive(step(number))
        feed._receive(TrialStarted(trial=replace(TRIAL, fidelity=number / 10_000)))
        feed._receive(step(number + 1))
    news = feed.poll()
    assert news.progress is not None and news.progress.step == 10_000
    assert len(news.trials) == 1 == len(feed.trials)


def test_progress_alone_wakes_nobody(session: Session) -> None:
    woken: list[int] = []
    feed = Feed(session, lambda: woken.append(1))
    feed._receive(step(1))
    assert not woken
    feed._receive(TrialStarted(trial=TRIAL))
    assert woken


def test_what_another_process_does_is_read_from_the_store(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.0)
    other = replace(current_owner(), pid=1, started=0.0)
    monkeypatch.setattr("xautolm_nb.session.is_owner_alive", lambda owner, heartbeat: True)
    store = session.store
    store.update_study(session.id, state=StudyState.RUNNING, owner=other)
    feed = Feed(session)
    assert feed.is_live and feed.poll().trials == ()
    store.save_trial(session.id, TRIAL)
    store.update_study(session.id, progress=step(7))
    news = feed.poll()
    assert news.trials == (TRIAL,) and news.progress == step(7) and news.ended is None
    store.update_study(session.id, state=StudyState.FINISHED, owner=None, message="the budget is spent")
    assert feed.poll().ended == "the budget is spent"
    assert not feed.is_live


def test_a_study_whose_owner_died_is_live_no_more(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.0)
    alive = [True]
    monkeypatch.setattr("xautolm_nb.session.is_owner_alive", lambda owner, heartbeat: alive[0])
    other = replace(current_owner(), pid=1)
    session.store.update_study(session.id, state=StudyState.RUNNING, owner=other)
    feed = Feed(session)
    feed.poll()
    alive.clear()
    alive.append(False)
    assert feed.poll().ended is not None
    assert not feed.is_live


def test_news_that_could_not_be_told_is_kept_with_what_came_later() -> None:
    first = feeds.News(study=True, trials=(TRIAL,), progress=step(3), ended="over")
    done = replace(TRIAL, state=TrialState.COMPLETE)
    both = first.followed_by(feeds.News(trials=(done, replace(TRIAL, number=1))))
    assert both == feeds.News(study=True, trials=(done, replace(TRIAL, number=1)), ended="over")
    assert feeds.News(progress=step(3)).followed_by(feeds.News()).progress == step(3)


def test_a_closed_feed_hears_nothing(new_session: Callable[..., Session]) -> None:
    session = new_session(2)
    feed = Feed(session)
    feed.close()
    session.start().wait(60)
    assert feed.poll() == feeds.News()


def test_trials_that_run_beside_each_other_do_not_hide_each_other(session: Session) -> None:
    feed = Feed(session)
    other = replace(step(5), number=1)
    for progress in (step(1), other, step(2)):
        feed._receive(progress)
    news = feed.poll()
    assert news.running == (step(2), other)
    later = feeds.News(progress=step(3), trials=(replace(TRIAL, number=1),))
    assert news.followed_by(later).running == (step(3),), "the other one has come back"
