"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from xautolm_nb.core.files import write_text_atomically


def test_text_is_written_into_new_folders(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / "a" / "b.json", "ä")
    assert (tmp_path / "a" / "b.json").read_text(encoding="utf-8") == "ä"


def test_a_failed_write_leaves_the_old_text_and_no_remains(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    write_text_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
