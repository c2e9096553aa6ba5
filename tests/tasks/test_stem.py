import re
from pathlib import Path

import pandas as pd
import pytest

from xautolm_nb.tasks.stem import stem


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("ties", "tie"), ("cats", "cat"), ("agreed", "agre"),
        ("hopping", "hop"), ("falling", "fall"), ("filing", "file"), ("conflated", "conflat"), ("happy", "happi"),
        ("enjoy", "enjoy"), ("relational", "relat"), ("vietnamization", "vietnam"), ("hopefulness", "hope"),
        ("adoption", "adopt"), ("rate", "rate"), ("controll", "control"), ("dying", "die"), ("ox", "ox"),
        ("sing", "sing"), ("bled", "bled"), ("tried", "tri"), ("died", "die"), ("geologi", "geolog"), ("s", "s"),
    ],
)  # fmt: skip
def test_words_lose_their_endings(word: str, expected: str) -> None:
    assert stem(word) == expected


@pytest.mark.shared
def test_every_word_of_a_corpus_is_stemmed_as_by_the_reference(shared: Path) -> None:
    reference = pytest.importorskip("nltk.stem.porter").PorterStemmer()
    texts = pd.read_parquet(shared / "datasets" / "subj" / "train.parquet")["text"]
    words = sorted({word for text in texts for word in re.findall("[a-z0-9]+", text.lower())})[::5]
    assert [word for word in words if stem(word) != reference.stem(word)] == []
