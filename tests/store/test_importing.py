from pathlib import Path

import pytest
from contracts.store import a_failure, a_record, an_experience

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.serial import to_plain
from xautolm_nb.store import ExperienceStore, export_parquet, import_path, merge

RECORDS = Path(__file__).resolve().parent.parent / "golden" / "autogoal"


@pytest.fixture
def store(tmp_path: Path) -> ExperienceStore:
    return ExperienceStore.open(tmp_path / "store")


def test_records_are_imported_once(store: ExperienceStore) -> None:
    first, second = import_path(store, RECORDS), import_path(store, RECORDS)
    assert (first.records, first.experiences, first.new, second.new) == (12, 9, 9, 0)
    assert store.count() == 9
    assert "12 records of 9 trials" in str(first) and "9 were there already" in str(second)
    assert to_plain(first)["by_failure"]["timeout"] == 1


def test_an_export_carries_experience_to_another_store(store: ExperienceStore, tmp_path: Path) -> None:
    import_path(store, RECORDS)
    assert export_parquet(store, tmp_path / "out.parquet") == 9
    with ExperienceStore.open(":memory:") as other:
        assert import_path(other, tmp_path / "out.parquet").new == 9
        assert import_path(other, tmp_path / "store").new == 0
        assert {e.id for e in other.experiences()} == {e.id for e in store.experiences()}


def test_a_table_uses_the_contexts_its_tasks_are_known_by(store: ExperienceStore, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("task,score,hp_epochs\nreviews,0.5,3\n")
    with pytest.raises(StoreError, match="no context of task 'reviews'"):
        import_path(store, table)
    store.append(an_experience())
    assert import_path(store, table).new == 1


def test_an_import_that_fails_leaves_the_store_as_it_was(store: ExperienceStore, tmp_path: Path) -> None:
    store.append(an_experience())
    table = tmp_path / "t.csv"
    table.write_text("task,score,hp_epochs\nreviews,0.5,3\nreviews,,3\n")
    with pytest.raises(StoreError, match="row 2"):
        import_path(store, table)
    assert store.count() == 1
    summary = import_path(store, table, on_error="skip")
    assert (summary.new, len(summary.skipped)) == (1, 1) and "1 left out" in str(summary)


@pytest.mark.parametrize("name", ["nothing", "picture.png"])
def test_what_cannot_be_imported_is_an_error(store: ExperienceStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(StoreError):
        import_path(store, tmp_path / name)


def test_a_merge_takes_what_is_new_and_leaves_studies(store: ExperienceStore) -> None:
    store.append(an_experience(1))
    with ExperienceStore.open(":memory:") as other:
        other.append(an_experience(1), an_experience(2), a_failure())
        other.create_study(a_record())
        assert merge(store, other) == 2
        assert merge(store, other) == 0
    assert (store.count(), store.studies()) == (3, [])
