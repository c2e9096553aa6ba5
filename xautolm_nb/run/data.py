"""Text to batches: tokenised once per study and tokenizer, bucketed by length, padded to the longest of a batch."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import Split, Task

CACHE_VERSION = 1
LENGTH_QUANTILE = 0.995
CHUNK_BATCHES = 50
"""Batches sorted by length together; as `group_by_length` of the Transformers Trainer."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The tokenised rows of one split, laid end to end."""

    ids: NDArray[np.int32]
    """All token ids, shape `(tokens,)`."""
    offsets: NDArray[np.int64]
    """Row `i` is `ids[offsets[i]:offsets[i + 1]]`; shape `(rows + 1,)`."""
    labels: NDArray[np.int64]
    """Class index by row, shape `(rows,)`."""
    types: NDArray[np.uint8] | None = None
    """Segment ids, shape `(tokens,)`, for pairs where the model knows segments."""
    pad_id: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens by row."""
        return np.diff(self.offsets)


def read_tokens(
    task: Task, split: Split, model: ModelInfo, tokenizer: Callable[[], Any], max_length: int | None
) -> Tokens:
    """Tokenise a split, or read it from the cache in the task's folder.

    Args:
        task: The prepared task.
        split: Which rows.
        model: Names the tokenizer and the longest input.
        tokenizer: Loads the tokenizer; called only when the cache has nothing.
        max_length: Cut-off in tokens; None takes the smaller of the model's limit and the 99.5 % quantile of the
            training rows.
    """
    return _cached(task, split, model, tokenizer, model_length(task, model, tokenizer, max_length))


def model_length(task: Task, model: ModelInfo, tokenizer: Callable[[], Any], max_length: int | None) -> int:
    """The cut-off in tokens that `read_tokens` applies, for the same arguments."""
    limit = model.max_positions
    if max_length is not None:
        return min(max_length, limit)
    return choose_max_length(_cached(task, "train", model, tokenizer, limit).lengths, limit)


def choose_max_length(lengths: NDArray[np.int64], limit: int) -> int:
    """The 99.5 % quantile of the lengths, rounded up to a multiple of 8, at most `limit`.

    Where that cuts off less than a multiple of 8 would save, the limit itself is returned and nothing is cut.
    """
    quantile = int(np.ceil(np.quantile(lengths, LENGTH_QUANTILE) / 8) * 8)
    return limit if quantile >= int(lengths.max()) else min(quantile, limit)


def epoch_batches(lengths: NDArray[np.int64], batch_size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Row numbers by batch for one epoch: random, but rows of a batch are of similar length.

    Rows are shuffled, sorted by length within chunks of batches, and the batches are shuffled again. A function of
    its arguments alone, so a resumed trial sees the same batches. The first batch of all holds the longest row: a
    trial that does not fit into memory fails at once.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(lengths))
    chunk = batch_size * max(1, min(CHUNK_BATCHES, len(lengths) // (4 * batch_size)))
    chunks = (order[start : start + chunk] for start in range(0, len(order), chunk))
    ordered = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in chunks])
    batches = [ordered[start : start + batch_size] for start in range(0, len(ordered), batch_size)]
    batches = [batches[index] for index in rng.permutation(len(batches))]
    if epoch == 0:
        longest = max(range(len(batches)), key=lambda index: int(lengths[batches[index]].max()))
        batches[0], batches[longest] = batches[longest], batches[0]
    return batches


def sorted_batches(lengths: NDArray[np.int64], batch_size: int) -> list[NDArray[np.int64]]:
    """Row numbers by batch for scoring: by falling length, so padding is least and memory peaks first."""
    order = np.argsort(-lengths, kind="stable")
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def collate(tokens: Tokens, rows: NDArray[np.int64], device: torch.device, *, multiple: int = 1) -> dict[str, Any]:
    """Pad rows to the longest of them (to a multiple of `multiple`) on the right, as model inputs on `device`.

    Tensors have shape `(len(rows), length)`.
    """
    lengths = tokens.lengths[rows]
    width = int(-(-int(lengths.max()) // multiple) * multiple)
    ids = np.full((len(rows), width), tokens.pad_id, dtype=np.int64)
    types = np.zeros_like(ids)
    for index, row in enumerate(rows):
        start, end = tokens.offsets[row], tokens.offsets[row + 1]
        ids[index, : end - start] = tokens.ids[start:end]
        if tokens.types is not None:
            types[index, : end - start] = tokens.types[start:end]
    mask = np.arange(width)[None, :] < lengths[:, None]
    arrays = {"input_ids": ids, "attention_mask": mask.astype(np.int64)}
    if tokens.types is not None:
        arrays["token_type_ids"] = types
    return {name: torch.from_numpy(array).to(device, non_blocking=True) for name, array in arrays.items()}


def _cached(task: Task, split: Split, model: ModelInfo, tokenizer: Callable[[], Any], max_length: int) -> Tokens:
    key = content_id([CACHE_VERSION, task.fingerprint, split, model.path, model.revision, max_length])
    file = Path(task.folder) / "tokens" / f"{key}.safetensors"
    tokens = _read(file)
    if tokens is None:
        tokens = tokenize(task, split, tokenizer(), max_length)
        _write(file, tokens)
    return tokens


def tokenize(task: Task, split: Split, tokenizer: Any, max_length: int) -> Tokens:
    """Tokenise the rows of a split with a Transformers tokenizer, cutting each off at `max_length` tokens."""
    table = pq.read_table(task.file(split))
    texts = table.column("text").to_pylist()
    pairs = table.column("text_pair").to_pylist() if "text_pair" in table.column_names else None
    coded = tokenizer(texts, pairs, truncation=True, max_length=max_length, return_attention_mask=False)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0
    rows = [row or [pad] for row in coded["input_ids"]]  # a text of nothing but unknown signs can come out empty
    has_types = pairs is not None and "token_type_ids" in coded
    return Tokens(
        ids=np.concatenate([np.asarray(row, dtype=np.int32) for row in rows]),
        offsets=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        labels=table.column("label").to_numpy().astype(np.int64),
        types=np.concatenate([np.asarray(row, dtype=np.uint8) for row in coded["token_type_ids"]])
        if has_types
        else None,
        pad_id=int(pad),
    )


def _read(file: Path) -> Tokens | None:
    """Read a cache file; None when it is absent or damaged (then it is made anew)."""
    try:
        with safe_open(file, framework="numpy") as stored:
            arrays = {name: stored.get_tensor(name) for name in list(stored.keys())}
            pad_id = int((stored.metadata() or {})["pad_id"])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return Tokens(**arrays, pad_id=pad_id)


def _write(file: Path, tokens: Tokens) -> None:
    """Write beside the place and rename, so that no reader sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"ids": tokens.ids, "offsets": tokens.offsets, "labels": tokens.labels}
    if tokens.types is not None:
        arrays["types"] = tokens.types
    part = file.with_suffix(f".{uuid.uuid4().hex[:8]}.part")
    try:
        save_file(arrays, part, metadata={"pad_id": str(tokens.pad_id)})
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
