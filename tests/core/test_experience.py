"""Experiences are named by what they hold."""

from dataclasses import replace

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Failure, FailureKind

EXPERIENCE = Experience(
    task_name="sst2",
    metric=Metric(name="f1"),
    context=Context(
        task=TaskMetaFeatures(kind="classification", paper=(1.0,) * 10), system=SystemMetaFeatures(paper=(1.0,) * 5)
    ),
    space="xautolm-nb/1",
    config={"model": "m", "method": "full"},
    fidelity=1.0,
    score=0.9,
    seconds=10.0,
)


def test_equal_records_have_equal_ids_and_others_do_not() -> None:
    assert EXPERIENCE.id == replace(EXPERIENCE).id
    assert EXPERIENCE.id != replace(EXPERIENCE, score=0.8).id


def test_the_id_survives_writing_and_reading() -> None:
    assert from_json(to_json(EXPERIENCE), Experience).id == EXPERIENCE.id


def test_success_is_a_score_without_a_failure() -> None:
    failure = Failure(kind=FailureKind.TIMEOUT, message="too long")
    assert EXPERIENCE.succeeded
    assert not replace(EXPERIENCE, failure=failure).succeeded
    assert not replace(EXPERIENCE, score=None).succeeded
