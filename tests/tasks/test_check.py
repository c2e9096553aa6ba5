import warnings

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks import check


def labels(values: object) -> pd.DataFrame:
    return pd.DataFrame({"label": values})


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([1, 0, 10], ["1", "0", "10"]),
        ([True, False], ["True", "False"]),
        (["x", "y"], ["x", "y"]),
        ([1.0, 2.0], ["1", "2"]),
        (np.array([1, 2], dtype=np.int8), ["1", "2"]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.Series([1, 2], dtype="Int64"), ["1", "2"]),
        (pd.Series([True, False], dtype="boolean"), ["True", "False"]),
        (pd.Series([np.int64(3), np.str_("x")], dtype=object).iloc[:1], ["3"]),
        (pd.Series([np.bool_(True)], dtype=object), ["True"]),
    ],
)
def test_labels_of_any_scalar_type_keep_their_names(values: object, names: list[str]) -> None:
    assert check.check_labels(labels(values), "label", "train") == names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", None, "b", None], r"2 of 4 labels.*missing.*first is row 1"),
        ([1.0, np.nan], "1 of 2 labels.*missing"),
        ([0.5, 1.0], "1 of 2 labels.*fractions"),
        ([["a"], ["b"]], "no single class but list"),
        ([{"a": 1}], "no single class but dict"),
        ([pd.Timestamp("2024-01-01")], "no single class but Timestamp"),
        (["a", 1], r"mix types: \['integer', 'text'\]"),
        ([True, 1], r"mix types: \['boolean', 'integer'\]"),
        (["a", "  "], "1 of 2 labels.*are empty"),
        ([float("inf"), 1.0], "1 of 2 labels.*fractions"),
    ],
)
def test_labels_that_are_no_classes_are_counted_and_refused(values: object, message: str) -> None:
    with pytest.raises(TaskError, match=message) as caught:
        check.check_labels(labels(pd.Series(values, dtype=object)), "label", "train")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", None], r"1 of 2 texts in column 'text' of the train data are missing.*row 1"),
        (["a", "", " \n"], "2 of 3 texts.*are empty"),
        ([1, 2], "2 of 2 texts.*not strings but int"),
        (["a", ["b"]], "1 of 2 texts.*not strings but list"),
        ([b"bytes"], "not strings but bytes"),
    ],
)
def test_texts_that_cannot_be_read_are_counted_and_refused(values: list[object], message: str) -> None:
    frame = pd.DataFrame({"text": pd.Series(values, dtype=object)})
    with pytest.raises(TaskError, match=message) as caught:
        check.check_texts(frame, ["text"], "train")
    assert caught.value.hint


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(TaskError, match="train data has no rows"):
        check.check_rows(labels([]), "train")


@pytest.mark.parametrize(
    ("names", "need", "message"),
    [
        (["a"] * 9, 3, "at least 2 classes, but every label is 'a'"),
        (["a"] * 9 + ["b"] * 2, 3, r"at least 3 different rows.*1 of 2 classes: 'b' \(2\).*test=False"),
        (["a"] * 9 + ["b"], 2, r"at least 2 different rows.*'b' \(1\)\. Add rows, merge or drop these classes\.$"),
        ([f"c{row}" for row in range(10)], 1, "10 different labels in 10 different rows are too many"),
    ],
)
def test_classes_must_be_learnable(names: list[str], need: int, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        check.check_classes(names, need)


def test_a_class_that_training_lacks_is_refused() -> None:
    check.check_unseen(["a", "b"], ["a"], "test")
    with pytest.raises(TaskError, match=r"test data has classes that the training data lacks: 'z' \(2\)"):
        check.check_unseen(["a", "b"], ["a", "z", "z"], "test")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["10", "9", "-1", "9"], ("-1", "9", "10")),
        (["b", "a", "10", "9"], ("10", "9", "a", "b")),
        (["True", "False"], ("False", "True")),
    ],
)
def test_classes_sort_by_number_when_they_are_numbers(names: list[str], expected: tuple[str, ...]) -> None:
    assert check.sort_classes(names) == expected


def test_one_text_is_one_key_whatever_the_blanks() -> None:
    frame = pd.DataFrame({"a": ["x  y", " x y\n", "xy"], "b": ["1", "1", "1"]})
    keys = check.text_keys(frame, ["a", "b"])
    assert keys[0] == keys[1] != keys[2]


def test_texts_with_two_labels_are_counted_once() -> None:
    assert check.count_conflicts(["a", "a", "a", "b", "b"], ["1", "2", "3", "1", "1"]) == 1


def test_rows_of_an_earlier_split_are_counted() -> None:
    found = check.count_shared({"train": ["a", "b", "b"], "validation": ["b", "c"], "test": ["c", "a", "z"]})
    assert found == {"validation": 1, "test": 2}


def test_a_warning_points_at_the_callers_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check.warn(["look here"])
    assert [(str(one.message), one.category, one.filename) for one in caught] == [
        ("look here", check.TaskWarning, __file__)
    ]
