from pathlib import Path

import pytest

from xautolm_nb.run.state import STATE, checksum, commit, read_state, tidy


def test_what_is_committed_is_read_back(tmp_path: Path) -> None:
    commit(tmp_path, {"step": 3}, None)
    assert read_state(tmp_path) == {"step": 3, "tensors": None}


def test_an_absent_or_damaged_state_is_none(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    for text in ("{half", "[]", '{"step": 3}'):
        (tmp_path / STATE).write_text(text)
        assert read_state(tmp_path) is None


def test_tidying_keeps_what_the_state_names(tmp_path: Path) -> None:
    for name in ("new.safetensors", "old.safetensors", f".{STATE}.x1"):
        (tmp_path / name).write_text("")
    commit(tmp_path, {}, "new.safetensors")
    tidy(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {STATE, "new.safetensors"}


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_state_with_any_flipped_bit_is_none(position: int, tmp_path: Path) -> None:
    commit(tmp_path, {"step": 3, "fidelity": 0.25, "numbers": {1: 2.0}}, "t.safetensors")
    assert read_state(tmp_path) is not None
    content = bytearray((tmp_path / STATE).read_bytes())
    content[position] ^= 4
    (tmp_path / STATE).write_bytes(content)
    assert read_state(tmp_path) is None


def test_a_state_of_before_there_were_digests_is_read(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text('{"step": 3, "tensors": null}')
    assert read_state(tmp_path) == {"step": 3, "tensors": None}


def test_a_checksum_tells_contents_apart(tmp_path: Path) -> None:
    for name, content in (("a", b"x" * 3_000_000), ("b", b"x" * 2_999_999 + b"y")):
        (tmp_path / name).write_bytes(content)
    assert checksum(tmp_path / "a") != checksum(tmp_path / "b")
