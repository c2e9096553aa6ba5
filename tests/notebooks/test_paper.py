from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

Load = Callable[[str], ModuleType]


@pytest.fixture
def made() -> list[int]:
    """How often a table was made."""
    return []


def table(made: list[int]) -> Callable[[], pd.DataFrame]:
    def make() -> pd.DataFrame:
        made.append(1)
        return pd.DataFrame({"a": [1.5]})

    return make


@pytest.mark.parametrize("variable", ["SMOKE", "KEEP"])
def test_a_kept_table_is_read_in_a_short_run(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: list[int], variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    paper = load("paper")
    monkeypatch.setattr(paper, "RESULTS", tmp_path)
    (tmp_path / "t.csv").write_text("a\n2.5\n")
    assert paper.kept("t", table(made)).a.tolist() == [2.5]
    assert not made


def test_a_kept_table_is_written_anew_in_a_full_run(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: list[int]
) -> None:
    monkeypatch.delenv("SMOKE", raising=False)
    monkeypatch.setenv("KEEP", "0")
    paper = load("paper")
    monkeypatch.setattr(paper, "RESULTS", tmp_path)
    (tmp_path / "t.csv").write_text("a\n2.5\n")
    assert paper.kept("t", table(made)).a.tolist() == [1.5]
    assert (tmp_path / "t.csv").read_text() == "a\n1.5\n"
    assert len(made) == 1


def test_data_that_are_not_there_are_named_with_what_to_do(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XAUTOLM_SHARED", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Set XAUTOLM_SHARED to the folder that holds datasets/liar"):
        load("paper").rows_of("liar")


def test_the_published_rows_agree_with_themselves(load: Load) -> None:
    rows = load("paper").published()
    assert rows.groupby("task").size().to_dict() == {
        **dict.fromkeys(("liar", "sst2", "meld", "ag_news"), 11),
        **dict.fromkeys(("squad", "drop"), 4),
    }
    assert ((rows.errors / rows.records - rows.error_ratio).abs() < 6e-4).all()
    assert (rows.peak_f1 >= rows.mean_f1).all() and (rows.min_seconds <= rows.mean_seconds).all()
