from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from xautolm_nb.tasks import prepare_task, references

Make = Callable[..., pd.DataFrame]


def test_the_majority_says_the_largest_class_of_training(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(100, ("a", "a", "a", "b"))
    task, _ = prepare_task(frame, folder=tmp_path)
    scores = references.majority(task)
    assert scores["accuracy"] == pytest.approx(0.75)
    assert scores["f1"] == pytest.approx(1.5 / 1.75 / 2)
    assert scores["seconds"] >= 0


def test_tfidf_finds_the_word_that_gives_the_class_away(make_frame: Make, tmp_path: Path) -> None:
    task, _ = prepare_task(make_frame(120), folder=tmp_path, metric="accuracy")
    for split in ("test", "validation"):
        scores = references.tfidf(task, split)
        assert scores["f1"] == scores["accuracy"] == 1.0
    assert references.tfidf(task, seed=1)["f1"] == 1.0


def test_tfidf_reads_both_texts_of_a_pair(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(120).rename(columns={"text": "hypothesis"}).assign(premise="nothing to see")
    task, _ = prepare_task(frame, folder=tmp_path)
    assert references.tfidf(task)["f1"] == 1.0


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore::xautolm_nb.tasks.TaskWarning")
def test_tfidf_is_an_honest_reference_on_real_text(shared: Path, tmp_path: Path) -> None:
    task, _ = prepare_task(shared / "datasets" / "cr", folder=tmp_path)
    assert references.tfidf(task)["f1"] > references.majority(task)["f1"] + 0.25
