"""The loop with two workers: trials beside each other, none twice, none lost, however it ends."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hall import Hall, done, until
from worlds import Scripted, config, make_study, start, whole_run

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.events import Event, StudyMessage, TrialFinished, TrialStarted
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import Failure, FailureKind, Measures, Outcome, Trial, TrialState
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, Study, search


class Search:
    """A search of two workers in a thread of its own, held by the hand of a test."""

    def __init__(self, study: Study, **rules: object) -> None:
        self.hall = Hall()
        self.study = replace(study, runner=self.hall, **{"workers": 2, **rules})
        self.wanted, self.stopped = Control.RUN, set[int]()
        self.events: list[Event] = []
        self.reason: str | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        budget = Budget(seconds=100.0, clock=self.hall.clock)
        try:
            self.reason = search(
                self.study,
                budget=budget,
                control=lambda: self.wanted,
                emit=self.events.append,
                stopped=lambda: self.stopped,
            )
        except Exception as error:
            self.error = error

    def begin(self) -> "Search":
        self._thread.start()
        return self

    def end(self) -> "Search":
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert not self.hall.at_work
        return self

    def trial(self, number: int) -> Trial:
        return next(trial for trial in self.study.store.trials(self.study.record.id) if trial.number == number)

    @property
    def states(self) -> list[str]:
        return [trial.state.value for trial in self.study.store.trials(self.study.record.id)]


Begin = Callable[..., Search]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begin a search that proposes complete runs of different configurations."""
    with ExperienceStore.open(tmp_path / "store") as store:
        made: list[Search] = []

        def make(trials: int = 6, optimizer: object = None, **rules: object) -> Search:
            scripted = Scripted([start(config(2, epochs=1 + number)) for number in range(trials)])
            made.append(Search(make_study(store, optimizer or scripted), **rules))
            return made[-1].begin()

        yield make
        for search in made:
            search.wanted = Control.STOP
            search.end()


def test_a_worker_that_is_free_gets_the_next_trial_while_the_other_one_goes_on(begin: Begin) -> None:
    running = begin(3)
    running.hall.wait_for(0, 1)
    running.hall.let_go(1)
    running.hall.wait_for(0, 2)
    running.hall.let_go(2)
    running.hall.let_go(0)
    assert running.end().reason == "converged"
    assert running.states == ["complete"] * 3
    assert next(event.trial.number for event in running.events if isinstance(event, TrialFinished)) == 1
    assert len(running.study.store.experiences()) == 3


def test_whoever_proposes_hears_of_the_trials_that_run(begin: Begin) -> None:
    heard: list[list[str]] = []

    class Watched(Scripted):
        def propose(self, context, experiences, trials, **rest):  # type: ignore[no-untyped-def]
            heard.append([trial.state.value for trial in trials])
            return super().propose(context, experiences, trials, **rest)

    running = begin(optimizer=Watched([start(config(2)), start(config(4))]))
    running.hall.wait_for(0, 1)
    assert heard == [[], ["running"]]


def test_the_next_trial_is_thought_of_while_all_are_busy_and_only_then(begin: Begin) -> None:
    heard: list[tuple[str, list[str]]] = []

    class Watched(Scripted):
        def propose(self, context, experiences, trials, **rest):  # type: ignore[no-untyped-def]
            heard.append((threading.current_thread().name[:9], [trial.state.value for trial in trials]))
            return super().propose(context, experiences, trials, **rest)

    scripted = Watched([start(config(2, epochs=1 + number)) for number in range(4)])
    running = begin(optimizer=scripted, ahead=True)
    until(lambda: len(heard) == 3)
    assert [name == "proposals" for name, _ in heard] == [False, False, True]
    assert heard[2][1] == ["running", "running"]
    running.hall.wait_for(0, 1)
    running.hall.let_go(0)
    running.hall.wait_for(1, 2)
    until(lambda: len(heard) == 4)
    assert heard[3] == ("proposals", ["complete", "running", "running"])
    failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="too large")
    running.hall.let_go(1, Outcome(fidelity=0.0, failure=failure))
    until(lambda: len(heard) >= 5)
    assert heard[4][1] == ["complete", "failed", "running"], "what was thought beside it is dropped"


def test_what_cannot_be_proposed_now_may_be_when_another_trial_has_come_back(begin: Begin) -> None:
    class Careful(Scripted):
        def propose(self, context, experiences, trials, **rest):  # type: ignore[no-untyped-def]
            busy = any(trial.state is TrialState.RUNNING for trial in trials)
            return None if busy else super().propose(context, experiences, trials, **rest)

    running = begin(optimizer=Careful([start(config(2)), start(config(4))]))
    running.hall.wait_for(0)
    running.hall.let_go(0)
    running.hall.wait_for(1)
    running.hall.let_go(1)
    assert running.end().reason == "converged"
    assert running.states == ["complete"] * 2


def test_a_pause_ends_all_with_their_checkpoints_and_they_go_on_before_anything_new(begin: Begin) -> None:
    running = begin(3)
    running.hall.wait_for(0, 1)
    running.wanted = Control.PAUSE
    until(lambda: StudyMessage(message="paused") in running.events)
    paused = [running.trial(0), running.trial(1)]
    assert all((t.state, t.checkpoint, t.fidelity) == (TrialState.PAUSED, True, Hall.CUT_OFF) for t in paused)
    running.wanted = Control.RUN
    running.hall.wait_for(0, 1)
    assert sorted(running.hall.begun) == [0, 0, 1, 1]


def test_a_stop_ends_all_with_their_checkpoints(begin: Begin) -> None:
    running = begin()
    running.hall.wait_for(0, 1)
    running.wanted = Control.STOP
    assert running.end().reason == "stopped"
    assert [(trial.state, trial.checkpoint) for trial in map(running.trial, (0, 1))] == [(TrialState.PAUSED, True)] * 2
    assert running.hall.begun in ([0, 1], [1, 0])


def test_one_trial_is_stopped_and_its_worker_gets_another_one(begin: Begin) -> None:
    running = begin(3)
    running.hall.wait_for(0, 1)
    running.stopped = {1}
    running.hall.wait_for(0, 2)
    assert running.trial(1).state is TrialState.PAUSED
    for number in (0, 2):
        running.hall.let_go(number)
    assert running.end().reason == "converged"
    assert running.states == ["complete", "paused", "complete"]


def test_all_end_when_budget_and_grace_are_spent(begin: Begin) -> None:
    running = begin(grace=10.0)
    running.hall.wait_for(0, 1)
    running.hall.clock.advance(105)
    running.hall.let_go(0)
    running.hall.wait_for(1)
    running.hall.clock.advance(6)
    assert running.end().reason == "budget"
    assert running.states == ["complete", "paused"]


def test_a_failure_of_one_does_not_disturb_the_other(begin: Begin) -> None:
    running = begin(2)
    running.hall.wait_for(0, 1)
    failure = Failure(kind=FailureKind.CRASH, message="gone")
    running.hall.let_go(0, Outcome(fidelity=0.0, failure=failure))
    running.hall.wait_for(1)
    running.hall.let_go(1)
    assert running.end().reason == "converged"
    assert running.states == ["failed", "complete"]


def test_a_trial_that_cannot_write_ends_the_run_and_the_others_keep_what_they_have(begin: Begin) -> None:
    running = begin()
    running.hall.wait_for(0, 1)
    failure = Failure(kind=FailureKind.DISK, message="No space left on device.")
    running.hall.let_go(0, Outcome(fidelity=0.0, measures=Measures(seconds_train=3.0), failure=failure))
    error = running.end().error
    assert isinstance(error, StudyError) and "Trial 0 could not write its files: No space left" in str(error)
    assert running.states == ["queued", "paused"]
    assert running.trial(1).checkpoint and running.trial(0).seconds == 3.0


def test_a_bug_ends_the_run_and_the_other_trial_keeps_what_it_has(begin: Begin) -> None:
    running = begin()
    running.hall.wait_for(0, 1)
    running.hall.let_go(0, ValueError("a bug"))
    assert repr(running.end().error) == "ValueError('a bug')"
    assert running.states == ["running", "paused"], "the first is taken up again as after a death"
    again = Search(replace(running.study, record=running.study.record)).begin()
    again.hall.wait_for(0, 1)
    again.wanted = Control.STOP
    assert again.end().reason == "stopped"
    assert again.states == ["paused", "paused"]


def test_the_files_of_running_trials_stay_when_others_lose(begin: Begin) -> None:
    running = begin(4, keep=1)
    running.hall.wait_for(0, 1)
    for number, score in ((0, 0.9), (2, 0.8), (3, 0.7)):
        running.hall.wait_for(1, number)
        running.hall.let_go(number, done(score))
    until(lambda: running.states.count("complete") == 3)
    running.hall.let_go(1, done(0.1))
    assert running.end().reason == "converged"
    discarded = running.hall.discarded
    assert 1 in discarded and 1 not in discarded[: discarded.index(3)]


def test_a_wanted_number_of_trials_counts_those_that_run(begin: Begin) -> None:
    running = begin(6, max_trials=3)
    running.hall.wait_for(0, 1)
    running.hall.let_go(0)
    running.hall.wait_for(1, 2)
    for number in (1, 2):
        running.hall.let_go(number)
    assert running.end().reason == "max_trials"
    assert running.states == ["complete"] * 3


def test_one_worker_runs_the_same_trials_as_ever(tmp_path: Path) -> None:
    def order(workers: int) -> Sequence[tuple[str, int]]:
        with ExperienceStore.open(":memory:") as store:
            scripted = Scripted([start(config(2, epochs=1 + number), 0.25) for number in range(3)])
            study = make_study(store, scripted, workers=workers)
            events: list[Event] = []
            clock = study.runner.clock  # type: ignore[attr-defined]
            search(study, budget=Budget(seconds=1e6, clock=clock), control=lambda: Control.RUN, emit=events.append)
            assert [t.curve[0] for t in store.trials(study.record.id)] == [
                whole_run(t).curve[0] for t in store.trials(study.record.id)
            ]
            told = [event for event in events if isinstance(event, TrialStarted | TrialFinished)]
            return [(type(event).__name__, event.trial.number) for event in told]

    assert order(1) == [(kind, number) for number in range(3) for kind in ("TrialStarted", "TrialFinished")]
    assert sorted(order(2)) == sorted(order(1))
