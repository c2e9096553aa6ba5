from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nltk.stem.porter import PorterStemmer

from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.metafeatures.generation import content_words, describe_generation
from xautolm_nb.tasks.metrics import rouge_l

PROMPTS = ["The red car, the red bus.", "Dogs bark"]
TARGETS = ["red truck", "cats meow!"]


def embed(texts: Sequence[str]) -> np.ndarray:
    """Two directions: texts about colour, and others."""
    return np.array([[1.0, 0.0] if "red" in text else [0.0, 1.0] for text in texts], dtype=np.float32)


def test_content_words_leave_out_stop_words_numbers_and_marks() -> None:
    assert content_words("The DOG's 3 bones, and it's a non-issue x2!") == ["dogs", "bones", "nonissue"]


def test_values_worked_by_hand() -> None:
    found = describe_generation(PROMPTS, TARGETS, embed=embed, rouge_l=rouge_l)
    # content words: red car red bus | dogs bark ; red truck | cats meow
    # ROUGE-L words: the red car the red bus / red truck -> 2*1/8 ; 0
    expected = (2, 17, 8, (3 / 4 + 1) / 2, 9.5, 0.5, 1, (9 / 25 + 10 / 9) / 2, (1 / 2 + 1) / 2, 1, 1 / 8)
    assert found.paper == pytest.approx(expected)
    assert found.semantic == (0.5, 0.5)
    assert not [name for name in found.extra if name.startswith("missing_")]


def test_the_similarity_is_a_mean_cosine() -> None:
    found = describe_generation(["red", "red"], ["red", "blue"], embed=embed)
    assert found.paper[9] == pytest.approx(0.5)


def test_what_is_not_measured_is_marked() -> None:
    found = describe_generation(PROMPTS, TARGETS)
    assert found.paper[9:] == (0.0, 0.0)
    assert found.semantic is None
    assert found.extra["missing_prompt_target_similarity"] == found.extra["missing_prompt_target_rouge_l"] == 1.0


def test_it_survives_a_store() -> None:
    found = describe_generation(PROMPTS, TARGETS, embed=embed)
    assert from_json(to_json(found), type(found)) == found


def test_texts_without_words_count_zero() -> None:
    found = describe_generation(["1 2 3", ""], ["...", ""], rouge_l=rouge_l)
    assert np.isfinite(found.paper).all()
    assert found.paper[3] == found.paper[6] == found.paper[8] == 0.0


@pytest.mark.parametrize(("prompts", "targets"), [([], []), (["a"], [])])
def test_lengths_must_agree(prompts: list[str], targets: list[str]) -> None:
    with pytest.raises(ValueError, match="as many prompts"):
        describe_generation(prompts, targets)


@pytest.mark.shared
def test_drop_is_near_its_recorded_vector(shared: Path) -> None:
    # The recorded run read the training questions, which are not here; the development questions are of the same kind.
    rows = pd.read_parquet(shared / "datasets" / "drop" / "validation.parquet").sample(400, random_state=0)
    prompts = (rows["context"] + " " + rows["question"]).tolist()
    targets = [answers[0] for answers in rows["answers"]]
    found = describe_generation(prompts, targets, rouge_l=partial(rouge_l, stem=PorterStemmer().stem))
    assert found.paper[3] == pytest.approx(0.698, abs=0.05)
    assert found.paper[10] == pytest.approx(0.01293, abs=0.005)
