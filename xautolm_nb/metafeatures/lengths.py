"""How long texts are in tokens, before any model is chosen: an estimate from words."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\\w+?(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|\\w+|[^\\w\\s]"
)
"""A word, a punctuation mark, or one character of a script that is written without blanks."""
_LONG = 6
"""Letters from which a word tends to be cut into pieces ..."""
_PIECES_PER_LETTER = 0.1
"""... by so many pieces a letter."""
_FACTOR = 1.03
_SPECIAL_TOKENS = 2
"""Opening and closing token of encoders."""


def estimate_tokens(texts: Sequence[str]) -> NDArray[np.float64]:
    """Estimate the number of subword tokens of each text, special tokens included; shape `(n,)`.

    Calibrated against the WordPiece tokenizer of all-MiniLM-L6-v2 on 2000 texts each of 11 data sets: the mean is off
    by at most 4 % (9 % for SMS slang), the 95th percentile by at most 3 tokens (6 for SMS). Languages and tokenizers
    other than English ones make more pieces; where it counts, the run measures with the real tokenizer.
    """
    return np.array([_FACTOR * _pieces(text) + _SPECIAL_TOKENS for text in texts], dtype=np.float64)


def _pieces(text: str) -> float:
    lengths = [len(word) for word in _WORD.findall(text)]
    return len(lengths) + _PIECES_PER_LETTER * sum(length - _LONG for length in lengths if length > _LONG)
