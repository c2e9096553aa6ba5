"""What every runner must do; a test class inherits `RunnerContract` and gives the fixtures it names."""

import threading
from dataclasses import replace

import pytest

from xautolm_nb.core.events import Event, TrialProgress
from xautolm_nb.core.runner import Runner
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind, Outcome, Trial


def never() -> bool:
    return False


def thawed(trial: Trial, outcome: Outcome, target: float) -> Trial:
    """The trial as a study hands it out again."""
    return replace(
        trial,
        target=target,
        fidelity=outcome.fidelity,
        curve=outcome.curve,
        measures=outcome.measures,
        checkpoint=outcome.checkpoint,
    )


class RunnerContract:
    """Fixtures: `runner`, `task`, and `fresh`, a trial of its own that the runner can run; rungs .25, .5, 1."""

    looks: tuple[float, ...] = (0.25, 0.5, 1.0)
    """The rungs at which `fresh` is validated on its way."""

    @pytest.fixture
    def runner(self) -> Runner:
        raise NotImplementedError

    @pytest.fixture
    def fresh(self) -> Trial:
        raise NotImplementedError

    def test_a_full_run_has_a_score_at_every_look_and_a_cost(self, runner: Runner, task: Task, fresh: Trial) -> None:
        outcome = runner.run(task, fresh, emit=lambda _: None, should_stop=never)
        assert outcome.failure is None
        assert outcome.fidelity == 1.0 and not outcome.checkpoint
        assert tuple(point.fidelity for point in outcome.curve) == self.looks
        assert outcome.measures.seconds > 0
        seconds = [point.seconds for point in outcome.curve]
        assert seconds == sorted(seconds)

    def test_a_paused_trial_goes_on_and_ends_like_one_run(self, runner: Runner, task: Task, fresh: Trial) -> None:
        first = runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
        assert (first.fidelity, first.checkpoint, len(first.curve)) == (0.25, True, 1)
        last = runner.run(task, thawed(fresh, first, 1.0), emit=lambda _: None, should_stop=never)
        assert last.curve[0] == first.curve[0]
        assert tuple(point.fidelity for point in last.curve) == (0.25, *(look for look in self.looks if look > 0.25))
        assert last.measures.seconds > first.measures.seconds

    def test_a_target_between_two_rungs_is_reached_and_scored(self, runner: Runner, task: Task, fresh: Trial) -> None:
        outcome = runner.run(task, replace(fresh, target=0.75), emit=lambda _: None, should_stop=never)
        on_the_way = (look for look in self.looks if look < 0.75)
        assert tuple(point.fidelity for point in outcome.curve) == (*on_the_way, 0.75)
        assert outcome.fidelity == 0.75 and outcome.checkpoint

    def test_progress_is_of_this_trial_and_comes_from_the_calling_thread(
        self, runner: Runner, task: Task, fresh: Trial
    ) -> None:
        heard: list[tuple[Event, int]] = []
        runner.run(task, fresh, emit=lambda event: heard.append((event, threading.get_ident())), should_stop=never)
        assert heard
        assert {thread for _, thread in heard} == {threading.get_ident()}
        assert all(isinstance(event, TrialProgress) and event.number == fresh.number for event, _ in heard)

    def test_a_stop_pauses_the_trial(self, runner: Runner, task: Task, fresh: Trial) -> None:
        outcome = runner.run(task, fresh, emit=lambda _: None, should_stop=lambda: True)
        assert outcome.failure is None
        assert outcome.fidelity < 1.0
        again = runner.run(task, thawed(fresh, outcome, 1.0), emit=lambda _: None, should_stop=never)
        assert again.fidelity == 1.0

    def test_a_timeout_is_a_typed_failure_and_the_runner_goes_on(
        self, runner: Runner, task: Task, fresh: Trial
    ) -> None:
        outcome = runner.run(task, fresh, emit=lambda _: None, should_stop=never, timeout=0.01)
        assert outcome.failure is not None and outcome.failure.kind is FailureKind.TIMEOUT
        next_one = runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
        assert next_one.failure is None

    def test_an_unknown_model_is_a_typed_failure(self, runner: Runner, task: Task, fresh: Trial) -> None:
        stranger = replace(fresh, config={**fresh.config, "model": "nobody/knows-it"})
        outcome = runner.run(task, stranger, emit=lambda _: None, should_stop=never)
        assert outcome.failure is not None and outcome.failure.kind is FailureKind.MODEL_UNAVAILABLE

    def test_the_kept_weights_are_scored_on_a_split(self, runner: Runner, task: Task, fresh: Trial) -> None:
        outcome = runner.run(task, fresh, emit=lambda _: None, should_stop=never)
        done = thawed(fresh, outcome, 1.0)
        metrics = runner.evaluate(task, done, "validation")
        assert metrics[task.metric.name] == pytest.approx(done.score)

    def test_a_trial_without_files_is_recovered_as_it_is(self, runner: Runner, fresh: Trial) -> None:
        assert runner.recover(fresh) == fresh

    def test_discarding_twice_is_fine(self, runner: Runner, task: Task, fresh: Trial) -> None:
        runner.run(task, replace(fresh, target=0.25), emit=lambda _: None, should_stop=never)
        runner.discard(fresh)
        runner.discard(fresh)
