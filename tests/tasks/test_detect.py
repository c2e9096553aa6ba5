import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks.detect import detect_columns, detect_kind, looks_like_classes

WORDS = [f"some longer words, number {row}" for row in range(20)]
CLASSES = ["a", "b"] * 10
NUMBERS = [0.5 * row for row in range(20)]


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        ({"text": WORDS, "label": CLASSES}, ("text",), "label"),
        ({"Label": CLASSES, "Sentence": WORDS, "id": range(20)}, ("Sentence",), "Label"),
        ({"premise": WORDS, "hypothesis": WORDS, "label": CLASSES}, ("premise", "hypothesis"), "label"),
        ({"what": WORDS, "who": CLASSES, "id": range(20)}, ("what",), "who"),
        ({"short": ["x"] * 20, "long": WORDS, "stars": [1, 2] * 10, "label": CLASSES}, ("long",), "label"),
        ({"content": WORDS, "weight": NUMBERS, "who": CLASSES}, ("content",), "who"),
    ],
)
def test_columns_are_found_by_name_or_by_content(columns: dict[str, object], text: tuple[str, ...], label: str) -> None:
    assert detect_columns(pd.DataFrame(columns)) == (text, label)


def test_given_columns_are_taken_and_the_others_found() -> None:
    frame = pd.DataFrame({"a": WORDS, "b": WORDS, "kind": CLASSES, "label": CLASSES})
    assert detect_columns(frame, label="kind")[1] == "kind"
    assert detect_columns(frame, text="b") == (("b",), "label")
    assert detect_columns(frame, text=["a", "b"], label="kind") == (("a", "b"), "kind")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "txet"}, r"'txet'.*\['label', 'other', 'text'\].*Did you mean 'text'"),
        ({"label": "zzz"}, r"'zzz'.*Name an existing column"),
        ({"text": "text", "label": "text"}, "another column as its label"),
        ({"text": ["text", "other", "label"]}, "one text column or a pair"),
        ({"text": ["text", "text"], "label": "label"}, "one text column or a pair"),
    ],
)
def test_wrong_columns_are_refused_with_those_that_exist(given: dict[str, object], message: str) -> None:
    frame = pd.DataFrame({"text": WORDS, "other": WORDS, "label": CLASSES})
    with pytest.raises(TaskError, match=message):
        detect_columns(frame, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"what": WORDS, "who": CLASSES, "where": CLASSES}, r"Which column is the label.*'where'"),
        ({"what": WORDS}, "Which column is the label"),
        ({"label": CLASSES, "size": NUMBERS}, "No column beside 'label' holds text"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(columns: dict[str, object], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        detect_columns(pd.DataFrame(columns))


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(TaskError, match=r"\['text'\] occur twice"):
        detect_columns(pd.DataFrame([["a", "b", "c"]], columns=["text", "text", "label"]))


@pytest.mark.parametrize(
    ("columns", "label", "kind"),
    [
        ({"text": WORDS, "label": CLASSES}, "label", "classification"),
        ({"text": WORDS, "label": [1, 2] * 10}, "label", "classification"),
        ({"text": WORDS, "label": NUMBERS}, "label", "classification"),
        ({"text": WORDS, "summary": WORDS}, "summary", "generation"),
        ({"question": WORDS, "answers": [["a"]] * 20}, "answers", "generation"),
        ({"text": WORDS, "answer": ["yes", "no"] * 10}, "answer", "classification"),
    ],
)
def test_the_kind_follows_from_the_target(columns: dict[str, object], label: str, kind: str) -> None:
    assert detect_kind(pd.DataFrame(columns), ["text"], label) == kind


@pytest.mark.parametrize(
    ("rows", "distinct", "expected"), [(10, 2, True), (10, 9, False), (400, 77, True), (400, 200, False), (3, 2, True)]
)
def test_classes_are_few_for_their_rows(rows: int, distinct: int, expected: bool) -> None:
    assert looks_like_classes(pd.Series([f"c{row % distinct}" for row in range(rows)])) is expected


def test_answers_that_stand_in_the_context_make_an_extractive_task() -> None:
    frame = pd.DataFrame({"context": WORDS, "question": WORDS, "answers": [[word[:3]] for word in WORDS]})
    text, label = detect_columns(frame)
    assert (text, label) == (("question", "context"), "answers")
    assert detect_kind(frame, text, label) == "extractive_qa"
    written = frame.assign(answers=[["seven"]] * len(frame))
    assert detect_kind(written, text, label) == "generation"
