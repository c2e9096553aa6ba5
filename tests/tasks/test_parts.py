from typing import Any

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks.parts import Part, read_part

SQUAD = pd.DataFrame(
    {
        "question": ["who came?", "who left?", "who stayed?"],
        "context": ["Ann came.", "Bob left.", "Bob left."],
        "answers": [["Ann"], ["Bob"], []],
        "title": ["x", "y", "y"],
    }
)


def read(frame: pd.DataFrame = SQUAD, **changes: Any) -> Part:
    options: dict[str, Any] = {"kind": "extractive_qa", "text": ("question", "context"), "label": "answers"}
    return read_part(frame, "train", **{**options, "group": None, **changes})


def test_questions_of_one_context_are_one_passage() -> None:
    part = read()
    assert list(part.table.columns) == ["text", "text_pair", "answers", "start"]
    assert part.table["start"].tolist() == [0, 0, -1]
    assert part.passages == ["Ann came.", "Bob left.", "Bob left."]
    assert len(set(part.keys)) == 3


def test_question_and_context_become_one_prompt() -> None:
    part = read(SQUAD[:2], kind="generation")
    assert part.table["text"].tolist()[0] == "question: who came? context: Ann came."
    assert part.table["answers"].tolist() == [[["Ann"]], [["Bob"]]]


def test_rows_are_taken_with_all_that_belongs_to_them() -> None:
    part = read(group="title").take(np.array([2, 0]))
    assert part.table["text"].tolist() == ["who stayed?", "who came?"]
    assert part.groups == ["y", "x"] and len(part) == 2


def test_answers_that_are_not_in_their_context_are_counted() -> None:
    frame = SQUAD.assign(answers=[["Ann"], ["Carl"], ["Dora"]])
    with pytest.raises(TaskError, match=r"2 of 3 answers.*do not stand in their context; the first is row 1: 'Carl'"):
        read(frame)


def test_a_span_is_sought_in_a_context() -> None:
    with pytest.raises(TaskError, match="reads a question and a context"):
        read(text=("question",))


def test_a_target_to_write_is_not_empty() -> None:
    with pytest.raises(TaskError, match="1 of 3 targets of the train data are empty; the first is row 2"):
        read(kind="generation")


def test_a_missing_column_or_group_is_named() -> None:
    with pytest.raises(TaskError, match="needs the columns"):
        read(SQUAD.drop(columns="context"))
    with pytest.raises(TaskError, match="1 rows of the train data have no group"):
        read(SQUAD.assign(title=["x", None, "y"]), group="title")
