"""A preview shows what a search would see, and says what it would refuse."""

from pathlib import Path

import pandas as pd
import pytest
from tiny import tiny_frame

from xautolm_nb.core.errors import TaskError
from xautolm_nb.jupyter.objects import MOST_CLASSES, MOST_SAMPLES, SAMPLE_LENGTH
from xautolm_nb.jupyter.preview import preview_data


def test_columns_are_detected_and_counted() -> None:
    found = preview_data(tiny_frame(90))
    assert (found.text, found.label, found.kind, found.rows) == (["text"], "label", "classification", 90)
    assert {(each.label, each.count) for each in found.classes} == {("animal", 30), ("fruit", 30), ("tool", 30)}
    assert sum(found.lengths.counts) == 90
    assert len(found.lengths.edges) == len(found.lengths.counts) + 1
    assert len(found.samples) == MOST_SAMPLES
    assert found.warnings == []
    assert [column.name for column in found.columns] == ["text", "label"]


def test_splits_are_told() -> None:
    found = preview_data({"train": tiny_frame(60), "test": tiny_frame(30, seed=1), "extra": tiny_frame(9, seed=2)})
    assert found.splits == {"train": 60, "test": 30}
    assert found.rows == 90
    assert "extra" in found.warnings[0]


def test_chosen_columns_are_taken() -> None:
    frame = tiny_frame(60).assign(topic=lambda table: table["label"].str[:1])
    found = preview_data(frame, text=["text"], label="topic")
    assert found.label == "topic"
    assert {each.label for each in found.classes} == {"a", "f", "t"}


@pytest.mark.parametrize(
    ("frame", "warning"),
    [
        (pd.DataFrame({"text": ["a", None, "c"] * 9, "label": ["x", "y", "z"] * 9}), "missing"),
        (pd.DataFrame({"text": list("abcdef"), "label": ["x"] * 6}), "at least 2 classes"),
        (pd.DataFrame({"text": [], "label": []}), "no rows"),
        (pd.DataFrame({"n": [1.5, 2.5], "m": [0.1, 0.2]}), "Which column is the label"),
        (pd.DataFrame({"text": ["a b", "a b", *"cdefgh"], "label": list("xxyyxyxy")}), "1 rows repeat"),
        (
            pd.DataFrame({"text": [f"t{i}" for i in range(60)], "summary": [f"s {i}" for i in range(60)]}),
            "answers to write",
        ),
        (pd.DataFrame([["a", "b", "c"]], columns=["text", "text", "label"]), "must differ"),
    ],
)
def test_what_a_search_would_refuse_is_a_warning_here(frame: pd.DataFrame, warning: str) -> None:
    assert warning in " ".join(preview_data(frame).warnings)


def test_a_wrong_choice_keeps_the_columns_to_choose_from() -> None:
    found = preview_data(tiny_frame(60), label="lable")
    assert "Did you mean 'label'?" in found.warnings[0]
    assert (found.label, found.kind, len(found.columns)) == (None, "unknown", 2)


def test_long_texts_and_many_classes_are_cut() -> None:
    frame = pd.DataFrame({"text": ["word " * 500] * 400, "label": [f"c{i % 80}" for i in range(400)]})
    found = preview_data(frame, text=["text"], label="label")
    assert len(found.classes) == MOST_CLASSES and found.class_total == 80
    assert len(found.samples[0][0]) == SAMPLE_LENGTH


def test_one_very_long_text_does_not_flatten_the_histogram() -> None:
    frame = pd.DataFrame({"text": [*(["a b c d"] * 100 + ["a b"] * 100), "w " * 5000], "label": ["x", "y", "z"] * 67})
    found = preview_data(frame, text=["text"], label="label").lengths
    assert found.edges == [2, 3, 4, 5]
    assert found.counts == [100, 0, 101]


def test_a_file_is_read_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    tiny_frame(60).to_csv(tmp_path / "data.csv", index=False)
    assert preview_data(str(tmp_path / "data.csv")).rows == 60
    with pytest.raises(TaskError, match=r"nothing\.csv"):
        preview_data("nothing.csv")
