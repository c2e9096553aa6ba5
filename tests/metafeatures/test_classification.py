from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.metafeatures.classification import describe_classification, tree_landmark


def test_values_worked_by_hand() -> None:
    texts = ["ab", "abcd", "abcdef", "abcdefgh"]
    found = describe_classification(texts, ["x", "x", "x", "y"])
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    expected = (4, 2, entropy, 0.25, 0.75, 1 / 3, 5, np.sqrt(5), np.sqrt(5) / 5)
    assert found[:9] == pytest.approx(expected, abs=1e-9)


def test_four_even_classes_have_the_recorded_entropy() -> None:
    entropy = describe_classification(["w"] * 400, [row % 4 for row in range(400)])[2]
    assert entropy == pytest.approx(1.99999999942, abs=5e-12)


def test_the_landmark_finds_a_word_that_gives_the_class_away() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 200)
    texts = [
        f"{'sunny' if label else 'rainy'} {word}" for label, word in zip(classes, rng.integers(0, 50, 200), strict=True)
    ]
    assert tree_landmark(texts, classes) > 0.95


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (["the", "and", "of"], [0, 1, 0]),  # nothing but stop words
        (["!!", "??"], [0, 1]),
        (["", ""], [0, 1]),
    ],
)
def test_the_landmark_of_texts_without_words_is_zero(texts: list[str], classes: list[int]) -> None:
    assert tree_landmark(texts, np.array(classes)) == 0.0


@pytest.mark.parametrize("counts", [(1, 9), (2, 8), (1, 1), (3, 3)])
def test_the_landmark_copes_with_small_classes(counts: tuple[int, int]) -> None:
    classes = np.repeat([0, 1], counts)
    texts = [f"word{row} kind{label}" for row, label in enumerate(classes)]
    assert 0.0 <= tree_landmark(texts, classes) <= 1.0


def test_the_landmark_of_many_rows_is_measured_on_a_sample() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 3000)
    texts = [f"word{rng.integers(0, 40)} {'sunny' if label == rng.integers(0, 2) else 'rainy'}" for label in classes]
    found = [tree_landmark(texts, classes, rows=rows) for rows in (3000, 1000, 1000)]
    assert found[0] == pytest.approx(found[1], abs=0.06)
    assert found[1] == found[2]


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["a"], ["x", "y"])])
def test_lengths_must_agree(texts: list[str], labels: list[str]) -> None:
    with pytest.raises(ValueError, match="as many texts"):
        describe_classification(texts, labels)


def read(shared: Path, name: str) -> pd.DataFrame:
    folder = shared / "datasets" / name
    return pd.concat([pd.read_parquet(folder / f"{split}.parquet") for split in ("train", "validation")])


@pytest.mark.shared
def test_meld_has_the_recorded_vector(shared: Path) -> None:
    rows = read(shared, "meld")
    found = describe_classification(rows["text"].tolist(), rows["label"].tolist())
    recorded = (11098, 7, 2.23087, 0.02640, 0.46675, 0.05656, 40.50, 31.85, 0.78644, 0.49054)
    assert found[:6] == pytest.approx(recorded[:6], abs=1e-5)
    assert found[6:8] == pytest.approx(recorded[6:8], abs=5e-3)  # recorded to two digits
    assert found[8] == pytest.approx(recorded[8], abs=1e-4)
    assert found[9] == pytest.approx(recorded[9], abs=0.02)


@pytest.mark.shared
def test_sst2_has_the_recorded_vector_but_for_trailing_blanks(shared: Path) -> None:
    rows = read(shared, "sst2")
    found = describe_classification(rows["text"].tolist(), rows["label"].tolist(), landmark_rows=1000)
    recorded = (68221, 2, 0.99054, 0.44280, 0.55720, 0.79468, 54.17, 43.87, 0.80972, 0.63044)
    assert found[:6] == pytest.approx(recorded[:6], abs=1e-5)
    assert found[6:9] == pytest.approx(recorded[6:9], rel=0.02)
    assert found[6] + 1 == pytest.approx(recorded[6], abs=0.02)
    # The landmark of all rows is 0.629; ten seconds and more are too long for a test.
