import time
from collections.abc import Sequence
from typing import Any

import pytest

from xautolm_nb.core.events import Event, TrialProgress
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.run.child import ChildGone
from xautolm_nb.run.pool import WorkerOptions
from xautolm_nb.run.protocol import Command, Message
from xautolm_nb.run.watch import Watch, wait_for_answer

DONE = Message(kind="done", outcome=Outcome(fidelity=1.0))
SILENCE = None
GONE = ChildGone()
CRASH = Failure(kind=FailureKind.CRASH, message="gone")


class Script:
    """A worker that says what is written; after the last word it is silent for ever."""

    def __init__(self, *says: Message | ChildGone | None) -> None:
        self.says: list[Any] = list(says)
        self.sent: list[Command] = []
        self.was_killed = False

    def receive(self, timeout: float) -> Message | None:
        if not self.says:
            time.sleep(0.01)
            return None
        word = self.says.pop(0)
        if isinstance(word, ChildGone):
            raise word
        return word

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def kill(self) -> None:
        self.was_killed = True

    memory_gib = 3.0

    def why_gone(self) -> Failure:
        return CRASH


def attend(
    script: Script, trial: Trial, *, stop: bool = False, timeout: float | None = None, memory: float | None = None
) -> tuple[Outcome, list[Event]]:
    heard: list[Event] = []
    options = WorkerOptions(stop_grace=0.05, memory_gib=memory)
    watch = Watch(script, trial, heard.append, lambda: stop, timeout, options)  # type: ignore[arg-type]
    return watch.attend(lambda: trial), heard


def progress(step: int) -> Message:
    return Message(kind="progress", progress=TrialProgress(number=0, phase="train", step=step, total=9, fidelity=0.1))


@pytest.fixture
def paused(trial: Trial) -> Trial:
    from dataclasses import replace

    point = CurvePoint(fidelity=0.25, score=0.5, seconds=10.0)
    return replace(trial, fidelity=0.25, curve=(point,), measures=Measures(seconds_train=10.0))


def test_the_outcome_is_passed_on(trial: Trial) -> None:
    assert attend(Script(Message(kind="ready"), SILENCE, DONE), trial)[0] == DONE.outcome


def test_a_burst_of_progress_is_thinned(trial: Trial) -> None:
    burst: Sequence[Message] = [progress(step) for step in range(100)]
    heard = attend(Script(*burst, DONE), trial)[1]
    assert len(heard) == 1


def test_a_stop_is_sent_once_and_the_answer_awaited(trial: Trial) -> None:
    script = Script(SILENCE, SILENCE, DONE)
    outcome, _ = attend(script, trial, stop=True)
    assert outcome == DONE.outcome
    assert [command.verb for command in script.sent] == ["stop"] and not script.was_killed


def test_a_stop_that_is_not_answered_ends_at_the_last_checkpoint(paused: Trial) -> None:
    script = Script()
    outcome, _ = attend(script, paused, stop=True)
    assert script.was_killed and outcome.failure is None
    assert (outcome.fidelity, outcome.curve) == (0.25, paused.curve)


def test_the_deadline_kills(paused: Trial) -> None:
    script = Script()
    outcome, _ = attend(script, paused, timeout=0.05)
    assert script.was_killed and outcome.failure is not None and outcome.failure.kind is FailureKind.TIMEOUT
    assert outcome.curve == paused.curve
    assert 10.05 <= outcome.measures.seconds < 11.0


def test_a_dead_worker_is_a_failure_that_keeps_the_last_rung(trial: Trial) -> None:
    so_far = Outcome(fidelity=0.25, curve=(CurvePoint(fidelity=0.25, score=0.5, seconds=1.0),))
    outcome, _ = attend(Script(Message(kind="rung", outcome=so_far), GONE), trial)
    assert outcome.failure == CRASH and outcome.curve == so_far.curve


def test_an_answer_without_an_outcome_is_an_error(trial: Trial) -> None:
    outcome, _ = attend(Script(Message(kind="done")), trial)
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.ERROR


def test_other_commands_wait_for_their_answer() -> None:
    answer = Message(kind="done", metrics={"f1": 0.5})
    assert wait_for_answer(Script(Message(kind="ready"), SILENCE, answer)) == answer  # type: ignore[arg-type]
    with pytest.raises(ChildGone):
        wait_for_answer(Script(GONE))  # type: ignore[arg-type]


def test_a_worker_that_takes_more_memory_than_allowed_is_ended_and_the_message_says_how_much(paused: Trial) -> None:
    script = Script()
    outcome, _ = attend(script, paused, memory=2.0)
    assert script.was_killed and outcome.failure is not None
    assert outcome.failure.kind is FailureKind.HOST_MEMORY
    assert "3.00 GiB" in outcome.failure.message and "2 GiB allowed (worker_memory_gib)" in outcome.failure.message
    assert (outcome.fidelity, outcome.curve) == (paused.fidelity, paused.curve)


def test_a_worker_within_its_memory_goes_on(paused: Trial) -> None:
    assert attend(Script(*[SILENCE] * 5, DONE), paused, memory=4.0)[0] == DONE.outcome
