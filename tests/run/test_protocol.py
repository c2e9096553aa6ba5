import math
from collections.abc import Callable

import pytest

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.trial import CurvePoint, Outcome
from xautolm_nb.run.protocol import Command, Job, Message


def test_a_command_arrives_as_it_was_sent(make_job: Callable[..., Job]) -> None:
    job = make_job(config={"learning_rate": 1.2345678901234567e-05, "class_weights": True})
    command = Command(verb="run", job=job)
    read = from_json(to_json(command), Command)
    assert read == command
    assert read.job is not None and read.job.trial.config["class_weights"] is True


def test_a_message_is_one_line_and_has_no_infinite_numbers() -> None:
    point = CurvePoint(fidelity=0.5, score=0.5, seconds=1.0, loss=math.inf)
    text = to_json(Message(kind="rung", outcome=Outcome(fidelity=0.5, curve=(point,))))
    assert "\n" not in text
    read = from_json(text, Message)
    assert read.outcome is not None and read.outcome.curve[0].loss is None


def test_a_message_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        from_json('{"kind": "gossip"}', Message)


def test_progress_arrives_as_it_was_sent() -> None:
    progress = TrialProgress(number=3, phase="train", step=1, total=9, fidelity=1 / 9, loss=0.7)
    assert from_json(to_json(Message(kind="progress", progress=progress)), Message).progress == progress
