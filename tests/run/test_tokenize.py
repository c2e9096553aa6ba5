from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from run.cells import VOCABULARY, save_tokenizer, write_task

from xautolm_nb.core.model import Architecture
from xautolm_nb.core.task import Task
from xautolm_nb.run.tokenize import tokenize


def tokenizer_of(folder: Path, architecture: Architecture) -> Any:
    from transformers import AutoTokenizer

    save_tokenizer(folder, architecture)
    return AutoTokenizer.from_pretrained(folder)


def words(ids: Any) -> list[str]:
    return [VOCABULARY[token] for token in ids]


@pytest.mark.parametrize("max_length", [64, 10])
def test_every_answer_is_marked_in_a_window_that_holds_it(max_length: int, tmp_path: Path) -> None:
    task = write_task(tmp_path / "task", "extractive_qa")
    tokens = tokenize(task, "train", tokenizer_of(tmp_path / "t", "encoder"), max_length)
    table = pd.read_parquet(task.file("train"))
    assert tokens.owners is not None and tokens.places is not None
    assert tokens.lengths.max() <= max_length
    assert (len(tokens) > len(table)) is (max_length == 10)
    marked: dict[int, str] = {}
    for window, (first, last) in enumerate(tokens.labels):
        if last:
            start = tokens.offsets[window]
            own = slice(tokens.places[start + first, 0], tokens.places[start + last, 1])
            marked[int(tokens.owners[window])] = table["text_pair"][tokens.owners[window]][own]
    assert [marked.get(row) for row in range(len(table))] == [answers[0][0] for answers in table["answers"]]


def test_windows_repeat_a_part_of_each_other(tmp_path: Path) -> None:
    pd.DataFrame(
        {"text": ["who"], "text_pair": [" ".join(VOCABULARY[5:37])], "answers": [[[""]]], "start": [-1]}
    ).to_parquet(tmp_path / "train.parquet")
    task = replace(write_task(tmp_path / "task", "extractive_qa"), folder=str(tmp_path))
    tokens = tokenize(task, "train", tokenizer_of(tmp_path / "t", "encoder"), 20)
    windows = np.split(tokens.ids, tokens.offsets[1:-1])
    assert len(windows) > 2 and set(windows[0][3:-1]) & set(windows[1][3:-1])
    assert (tokens.labels == 0).all()


def test_a_decoder_reads_the_prompt_open_and_writes_the_answer_with_an_end(tmp_path: Path) -> None:
    task = write_task(tmp_path / "task", "generation")
    tokens = tokenize(task, "train", tokenizer_of(tmp_path / "t", "decoder"), 64, "decoder")
    assert tokens.targets is not None and tokens.target_offsets is not None
    table = pd.read_parquet(task.file("train"))
    assert words(tokens.ids[: tokens.offsets[1]]) == table["text"][0].split()
    target = words(tokens.targets[: tokens.target_offsets[1]])
    assert target == [*table["answers"][0][0][0].split(), "[END]"]
    assert tokens.write_limit == 3  # two words and the end


def test_an_encoder_decoder_closes_the_prompt(tmp_path: Path) -> None:
    task = write_task(tmp_path / "task", "generation")
    tokens = tokenize(task, "validation", tokenizer_of(tmp_path / "t", "encoder_decoder"), 64, "encoder_decoder")
    assert tokens.targets is not None
    assert words(tokens.ids[: tokens.offsets[1]])[-1] == "[END]" and words(tokens.targets)[-1] == "[END]"


def test_a_short_row_leaves_room_for_what_is_written(tmp_path: Path) -> None:
    task = write_task(tmp_path / "task", "generation")
    tokens = tokenize(task, "train", tokenizer_of(tmp_path / "t", "decoder"), 8, "decoder")
    assert tokens.prompt_lengths.max() == 5 and tokens.lengths.max() <= 8


class Wordless:
    """A tokenizer that finds nothing in a text, as byte-pair tokenizers do in an empty one."""

    pad_token_id = None
    eos_token_id = 5

    def __call__(self, texts: list[str], pairs: None, **_: object) -> dict[str, list[list[int]]]:
        return {"input_ids": [[] for _ in texts]}


def test_a_text_without_tokens_still_makes_a_row(task: Task) -> None:
    tokens = tokenize(task, "test", Wordless(), 16)
    assert set(tokens.lengths.tolist()) == {1} and set(tokens.ids.tolist()) == {5}
