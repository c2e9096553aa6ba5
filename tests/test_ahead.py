"""Proposals made ahead: a good end of the running trial takes what was prepared, anything else asks afresh."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb.ahead import Ahead
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import Failure, FailureKind, Trial, TrialState
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, search

RUNNING = Trial(number=1, config={"a": 1}, seed=0, state=TrialState.RUNNING, target=0.5, expected={"seconds": 30.0})
DONE = replace(RUNNING, state=TrialState.PAUSED, fidelity=0.5)
PAUSED = Trial(number=0, config={"a": 0}, seed=0, state=TrialState.PAUSED, fidelity=0.25, target=0.25)


def prepared(proposal: Proposal | None, seen: list[tuple[Sequence[Trial], float]] | None = None) -> Ahead:
    def propose(trials: Sequence[Trial], left: float) -> Proposal | None:
        if seen is not None:
            seen.append((trials, left))
        return proposal

    ahead = Ahead(propose)
    ahead.prepare([PAUSED], RUNNING, 100.0)
    return ahead


def test_what_was_prepared_is_taken_once_and_knew_of_the_running_trial() -> None:
    seen: list[tuple[Sequence[Trial], float]] = []
    new = Proposal(config={"a": 2}, fidelity=0.5)
    with prepared(new, seen) as ahead:
        assert ahead.take([PAUSED, DONE], 70.0) is new
        assert ahead.take([PAUSED, DONE], 70.0) is None
    assert seen == [([PAUSED, RUNNING], 70.0)]


def test_beside_a_trial_that_failed_or_was_cut_off_nothing_was_prepared() -> None:
    failed = replace(DONE, state=TrialState.FAILED, failure=Failure(kind=FailureKind.OUT_OF_MEMORY, message=""))
    for ended in (failed, replace(DONE, fidelity=0.3), replace(RUNNING, number=7)):
        with prepared(Proposal(config={"a": 2}, fidelity=0.5)) as ahead:
            assert ahead.take([PAUSED, ended], 70.0) is None


def test_what_is_dropped_is_neither_waited_for_nor_heard() -> None:
    may_end = threading.Event()

    def propose(trials: Sequence[Trial], left: float) -> Proposal | None:
        may_end.wait(30)
        raise ValueError("never heard")

    failed = replace(DONE, state=TrialState.FAILED, failure=Failure(kind=FailureKind.OUT_OF_MEMORY, message=""))
    with Ahead(propose) as ahead:
        ahead.prepare([PAUSED], RUNNING, 100.0)
        began = time.monotonic()
        assert ahead.take([PAUSED, failed], 70.0) is None
        assert time.monotonic() - began < 5.0
        may_end.set()


def test_a_thaw_is_taken_only_of_a_trial_that_still_waits() -> None:
    thaw = Proposal(config={"a": 0}, fidelity=1.0, thaw=0)
    with prepared(thaw) as ahead:
        assert ahead.take([PAUSED, DONE], 70.0) is thaw
    with prepared(thaw) as ahead:
        assert ahead.take([replace(PAUSED, state=TrialState.COMPLETE), DONE], 70.0) is None


def test_what_takes_longer_than_there_is_time_is_not_taken() -> None:
    with prepared(Proposal(config={"a": 2}, fidelity=0.5, expected={"seconds": 80.0})) as ahead:
        assert ahead.take([PAUSED, DONE], 70.0) is None


def test_an_error_of_the_optimizer_is_raised_where_its_proposal_is_wanted() -> None:
    def propose(trials: Sequence[Trial], left: float) -> Proposal | None:
        raise ValueError("no")

    with Ahead(propose) as ahead:
        ahead.prepare([], RUNNING, 10.0)
        with pytest.raises(ValueError, match="no"):
            ahead.take([DONE], 10.0)


@pytest.fixture
def store() -> Iterator[ExperienceStore]:
    with ExperienceStore.open(":memory:") as opened:
        yield opened


def test_a_study_thinks_of_the_next_trial_in_a_thread_while_one_runs(store: ExperienceStore) -> None:
    threads: list[str] = []
    states: list[list[str]] = []

    class Watched(Scripted):
        def propose(self, context, experiences, trials, **rest):  # type: ignore[no-untyped-def]
            threads.append(threading.current_thread().name)
            states.append([trial.state.value for trial in trials])
            return super().propose(context, experiences, trials, **rest)

    study = make_study(store, Watched([start(config(2)), start(config(4)), start(config(6))]), ahead=True)
    search(study, budget=Budget(seconds=1000.0), control=lambda: Control.RUN, emit=lambda event: None)
    assert [trial.state for trial in store.trials(study.record.id)] == [TrialState.COMPLETE] * 3
    assert threads[0] == "MainThread" and all(name.startswith("proposals") for name in threads[1:4])
    assert states[1] == ["running"] and states[2] == ["complete", "running"]


def test_beside_two_trials_it_is_taken_when_one_came_well_and_the_other_still_runs_or_came_well_too() -> None:
    new = Proposal(config={"a": 3}, fidelity=0.5)
    other = replace(RUNNING, number=2, expected={"seconds": 50.0})
    seen: list[float] = []

    def beside_two() -> Ahead:
        ahead = Ahead(lambda trials, left: seen.append(left) or new)
        ahead.prepare([PAUSED, RUNNING], other, 100.0)
        return ahead

    came_well = replace(other, state=TrialState.PAUSED, fidelity=0.5)
    failed = replace(other, state=TrialState.FAILED, failure=Failure(kind=FailureKind.CRASH, message=""))
    cut_off = replace(other, state=TrialState.PAUSED, fidelity=0.1)
    for end, taken in ((other, new), (came_well, new), (failed, None), (cut_off, None)):
        with beside_two() as ahead:
            assert ahead.take([PAUSED, DONE, end], 100.0) is taken
    assert seen[0] == 70.0, "what is left when the first of them is expected back"
