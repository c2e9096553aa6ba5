"""What comes from elsewhere is taken only within the limits, and the field that breaks one is named."""

from dataclasses import replace
from typing import Any

import pytest
from contracts.store import a_context, a_failure, a_trial, an_experience

from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures
from xautolm_nb.store.limits import checked

POINT = CurvePoint(fidelity=1.0, score=0.5, seconds=1.0)
TASK = a_context().task
NAN = float("nan")


@pytest.mark.parametrize(
    "experience",
    [
        an_experience(),
        a_failure(),
        a_failure(fidelity=0.0, curve=()),  # it failed before its first checkpoint
        an_experience(curve=a_trial().curve, seed=3, trial=4, created_at=""),
    ],
)
def test_a_sound_record_is_taken_as_it_is(experience: Experience) -> None:
    assert checked(experience) == experience


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task_name": ""}, "task_name is empty"),
        ({"task_name": "x" * 501}, "task_name has 501 characters"),
        ({"metric": Metric(name="m" * 501)}, "metric has 501"),
        ({"fidelity": 0.0}, r"fidelity 0.0 is not in \(0, 1\]"),
        ({"fidelity": 1.5}, "fidelity 1.5"),
        ({"fidelity": NAN}, "declared types"),
        ({"seconds": -1.0}, "seconds -1.0 is negative"),
        ({"seed": 2**60}, "seed is not between"),
        ({"trial": -1}, "trial is not between 0"),
        ({"trial": 2**31}, "trial is not between 0"),
        ({"created_at": "yesterday"}, "'yesterday' is not a date"),
        ({"config": {"a": float("inf")}}, "declared types"),
        ({"config": {"a": [1]}}, "declared types"),
        ({"config": {str(number): 1 for number in range(501)}}, "config has 501 entries"),
        ({"config": {"a": "x" * 20_001}}, "'a' has 20001"),
        ({"config": {"a" * 501: 1}}, "a name in config has 501"),
        ({"config": {"a": 2**60}}, "'a' is not between"),
        ({"config": {"model": "x" * 501}}, "model has 501"),
        ({"curve": (POINT,) * 501}, "curve has 501 points"),
        ({"curve": (replace(POINT, fidelity=2.0),)}, "fidelity 2.0 of point 0"),
        ({"curve": (POINT, replace(POINT, seconds=-1.0))}, "time of point 1"),
        ({"curve": (replace(POINT, step=-5),)}, "step of point 0"),
        ({"measures": Measures(tokens=-1)}, "tokens is not between"),
        ({"measures": Measures(energy_kwh=-0.1)}, "energy_kwh -0.1 is negative"),
        ({"failure": Failure(kind=FailureKind.ERROR, message="x" * 20_001)}, "a text has 20001"),
        ({"versions": {"torch": "x" * 20_001}}, "a text has 20001"),
        ({"context": replace(a_context(), task=replace(TASK, paper=(1.0,)))}, "1 numbers, not 10"),
        ({"context": replace(a_context(), system=SystemMetaFeatures(paper=(1.0,)))}, "1 numbers, not 5"),
        ({"context": replace(a_context(), task=replace(TASK, semantic=(0.0,) * 10_001))}, "semantic has 10001"),
        ({"context": replace(a_context(), task=replace(TASK, paper=(NAN, *TASK.paper[1:])))}, "declared types"),
        ({"config": {str(number): "x" * 20_000 for number in range(60)}}, "larger than 1024 KiB"),
    ],
)  # fmt: skip
def test_what_breaks_a_limit_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked(an_experience(**changes))
