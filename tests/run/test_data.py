from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.run.data import (
    choose_max_length,
    collate,
    epoch_batches,
    model_length,
    read_tokens,
    sorted_batches,
)
from xautolm_nb.run.loading import load_tokenizer

CPU = torch.device("cpu")


@pytest.fixture
def own_task(task: Task, tmp_path: Path) -> Task:
    """The task in a folder of its own, with an empty cache."""
    for split in ("train", "validation", "test"):
        (tmp_path / f"{split}.parquet").write_bytes(task.file(split).read_bytes())
    return replace(task, folder=str(tmp_path))


class Counting:
    """Loads the tokenizer and counts how often."""

    def __init__(self, model: ModelInfo) -> None:
        self.model, self.times = model, 0

    def __call__(self) -> Any:
        self.times += 1
        return load_tokenizer(self.model)


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=300),
    batch=st.sampled_from([1, 3, 8, 16]),
    epoch=st.integers(0, 5),
)
def test_an_epoch_visits_every_row_once(lengths: list[int], batch: int, epoch: int) -> None:
    batches = epoch_batches(np.asarray(lengths), batch, seed=3, epoch=epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch)
    assert all(len(rows) <= batch for rows in batches)


def test_batches_depend_on_seed_and_epoch_alone() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 200)

    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(epoch_batches(lengths, 8, seed=seed, epoch=epoch)).tolist()

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3) and order(1, 2) != order(2, 2)


def test_rows_of_a_batch_are_of_similar_length_and_the_first_batch_holds_the_longest() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, 3200)
    batches = epoch_batches(lengths, 16, seed=0, epoch=0)
    padded = sum(len(rows) * lengths[rows].max() for rows in batches)
    assert padded < 1.05 * lengths.sum()
    assert lengths[batches[0]].max() == lengths.max()


def test_scoring_batches_are_sorted_and_complete() -> None:
    lengths = np.asarray([3, 9, 1, 7, 5])
    assert [rows.tolist() for rows in sorted_batches(lengths, 2)] == [[1, 3], [4, 0], [2]]


@pytest.mark.parametrize(
    ("lengths", "limit", "expected"),
    [
        ([10] * 50, 512, 512),  # nothing would be cut
        ([10] * 999 + [400], 512, 16),  # one row in a thousand is long
        ([600] * 100, 512, 512),
    ],
)
def test_the_length_follows_the_data_and_stays_below_the_limit(lengths: list[int], limit: int, expected: int) -> None:
    assert choose_max_length(np.minimum(lengths, limit), limit) == expected


def test_padding_reaches_the_longest_row_of_the_batch_only(task: Task, tiny: ModelInfo) -> None:
    tokens = read_tokens(task, "train", tiny, Counting(tiny), None)
    rows = np.asarray([4, 9, 2])
    inputs = collate(tokens, rows, CPU)
    assert inputs["input_ids"].shape == (3, tokens.lengths[rows].max())
    assert inputs["attention_mask"].sum(dim=1).tolist() == tokens.lengths[rows].tolist()
    assert (inputs["input_ids"][inputs["attention_mask"] == 0] == tokens.pad_id).all()
    assert collate(tokens, rows, CPU, multiple=8)["input_ids"].shape[1] % 8 == 0


def test_batches_hold_what_the_tokenizer_says(task: Task, tiny: ModelInfo) -> None:
    import pyarrow.parquet as pq

    texts = pq.read_table(task.file("test")).column("text").to_pylist()[:5]
    tokens = read_tokens(task, "test", tiny, Counting(tiny), None)
    expected = load_tokenizer(tiny)(texts, padding=True, return_tensors="pt")
    inputs = collate(tokens, np.arange(5), CPU)
    assert torch.equal(inputs["input_ids"], expected["input_ids"])
    assert torch.equal(inputs["attention_mask"], expected["attention_mask"])


def test_a_cut_off_is_kept(task: Task, tiny: ModelInfo) -> None:
    tokens = read_tokens(task, "train", tiny, Counting(tiny), 8)
    assert tokens.lengths.max() == 8
    assert read_tokens(task, "train", tiny, Counting(tiny), 9999).lengths.max() <= tiny.max_positions


def test_a_split_is_tokenised_once(own_task: Task, tiny: ModelInfo) -> None:
    load = Counting(tiny)
    first = read_tokens(own_task, "train", tiny, load, None)
    again = read_tokens(own_task, "train", tiny, load, None)
    assert load.times == 1
    assert np.array_equal(first.ids, again.ids) and np.array_equal(first.labels, again.labels)
    assert read_tokens(own_task, "train", tiny, load, 8).lengths.max() == 8
    assert model_length(own_task, tiny, load, None) == tiny.max_positions
    assert load.times == 1  # another length is a cut of the same tokens


def test_a_damaged_cache_is_made_anew(own_task: Task, tiny: ModelInfo, tmp_path: Path) -> None:
    first = read_tokens(own_task, "train", tiny, Counting(tiny), None)
    for file in (tmp_path / "tokens").iterdir():
        file.write_bytes(b"half a fi")
    load = Counting(tiny)
    assert np.array_equal(read_tokens(own_task, "train", tiny, load, None).ids, first.ids)
    assert load.times == 1


def test_nothing_half_written_stays_in_the_cache(own_task: Task, tiny: ModelInfo, tmp_path: Path) -> None:
    read_tokens(own_task, "train", tiny, Counting(tiny), None)
    assert {file.suffix for file in (tmp_path / "tokens").iterdir()} == {".safetensors"}


def test_pairs_bring_their_segments(tiny: ModelInfo, tmp_path: Path, pair_task: Task) -> None:
    tokens = read_tokens(pair_task, "train", tiny, Counting(tiny), None)
    inputs = collate(tokens, np.asarray([0, 1]), CPU)
    assert set(inputs["token_type_ids"].unique().tolist()) == {0, 1}
    again = read_tokens(pair_task, "train", tiny, Counting(tiny), None)
    assert again.types is not None and tokens.types is not None
    assert np.array_equal(again.types, tokens.types)
