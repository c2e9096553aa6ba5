from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from contracts.store import a_context, a_failure, a_trial, an_experience

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store.autogoal import read_autogoal
from xautolm_nb.store.tables import read_table, write_parquet

CONTEXTS = {"reviews": a_context()}
CSV = """task,score,seconds,failure,message,hp_epochs,hp_optimizer,model
reviews,0.5,3.5,,,2,adamw,tiny
reviews,,,timeout,"too late, sorry",4,,tiny
"""


def test_a_csv_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(CSV, encoding="utf-8-sig")
    (scored, failed), skipped = read_table(path, contexts=CONTEXTS)
    assert scored.config == {"epochs": 2, "optimizer": "adamw", "model": "tiny"} and scored.score == 0.5
    assert failed.config == {"epochs": 4, "model": "tiny"} and failed.failure is not None
    assert (failed.failure.message, scored.source, skipped) == ("too late, sorry", "trials.csv", [])


def test_a_parquet_table_of_pandas_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "task": "reviews",
            "score": [0.5, None],
            "failure": [None, "timeout"],
            "hp_rate": [0.1, 0.2],
            "hp_rank": [4, None],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    first, second = read_table(tmp_path / "t.parquet", contexts=CONTEXTS)[0]
    assert (first.config, second.config) == ({"rate": 0.1, "rank": 4.0}, {"rate": 0.2})


def test_a_bad_row_is_named_and_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(CSV + "reviews,high,1,,,2,sgd,tiny\n")
    with pytest.raises(StoreError, match=r"row 3 of trials\.csv, but score 'high' is not a number"):
        read_table(path, contexts=CONTEXTS)
    experiences, skipped = read_table(path, contexts=CONTEXTS, on_error="skip")
    assert len(experiences) == 2 and skipped[0].where == "row 3 of trials.csv"


def test_a_table_without_the_columns_says_which_are_expected(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,f1\nx,1\n")
    with pytest.raises(StoreError, match="column 'task'"):
        read_table(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["missing.csv", "broken.parquet", "table.xlsx", "binary.csv"])
def test_a_file_that_is_no_table_is_one_clear_error(tmp_path: Path, name: str) -> None:
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"\xff\x00PAR1 nonsense")
    with pytest.raises(StoreError):
        read_table(tmp_path / name)


def test_an_export_reads_back_without_loss(tmp_path: Path) -> None:
    written = [
        an_experience(1, curve=a_trial().curve, seed=3, trial=0, study="s", fingerprint="f", versions={"torch": "2"}),
        an_experience(2, config={"learning_rate": "auto", "epochs": 2}, context=a_context(kind="generation")),
        a_failure(),
    ]
    assert write_parquet(written, tmp_path / "deep" / "out.parquet") == 3
    assert read_table(tmp_path / "deep" / "out.parquet") == (written, [])
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out.parquet"]


def test_an_export_has_flat_columns_of_one_type_each(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_parquet([an_experience(1), an_experience(2, config={"learning_rate": "auto", "class_weights": False})], path)
    types = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert types["score"] == "double" and types["hp_epochs"] == "int64" and types["hp_class_weights"] == "bool"
    assert types["hp_learning_rate"] == "string" and types["task_features"].startswith("list")


def test_an_empty_export_is_a_table(tmp_path: Path) -> None:
    assert write_parquet([], tmp_path / "out.parquet") == 0
    assert read_table(tmp_path / "out.parquet") == ([], [])


def test_an_export_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_parquet([an_experience()], tmp_path / "file" / "out.parquet")


@pytest.mark.slow
def test_datasets_reads_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    write_parquet([an_experience(1), a_failure()], tmp_path / "out.parquet")
    loaded = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "out.parquet"), cache_dir=str(tmp_path / "cache")
    )
    assert loaded["train"].num_rows == 2 and loaded["train"][0]["score"] == 0.75


@pytest.mark.shared
def test_the_recorded_trials_equal_their_log_entries(shared: Path) -> None:
    logged = read_autogoal(shared / "experience" / "autogoal_store", model_ids={"Gpt2_Xl": "gpt2-xl"})
    contexts = {experience.task_name: experience.context for experience in logged}
    path = shared / "experience" / "xautolm_trials.parquet"
    table, skipped = read_table(path, contexts=contexts, model_ids={"TEXT_GEN_Gpt2_Xl": "gpt2-xl"})
    assert {experience.id for experience in table} == {experience.id for experience in logged}
    assert skipped == []
