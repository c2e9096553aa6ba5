from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.tokens import Tokens, cut_rows, lay_out, read_cache, write_cache


def whole(rows: list[list[int]], **changes: object) -> Tokens:
    ids, offsets = lay_out(rows)
    return Tokens(ids=ids, offsets=offsets, labels=np.zeros(len(rows), dtype=np.int64), **changes)  # type: ignore[arg-type]


def rows_of(tokens: Tokens) -> list[list[int]]:
    return [part.tolist() for part in np.split(tokens.ids, tokens.offsets[1:-1])]


@given(lengths=st.lists(st.integers(0, 30), min_size=1, max_size=20), cut=st.integers(3, 20))
def test_a_cut_is_what_the_tokenizer_would_have_cut(tiny: ModelInfo, lengths: list[int], cut: int) -> None:
    tokenizer = load_tokenizer(tiny)
    texts = [" ".join(f"w{place}" for place in range(length)) for length in lengths]
    expected = tokenizer(texts, truncation=True, max_length=cut)["input_ids"]
    assert rows_of(cut_rows(whole(tokenizer(texts)["input_ids"], closing=1), cut)) == expected


def test_rows_that_belong_together_are_not_cut() -> None:
    with pytest.raises(ValueError, match="cut by their tokenizer"):
        cut_rows(whole([[1, 2, 3]]), 2)


def test_a_cache_gives_back_what_was_written(tmp_path: Path) -> None:
    targets, target_offsets = lay_out([[7], [8, 9]])
    tokens = whole([[1, 2], [3]], targets=targets, target_offsets=target_offsets, write_limit=4, pad_id=5)
    write_cache(tmp_path / "a.safetensors", tokens)
    found = read_cache(tmp_path / "a.safetensors")
    assert found is not None and found.targets is not None
    assert (found.pad_id, found.write_limit, found.closing) == (5, 4, -1)
    assert rows_of(found) == [[1, 2], [3]] and found.targets.tolist() == [7, 8, 9]
    assert found.lengths.tolist() == [3, 3] and found.prompt_lengths.tolist() == [2, 1]
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_damaged_cache_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"half")
    assert read_cache(tmp_path / "a.safetensors") is None
    assert read_cache(tmp_path / "b.safetensors") is None
