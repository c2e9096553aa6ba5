"""Text to batches: tokenised once per study and tokenizer, bucketed by length, padded to the longest of a batch."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import Split, Task
from xautolm_nb.run.adapters import virtual_tokens
from xautolm_nb.run.tokenize import tokenize
from xautolm_nb.run.tokens import Tokens, cut_rows, read_cache, write_cache

CACHE_VERSION = 2
IGNORED = -100
"""Label of what is not to be learned, as PyTorch's cross-entropy has it."""
LENGTH_QUANTILE = 0.995
CHUNK_BATCHES = 50
"""Batches sorted by length together; as `group_by_length` of the Transformers Trainer."""


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


def length_cap(config: Mapping[str, ConfigValue], model: ModelInfo) -> int | None:
    """The `max_length` that a config asks for, less what learned prompts take of the positions; None for neither."""
    learned = virtual_tokens(config)
    wanted = config.get("max_length")
    if wanted is None and not learned:
        return None
    return min(int(wanted) if wanted is not None else model.max_positions, model.max_positions - learned)


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
    ids, mask = pad(tokens.ids, tokens.offsets, rows, tokens.pad_id, multiple=multiple)
    arrays = {"input_ids": ids, "attention_mask": mask}
    if tokens.types is not None:
        arrays["token_type_ids"], _ = pad(tokens.types, tokens.offsets, rows, 0, multiple=multiple)
    return {name: to_device(array, device) for name, array in arrays.items()}


def collate_answers(
    tokens: Tokens, rows: NDArray[np.int64], device: torch.device, *, is_decoder: bool, multiple: int = 1
) -> tuple[dict[str, Any], torch.Tensor]:
    """Model inputs for learning to write, and the labels of the written part.

    A decoder reads prompt and answer in one row, padded on the left, so that all answers end at the last place; an
    encoder-decoder reads the prompt and gets the answer as labels.

    Returns:
        Inputs, and labels of shape `(len(rows), longest answer)`, -100 where there is nothing to write.
    """
    if tokens.targets is None or tokens.target_offsets is None:
        raise ValueError("tokens with targets are expected, but these have none")
    target, mask = pad(tokens.targets, tokens.target_offsets, rows, IGNORED, side="left" if is_decoder else "right")
    labels = to_device(np.where(mask == 1, target, IGNORED), device)
    if not is_decoder:
        return {**collate(tokens, rows, device, multiple=multiple), "labels": labels}, labels
    prompt, known = pad(tokens.ids, tokens.offsets, rows, tokens.pad_id, side="left")
    joined = _join_left([(prompt, known), (np.where(mask == 1, target, tokens.pad_id), mask)])
    inputs = {"input_ids": joined[0], "attention_mask": joined[1]}
    return {name: to_device(array, device) for name, array in inputs.items()}, labels


def collate_prompts(tokens: Tokens, rows: NDArray[np.int64], device: torch.device) -> dict[str, Any]:
    """Prompts padded on the left: what is written continues each of them."""
    ids, mask = pad(tokens.ids, tokens.offsets, rows, tokens.pad_id, side="left")
    return {"input_ids": to_device(ids, device), "attention_mask": to_device(mask, device)}


def pad(
    values: NDArray[Any],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    fill: int,
    *,
    side: Literal["left", "right"] = "right",
    multiple: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of a ragged array as a rectangle, and its mask (1 where a value stands), both `(len(rows), width)`."""
    lengths = offsets[rows + 1] - offsets[rows]
    width = int(-(-int(lengths.max()) // multiple) * multiple)
    column = np.arange(width)[None, :] - (0 if side == "right" else (width - lengths)[:, None])
    mask = (column >= 0) & (column < lengths[:, None])
    places = np.where(mask, offsets[rows][:, None] + column, 0)
    return np.where(mask, values[places].astype(np.int64), np.int64(fill)), mask.astype(np.int64)


def to_device(array: NDArray[Any], device: torch.device) -> torch.Tensor:
    """A tensor on the device; the copy does not block where it need not."""
    return torch.from_numpy(array).to(device, non_blocking=True)


def _join_left(parts: list[tuple[NDArray[Any], NDArray[Any]]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rectangles side by side, each row's padding moved to its left end."""
    values, mask = (np.concatenate([part[index] for part in parts], axis=1) for index in (0, 1))
    order = np.argsort(mask, axis=1, kind="stable")  # padding first, the rest in its order
    values, mask = np.take_along_axis(values, order, axis=1), np.take_along_axis(mask, order, axis=1)
    first = int(mask.sum(axis=1).max())
    return values[:, -first:], mask[:, -first:]


def _cached(task: Task, split: Split, model: ModelInfo, tokenizer: Callable[[], Any], max_length: int) -> Tokens:
    """From the cache, else tokenised. Rows that can be cut are tokenised whole, once for all lengths."""
    whole = _stored(task, split, model, model.max_positions)
    if whole is None and task.kind == "classification":
        whole = _make(task, split, model, tokenizer, model.max_positions)
    if whole is not None and (whole.closing >= 0 or max_length == model.max_positions):
        return cut_rows(whole, max_length) if whole.closing >= 0 else whole
    found = _stored(task, split, model, max_length)
    return _make(task, split, model, tokenizer, max_length) if found is None else found


def _make(task: Task, split: Split, model: ModelInfo, tokenizer: Callable[[], Any], max_length: int) -> Tokens:
    tokens = tokenize(task, split, tokenizer(), max_length, model.architecture)
    write_cache(_file(task, split, model, max_length), tokens)
    return tokens


def _stored(task: Task, split: Split, model: ModelInfo, max_length: int) -> Tokens | None:
    return read_cache(_file(task, split, model, max_length))


def _file(task: Task, split: Split, model: ModelInfo, max_length: int) -> Path:
    key = content_id([CACHE_VERSION, task.fingerprint, split, model.path, model.revision, max_length])
    return Path(task.folder) / "tokens" / f"{key}.safetensors"
