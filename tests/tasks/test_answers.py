from typing import Any

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.tasks.answers import are_spans, read_answers, read_starts, references, split_spans, write_answer
from xautolm_nb.tasks.metrics import score


def answers_of(*values: Any) -> list[list[list[str]]]:
    return read_answers(pd.DataFrame({"answers": pd.Series(values, dtype=object)}), "answers", "train")


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("Paris", [["Paris"]]),
        (7, [["7"]]),
        (1999.0, [["1999"]]),
        (["Paris", "in Paris"], [["Paris"], ["in Paris"]]),
        (np.array(["Paris"], dtype=object), [["Paris"]]),
        ([["Ann", "Bob"], ["Ann"]], [["Ann", "Bob"], ["Ann"]]),
        ({"text": ["Paris"], "answer_start": [3]}, [["Paris"]]),
        ({"text": [], "answer_start": []}, [[""]]),
        ([], [[""]]),
    ],
)
def test_every_way_of_writing_answers_comes_out_alike(value: Any, accepted: list[list[str]]) -> None:
    assert answers_of(value) == [accepted]


@pytest.mark.parametrize("value", [None, float("nan"), {"spans": ["a"]}, [1, None], True])
def test_what_is_no_answer_is_named_with_its_row(value: Any) -> None:
    with pytest.raises(TaskError, match=r"1 of 2 answers in column 'answers'.*row 1"):
        answers_of("fine", value)


def test_starts_are_taken_where_they_are_right_and_searched_otherwise() -> None:
    frame = pd.DataFrame({"answers": [["b"]] * 4, "answer_starts": [[2], [0], [9], []]})
    accepted = [[["b"]], [["b"]], [["z"]], [[""]]]
    assert read_starts(frame, "answers", ["b b", "a b", "a b", "a b"], accepted) == [2, 2, -1, -1]


def test_starts_may_stand_beside_the_texts_in_one_column() -> None:
    frame = pd.DataFrame({"answers": [{"text": ["b"], "answer_start": [4]}]})
    assert read_starts(frame, "answers", ["b a b"], [[["b"]]]) == [4]
    assert are_spans(frame, "answers", "answers")


def test_a_row_in_twenty_may_lack_its_span() -> None:
    frame = pd.DataFrame({"context": ["a b"] * 20, "answers": [["b"]] * 19 + [["c"]]})
    assert are_spans(frame, "context", "answers")
    assert not are_spans(frame[-10:], "context", "answers")


def test_several_spans_survive_being_written_as_text() -> None:
    assert split_spans(write_answer(["Ann Lee", "Bob"])) == ["Ann Lee", "Bob"]
    assert split_spans("Bob") == ["Bob"]
    assert split_spans(" | ") == [""]


@pytest.mark.parametrize(("metric", "expected"), [("drop_f1", 1.0), ("f1", 1.0), ("exact_match", 0.0)])
def test_references_suit_the_metric(metric: str, expected: float) -> None:
    table = pd.DataFrame({"answers": [[["Ann", "Bob"], ["nobody"]]]})
    task = Task(
        name="t", kind="generation", text=("q",), label="a", metric=Metric(name=metric), labels=(), rows={},
        folder="", fingerprint="",
    )  # fmt: skip
    given = "Bob | Ann"  # the order of spans counts for whole texts, and only there
    prediction: Any = split_spans(given) if metric == "drop_f1" else given
    assert score(metric, [prediction], references(table, task), kind="generation")[metric] == expected
