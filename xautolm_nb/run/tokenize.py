"""Text to tokens for every kind of task and architecture, with the tokenizer of the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xautolm_nb.core.model import Architecture
from xautolm_nb.core.task import Split, Task
from xautolm_nb.run.tokens import Tokens, lay_out
from xautolm_nb.tasks.answers import write_answer

STRIDE_SHARE = 0.25
"""Share of a window that the next window of the same context repeats, so that no answer is cut everywhere."""
WRITE_QUANTILE = 0.995
_BREAK = "\n"
"""Stands between a prompt and what a decoder is to write after it."""


def tokenize(
    task: Task, split: Split, tokenizer: Any, max_length: int, architecture: Architecture = "encoder"
) -> Tokens:
    """Tokenise the rows of a split with a Transformers tokenizer, at most `max_length` tokens a row.

    Contexts that are longer than that become several windows; prompts of a decoder leave room for what it writes.
    """
    table = pd.read_parquet(task.file(split))
    if task.kind == "classification":
        return _classes(table, tokenizer, max_length)
    if task.kind == "extractive_qa":
        return _windows(table, tokenizer, max_length)
    train = table if split == "train" else pd.read_parquet(task.file("train"))
    return _prompts(table, train, tokenizer, max_length, architecture)


def _classes(table: pd.DataFrame, tokenizer: Any, max_length: int) -> Tokens:
    texts = table["text"].tolist()
    pairs = table["text_pair"].tolist() if "text_pair" in table else None
    coded = tokenizer(texts, pairs, truncation=True, max_length=max_length, return_attention_mask=False)
    pad = _pad_id(tokenizer)
    # A text of nothing but unknown signs can come out empty.
    ids, offsets = lay_out([row or [pad] for row in coded["input_ids"]])
    has_types = pairs is not None and "token_type_ids" in coded
    return Tokens(
        ids=ids,
        offsets=offsets,
        labels=table["label"].to_numpy(dtype=np.int64),
        types=lay_out(coded["token_type_ids"])[0].astype(np.uint8) if has_types else None,
        pad_id=pad,
        closing=_closing(tokenizer, texts[0]) if pairs is None else -1,
    )


def _windows(table: pd.DataFrame, tokenizer: Any, max_length: int) -> Tokens:
    """Question and a window of the context; `labels` are the answer's tokens where the window holds them."""
    questions, contexts = table["text"].tolist(), table["text_pair"].tolist()
    longest = max(max_length // 2, 8)  # a question that fills the window leaves nothing to read
    plain = tokenizer(questions, add_special_tokens=False, truncation=True, max_length=longest)["input_ids"]
    cut = [len(row) >= longest for row in plain]
    questions = [tokenizer.decode(row) if is_cut else q for q, row, is_cut in zip(questions, plain, cut, strict=True)]
    coded = tokenizer(
        questions,
        contexts,
        truncation="only_second",
        max_length=max_length,
        stride=int(STRIDE_SHARE * (max_length - longest)),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
    )
    owners = np.asarray(coded["overflow_to_sample_mapping"], dtype=np.int64)
    places = [_context_places(coded, window) for window in range(len(owners))]
    ids, offsets = lay_out(coded["input_ids"])
    starts = table["start"].to_numpy()
    ends = np.array([s + len(answers[0][0]) for s, answers in zip(starts, table["answers"], strict=True)])
    labels = [_answer_tokens(place, starts[row], ends[row]) for place, row in zip(places, owners, strict=True)]
    has_types = "token_type_ids" in coded
    return Tokens(
        ids=ids,
        offsets=offsets,
        labels=np.asarray(labels, dtype=np.int64),
        types=lay_out(coded["token_type_ids"])[0].astype(np.uint8) if has_types else None,
        owners=owners,
        places=np.concatenate(places),
        pad_id=_pad_id(tokenizer),
    )


def _context_places(coded: Any, window: int) -> NDArray[np.int32]:
    """Characters of each token of a window, shape `(tokens, 2)`; -1 for what is not of the context."""
    places = np.asarray(coded["offset_mapping"][window], dtype=np.int32).reshape(-1, 2)
    is_context = np.array([part == 1 for part in coded.sequence_ids(window)])
    return np.where(is_context[:, None], places, np.int32(-1))


def _answer_tokens(places: NDArray[np.int32], start: int, end: int) -> tuple[int, int]:
    """First and last token that cover the characters; (0, 0) where the window does not hold them all."""
    if start < 0:
        return 0, 0
    first = np.flatnonzero((places[:, 0] >= 0) & (places[:, 0] <= start) & (places[:, 1] > start))
    last = np.flatnonzero((places[:, 0] >= 0) & (places[:, 0] < end) & (places[:, 1] >= end))
    return (int(first[0]), int(last[-1])) if len(first) and len(last) else (0, 0)


def _prompts(
    table: pd.DataFrame, train: pd.DataFrame, tokenizer: Any, max_length: int, architecture: Architecture
) -> Tokens:
    """Prompts, and the first accepted answer with an end of text."""
    is_decoder = architecture == "decoder"
    known = _targets(train, tokenizer, is_decoder=is_decoder)
    limit = int(np.ceil(np.quantile([len(row) for row in known], WRITE_QUANTILE)))
    limit = max(1, min(limit, max_length // 2 if is_decoder else max_length))
    targets = known if table is train else _targets(table, tokenizer, is_decoder=is_decoder)
    closing = tokenizer(_BREAK, add_special_tokens=False)["input_ids"] if is_decoder else []
    room = max_length - (limit + len(closing) if is_decoder else 0)
    texts = table["text"].tolist()
    coded = tokenizer(texts, truncation=True, max_length=max(room, 1), return_attention_mask=False)["input_ids"]
    pad = _pad_id(tokenizer)
    if is_decoder:  # what closes a text for an encoder would stand between prompt and answer
        coded = [_opened(row, tokenizer) + closing for row in coded]
    ids, offsets = lay_out([row or [pad] for row in coded])
    target_ids, target_offsets = lay_out([row[: limit - 1] + row[-1:] if len(row) > limit else row for row in targets])
    return Tokens(
        ids=ids,
        offsets=offsets,
        labels=np.zeros(len(texts), dtype=np.int64),
        targets=target_ids,
        target_offsets=target_offsets,
        pad_id=pad,
        write_limit=limit,
    )


def _targets(table: pd.DataFrame, tokenizer: Any, *, is_decoder: bool) -> list[list[int]]:
    """Token ids to write, with the end of text."""
    texts = [write_answer(answers[0]) for answers in table["answers"]]
    end = end_id(tokenizer)
    if not is_decoder:
        coded = tokenizer(text_target=texts, truncation=True, max_length=tokenizer.model_max_length)["input_ids"]
        return [row if row and row[-1] == end else [*row, end] for row in coded]
    return [[*row, end] for row in tokenizer(texts, add_special_tokens=False)["input_ids"]]


def end_id(tokenizer: Any) -> int:
    """The token that ends a written text: end of text, or what separates texts where a tokenizer has none."""
    found = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    return int(found if found is not None else _pad_id(tokenizer))


def _opened(row: list[int], tokenizer: Any) -> list[int]:
    """A row without special tokens at its end."""
    special = set(tokenizer.all_special_ids)
    while len(row) > 1 and row[-1] in special:
        row = row[:-1]
    return row


def _closing(tokenizer: Any, text: str) -> int:
    """How many special tokens close a row; -1 where the tokenizer cuts the beginning or does not tell."""
    if getattr(tokenizer, "truncation_side", "left") != "right":
        return -1
    marks: Sequence[int] = tokenizer(text, return_special_tokens_mask=True).get("special_tokens_mask", [])
    return next((index for index, mark in enumerate(reversed(marks)) if not mark), -1)


def _pad_id(tokenizer: Any) -> int:
    return int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0)
