from pathlib import Path

from xautolm_nb.run.state import STATE, commit, read_state, tidy


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
