import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks.files import load_task, read_split
from xautolm_nb.tasks.prepare import prepare_task

Make = Callable[..., pd.DataFrame]


def test_a_task_reads_back_as_it_was_written_also_from_elsewhere(make_frame: Make, tmp_path: Path) -> None:
    task, _ = prepare_task(make_frame(), folder=tmp_path / "here")
    assert load_task(tmp_path / "here") == task
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert load_task(tmp_path / "there") == replace(task, folder=str(tmp_path / "there"))


def test_only_whole_files_are_left(make_frame: Make, tmp_path: Path) -> None:
    prepare_task(make_frame(), folder=tmp_path / "task")
    names = sorted(path.name for path in (tmp_path / "task").iterdir())
    assert names == ["task.json", "test.parquet", "train.parquet", "validation.parquet"]


@pytest.mark.parametrize("content", [None, "nonsense", "{}", "[1]"])
def test_a_folder_without_a_task_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "task.json").write_text(content)
    with pytest.raises(TaskError, match="No prepared task"):
        load_task(tmp_path)


def test_a_split_that_is_not_there_is_refused(make_frame: Make, tmp_path: Path) -> None:
    task, _ = prepare_task(make_frame(), folder=tmp_path, test=False)
    with pytest.raises(TaskError, match="no 'test'"):
        read_split(task, "test")
    task.file("train").write_bytes(b"broken")
    with pytest.raises(TaskError, match="train rows"):
        read_split(task, "train")
