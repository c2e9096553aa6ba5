from collections.abc import Iterator
from dataclasses import replace

import pytest
from contracts.runner import RunnerContract, never, thawed

from xautolm_nb.core.config import config_key
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.events import Event
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.run import ReplayRunner, SimulatedClock

CURVE = tuple(
    CurvePoint(fidelity=fidelity, score=score, seconds=100 * fidelity, step=int(80 * fidelity))
    for fidelity, score in ((0.25, 0.5), (0.5, 0.7), (1.0, 0.6))
)
COST = Measures(seconds_load=4.0, seconds_train=90.0, seconds_eval=6.0, tokens=8000, steps=80, peak_memory_gib=2.0)
WHOLE = Outcome(fidelity=1.0, curve=CURVE, measures=COST)
FAILURE = Failure(kind=FailureKind.OUT_OF_MEMORY, message="too large")


def simulated(trial: Trial) -> Outcome:
    if trial.config["model"] != "tiny":
        return Outcome(fidelity=0.0, failure=Failure(kind=FailureKind.MODEL_UNAVAILABLE, message="unknown"))
    step = (0.75, CurvePoint(fidelity=0.75, score=0.65, seconds=75.0, step=60))
    return replace(WHOLE, curve=(*CURVE[:2], step[1], CURVE[2])) if trial.target == step[0] else WHOLE


class TestReplayRunner(RunnerContract):
    """The contract, with a simulated run."""

    @pytest.fixture
    def runner(self) -> ReplayRunner:
        return ReplayRunner(simulated)

    @pytest.fixture
    def fresh(self, trial: Trial, numbers: Iterator[int]) -> Trial:
        return replace(trial, number=next(numbers))


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(1000))


def play(runner: ReplayRunner, task: Task, trial: Trial, timeout: float | None = None) -> Outcome:
    return runner.run(task, trial, emit=lambda _: None, should_stop=never, timeout=timeout)


def test_the_clock_advances_by_the_work_that_is_added(task: Task, trial: Trial) -> None:
    clock = SimulatedClock()
    runner = ReplayRunner(simulated, clock=clock)
    first = play(runner, task, replace(trial, target=0.25))
    assert clock() == 25.0
    play(runner, task, thawed(trial, first, 1.0))
    assert clock() == 100.0


def test_measures_are_the_recorded_share(task: Task, trial: Trial) -> None:
    half = play(ReplayRunner(simulated), task, replace(trial, target=0.5)).measures
    assert half.seconds == pytest.approx(50.0) and half.tokens == 4000 and half.steps == 40
    assert half.peak_memory_gib == 2.0
    assert play(ReplayRunner(simulated), task, trial).measures == COST


def test_a_target_that_was_not_recorded_takes_the_score_before_and_its_share_of_the_time(
    task: Task, trial: Trial
) -> None:
    outcome = play(ReplayRunner(lambda _: WHOLE), task, replace(trial, target=0.8))
    assert [(point.fidelity, point.score) for point in outcome.curve] == [(0.25, 0.5), (0.5, 0.7), (0.8, 0.7)]
    assert outcome.measures.seconds == pytest.approx(80.0) and outcome.fidelity == 0.8


def test_a_recorded_failure_comes_when_it_is_reached(task: Task, trial: Trial) -> None:
    failing = Outcome(fidelity=0.6, curve=CURVE[:2], measures=replace(COST, seconds_train=50.0), failure=FAILURE)
    clock = SimulatedClock()
    runner = ReplayRunner(lambda _: failing, clock=clock)
    paused = play(runner, task, replace(trial, target=0.5))
    assert paused.failure is None and paused.checkpoint
    failed = play(runner, task, thawed(trial, paused, 1.0))
    assert failed.failure == FAILURE and failed.curve == CURVE[:2]
    assert clock() == pytest.approx(60.0) and failed.measures.seconds == pytest.approx(60.0)


def test_a_failure_at_once_has_no_curve(task: Task, trial: Trial) -> None:
    failing = Outcome(fidelity=0.0, measures=Measures(seconds_load=3.0), failure=FAILURE)
    outcome = play(ReplayRunner(lambda _: failing), task, replace(trial, target=0.25))
    assert outcome.failure == FAILURE and outcome.curve == () and outcome.measures.seconds == 3.0


def test_a_timeout_costs_the_time_it_allows(task: Task, trial: Trial) -> None:
    clock = SimulatedClock()
    outcome = play(ReplayRunner(simulated, clock=clock), task, trial, timeout=60.0)
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.TIMEOUT
    assert clock() == 60.0 and [point.fidelity for point in outcome.curve] == [0.25, 0.5]


def test_a_table_is_looked_up_by_configuration(task: Task, trial: Trial) -> None:
    runner = ReplayRunner({config_key(trial.config): WHOLE})
    assert play(runner, task, trial).curve == CURVE
    other = replace(trial, config={**trial.config, "epochs": 9})
    assert play(runner, task, other).failure is not None


def test_progress_comes_at_every_validation(task: Task, trial: Trial) -> None:
    heard: list[Event] = []
    ReplayRunner(simulated).run(task, trial, emit=heard.append, should_stop=never)
    assert [event.step for event in heard if hasattr(event, "step")] == [20, 40, 80]


def test_there_are_no_weights_to_export(task: Task, trial: Trial) -> None:
    with pytest.raises(StudyError, match="no weights"):
        ReplayRunner(simulated).export(task, trial, "out")
    with pytest.raises(StudyError, match="no kept weights"):
        ReplayRunner(simulated).evaluate(task, trial, "test")
