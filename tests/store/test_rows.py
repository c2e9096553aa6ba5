import json
from typing import Any

import pytest
from contracts.store import a_context, a_failure, a_record, a_trial, an_experience
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.trial import Failure, FailureKind, Trial
from xautolm_nb.store.rows import (
    context_row,
    experience_row,
    read_experience,
    rung_rows,
    storable,
    study_row,
    trial_row,
)

VALUES = st.one_of(
    st.text(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)


@given(config=st.dictionaries(st.text(min_size=1), VALUES), score=st.one_of(st.none(), st.floats(0, 1)))
def test_every_experience_that_can_be_stored_reads_back_with_its_id(
    config: dict[str, Any], score: float | None
) -> None:
    experience = storable(an_experience(config=config, score=score), Experience, "it")
    row = experience_row(experience, "c")
    again = read_experience(row["body"], experience.context)
    assert again == experience and again.id == row["id"] == experience.id


def test_whole_numbers_become_the_floats_their_fields_declare() -> None:
    stored = storable(an_experience(score=1, seconds=2, fidelity=1), Experience, "it")
    assert (type(stored.score), type(stored.seconds), type(stored.fidelity)) == (float, float, float)


def test_text_that_cannot_be_encoded_is_replaced() -> None:
    given = a_failure(task_name="a\ud800b", config={"\udc00": "\ud83d\ude00"})
    stored = storable(given, Experience, "it")
    assert (stored.task_name, stored.config) == ("a\ufffdb", {"\ufffd": "\U0001f600"})
    assert stored.id == given.id


def test_secrets_in_messages_are_hidden() -> None:
    failure = Failure(kind=FailureKind.ERROR, message="no postgresql://me:s3cret@h/d", detail="token hf_" + "a1" * 17)
    kept = storable(an_experience(failure=failure), Experience, "it").failure
    assert kept is not None and "s3cret" not in kept.message and "a1a1" not in kept.detail


def test_what_is_not_finite_is_left_out_where_that_loses_nothing() -> None:
    nan = float("nan")
    assert dict(storable(a_trial(expected={"a": nan, "b": 1.0}), Trial, "it").expected) == {"b": 1.0}
    assert storable(an_experience(score=nan), Experience, "it").score is None


@pytest.mark.parametrize(
    "changes", [{"config": {"a": float("inf")}}, {"fidelity": float("nan")}, {"config": {"a": [1]}}]
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="the third"):
        storable(an_experience(**changes), Experience, "the third")


def test_a_context_is_named_by_its_content_and_shows_the_vector_of_the_paper() -> None:
    context = storable(a_context(), Context, "it")
    row = context_row(context)
    assert row["id"] == content_id(context) and row["kind"] == "classification"
    assert json.loads(row["paper"]) == [*context.task.paper, *context.system.paper]


def test_an_experience_row_leaves_the_context_out_of_the_body() -> None:
    row = experience_row(an_experience(), "c")
    assert "context" not in json.loads(row["body"])
    assert (row["context_id"], row["model"], row["method"], row["metric"]) == ("c", "tiny", "lora", "f1")
    original = experience_row(an_experience(config={"method_class": "LoraLLM", "model": "x"}), "c")
    assert original["method"] == "LoraLLM"


def test_columns_repeat_what_queries_need() -> None:
    assert trial_row("s", a_trial())["score"] == 0.75
    assert study_row(a_record())["owner"] is None
    assert [row["position"] for row in rung_rows("s", a_trial())] == [0, 1]
