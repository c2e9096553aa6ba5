"""A task knows where its rows lie."""

from pathlib import Path

from xautolm_nb.core.task import Metric, Task


def test_each_split_has_its_file(tmp_path: Path) -> None:
    task = Task(
        name="t", kind="classification", text=("text",), label="label", metric=Metric(name="f1"), labels=("a", "b"),
        rows={"train": 1}, folder=str(tmp_path), fingerprint="",
    )  # fmt: skip
    assert task.file("validation") == tmp_path / "validation.parquet"
