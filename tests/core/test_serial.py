"""Nouns become plain data and come back equal; nothing else is accepted."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.serial import content_id, from_json, from_plain, to_json, to_plain
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState


def a_trial() -> Trial:
    return Trial(
        number=3,
        config={"model": "m", "learning_rate": 1e-4, "epochs": 3, "class_weights": True},
        seed=7,
        state=TrialState.FAILED,
        curve=(CurvePoint(fidelity=0.25, score=0.5, seconds=3.0, metrics={"f1": 0.5}),),
        measures=Measures(seconds_train=3.0),
        failure=Failure(kind=FailureKind.NOT_FINITE, message="the loss is not finite"),
    )


def test_a_noun_comes_back_equal() -> None:
    assert from_json(to_json(a_trial()), Trial) == a_trial()


def test_bools_and_ints_of_a_config_keep_their_types() -> None:
    config = from_json(to_json(a_trial()), Trial).config
    assert config["class_weights"] is True
    assert type(config["epochs"]) is int


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_written_as_null(value: float) -> None:
    assert json.loads(to_json({"x": [value]})) == {"x": [None]}


def test_equal_values_have_equal_ids_whatever_their_order() -> None:
    assert content_id({"a": 1, "b": 2.5}) == content_id({"b": 2.5, "a": 1})
    assert content_id({"a": 1}) != content_id({"a": 2})


@pytest.mark.parametrize(
    ("change", "path"),
    [({"number": "three"}, "number"), ({"state": "asleep"}, "state"), ({"curve": [{"fidelity": 1}]}, "curve")],
)
def test_a_wrong_field_is_named(change: dict[str, object], path: str) -> None:
    data = {**to_plain(a_trial()), **change}
    with pytest.raises(ValueError, match=path):
        from_plain(data, Trial)


def test_text_that_is_no_json_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        from_json("{", Trial)


def test_json_that_is_nested_too_deeply_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        from_json("[" * 200_000, Trial)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\ud800b", "a\ufffdb"), ("\udfff", "\ufffd"), ("\ud83d\ude00", "\U0001f600"), ("gr\u00fcn", "gr\u00fcn")],
)
def test_halves_of_characters_are_made_whole_or_replaced_in_values_and_names(text: str, kept: str) -> None:
    assert to_plain({"a": [text], text: 1}) == {"a": [kept], kept: 1}
    assert content_id({text: text}) == content_id({kept: kept})


@given(st.recursive(st.text(st.characters()) | st.integers() | st.floats() | st.none(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner)))  # fmt: skip
def test_whatever_is_written_once_is_written_the_same_again(value: object) -> None:
    plain = to_plain(value)
    assert to_plain(plain) == plain
    assert json.loads(to_json(value)) == plain
    assert content_id(value) == content_id(plain)
