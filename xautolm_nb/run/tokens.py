"""Tokenised rows as arrays laid end to end, and their cache files."""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

_NUMBERS = ("pad_id", "write_limit", "closing")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The tokenised rows of one split: one a text or prompt, or for extractive answers one a window of a context."""

    ids: NDArray[np.int32]
    """All token ids, shape `(tokens,)`."""
    offsets: NDArray[np.int64]
    """Row `i` is `ids[offsets[i]:offsets[i + 1]]`; shape `(rows + 1,)`."""
    labels: NDArray[np.int64]
    """Class index by row, shape `(rows,)`; or first and last token of the answer, shape `(rows, 2)`, 0 for none."""
    types: NDArray[np.uint8] | None = None
    """Segment ids, shape `(tokens,)`, for pairs where the model knows segments."""
    targets: NDArray[np.int32] | None = None
    """Token ids to write, end of text included, shape `(target tokens,)`."""
    target_offsets: NDArray[np.int64] | None = None
    """As `offsets`."""
    owners: NDArray[np.int64] | None = None
    """Row of the split that each window is of, shape `(rows,)`."""
    places: NDArray[np.int32] | None = None
    """Characters of the context that each token stands for, shape `(tokens, 2)`; -1 outside the context."""
    pad_id: int = 0
    write_limit: int = 0
    """Most tokens to write: the 99.5 % quantile of the training targets."""
    closing: int = -1
    """Special tokens at the end of a row, which a cut keeps; -1 where rows cannot be cut any more."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens by row, those to write included: what a row costs in training."""
        return self.prompt_lengths if self.target_offsets is None else self.prompt_lengths + self.target_lengths

    @property
    def prompt_lengths(self) -> NDArray[np.int64]:
        """Tokens to read by row."""
        return np.diff(self.offsets)

    @property
    def target_lengths(self) -> NDArray[np.int64]:
        """Tokens to write by row; zeros where nothing is written."""
        return np.zeros(len(self), dtype=np.int64) if self.target_offsets is None else np.diff(self.target_offsets)


def lay_out(rows: list[list[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Rows of token ids laid end to end, and their offsets."""
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    ids = np.fromiter((token for row in rows for token in row), dtype=np.int32, count=int(offsets[-1]))
    return ids, offsets


def cut_rows(tokens: Tokens, length: int) -> Tokens:
    """The rows as a tokenizer would have cut them at `length` tokens: the beginning, and the closing special tokens."""
    lengths = tokens.prompt_lengths
    if tokens.closing < 0:
        raise ValueError("rows that are pairs, windows or prompts are cut by their tokenizer only")
    if lengths.max() <= length:
        return tokens
    index = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], lengths)
    own = np.repeat(lengths, lengths)
    kept = (index < length - tokens.closing) | (index >= own - tokens.closing)
    kept |= own <= length
    offsets = np.concatenate([[0], np.cumsum(np.minimum(lengths, length))]).astype(np.int64)
    types = None if tokens.types is None else tokens.types[kept]
    return replace(tokens, ids=tokens.ids[kept], offsets=offsets, types=types)


def read_cache(file: Path) -> Tokens | None:
    """Read a cache file; None when it is absent or damaged (then it is made anew)."""
    try:
        with safe_open(file, framework="numpy") as stored:
            fields: dict[str, Any] = {name: stored.get_tensor(name) for name in list(stored.keys())}
            known = stored.metadata() or {}
            return Tokens(**fields | {name: int(known[name]) for name in _NUMBERS})
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None


def write_cache(file: Path, tokens: Tokens) -> None:
    """Write beside the place and rename, so that no reader sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fields = ("ids", "offsets", "labels", "types", "targets", "target_offsets", "owners", "places")
    arrays = {name: value for name in fields if (value := getattr(tokens, name)) is not None}
    part = file.with_suffix(f".{uuid.uuid4().hex[:8]}.part")
    try:
        save_file(arrays, part, metadata={name: str(getattr(tokens, name)) for name in _NUMBERS})
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
