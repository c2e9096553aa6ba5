"""Fuzzing in small: every surface takes a few hundred changed inputs, and everything that was ever found.

`make fuzz` runs a million cases; what it finds is added to `fuzz/found.json` together with the mend.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from fuzz.drive import judge, run
from fuzz.mutate import mutated
from fuzz.surfaces import SURFACES
from hypothesis import given, settings
from hypothesis import strategies as st

from xautolm_nb.core.errors import RequestError
from xautolm_nb.jupyter.protocol import read_request
from xautolm_nb.request import FIELDS, SearchRequest

FOUND = json.loads((Path(__file__).parent / "fuzz" / "found.json").read_text())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("name", SURFACES)
def test_good_inputs_are_taken_and_changed_ones_taken_or_refused_as_they_should(name: str) -> None:
    for tree in SURFACES[name].seeds():
        assert judge(SURFACES[name], name, 0, tree) == []
    tally = run(name, seed=20261121, start=0, cases=400, learn=40)
    assert tally.cases == 440 and tally.lines > 20
    assert not tally.findings, "\n".join(map(str, tally.findings))


@pytest.mark.parametrize(("name", "tree"), [(case["surface"], case["tree"]) for case in FOUND], ids=str)
def test_what_was_found_once_stays_mended(name: str, tree: dict[str, Any]) -> None:
    assert judge(SURFACES[name], name, 0, tree) == []


def test_a_case_is_the_same_every_time_and_leaves_what_it_came_from_alone() -> None:
    tree = {"a": [1, 2.5, "text", {"b": None}], "c": "more"}
    first = [json.dumps(mutated(tree, random.Random(number))) for number in range(200)]
    assert first == [json.dumps(mutated(tree, random.Random(number))) for number in range(200)]
    assert len(set(first)) > 100
    assert tree == {"a": [1, 2.5, "text", {"b": None}], "c": "more"}


def test_a_judge_that_never_ends_or_a_wrong_error_is_found() -> None:
    from fuzz import drive
    from fuzz.surfaces import Surface

    def endless(tree: dict[str, Any]) -> None:
        while True:
            pass

    def wrong(tree: dict[str, Any]) -> None:
        raise KeyError("bug")

    seconds, drive.CASE_SECONDS = drive.CASE_SECONDS, 0.05
    try:
        with drive._limited():
            (slow,) = judge(Surface(list, endless, ()), "x", 3, {"a": 1})
    finally:
        drive.CASE_SECONDS = seconds
    (found,) = judge(Surface(list, wrong, ()), "x", 4, {"a": 1})
    assert "Hang" in slow.error and "KeyError: 'bug'" in found.error and '{"a": 1}' in str(found)


@settings(deadline=None)
@given(options=st.dictionaries(st.sampled_from([*FIELDS, "budget", "grace"]), JSON, max_size=3))
def test_any_options_make_a_request_or_a_request_error(options: dict[str, Any]) -> None:
    try:
        request = SearchRequest.from_mapping(options)
    except RequestError:
        return
    assert SearchRequest.from_mapping(request.to_mapping()) == request


@settings(deadline=None)
@given(
    message=JSON | st.dictionaries(st.sampled_from(["v", "id", "type", "study", "number", "limit"]), JSON | st.just(1))
)
def test_any_message_is_a_request_or_a_request_error(message: Any) -> None:
    try:
        read_request(message)
    except RequestError:
        return
