import sqlite3
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


def spoil(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another store with three experiences, closed."""
    with ExperienceStore.open(tmp_path / "other.sqlite") as opened:
        opened.append(*[an_experience(number) for number in range(3)])
    return tmp_path / "other.sqlite"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE experiences SET body = '{' WHERE id = '{id}'", "Expecting"),
        ("UPDATE experiences SET body = replace(body, '12.5', '-12.5') WHERE id = '{id}'", "seconds -12.5 is negative"),
        ("UPDATE experiences SET body = replace(body, '12.5', '1e999') WHERE id = '{id}'", None),
        ("UPDATE experiences SET context_id = 'gone' WHERE id = '{id}'", "context gone is gone"),
    ],
)
def test_a_bad_record_of_another_store_is_named_and_nothing_or_the_rest_is_taken(
    store: ExperienceStore, other: Path, statement: str, reason: str | None
) -> None:
    bad = an_experience(1).id
    spoil(other, statement.replace("{id}", bad))
    if reason is None:  # an infinite time is no time, which is allowed
        assert import_path(store, other).new == 3
        return
    with pytest.raises(StoreError, match=reason):
        import_path(store, other)
    assert store.count() == 0
    summary = import_path(store, other, on_error="skip")
    assert (summary.new, store.count()) == (2, 2)
    assert reason in summary.skipped[0].reason


def test_a_merge_with_a_store_that_holds_a_bad_record_changes_nothing(store: ExperienceStore, other: Path) -> None:
    spoil(other, "UPDATE experiences SET body = replace(body, '12.5', '-12.5')")
    with ExperienceStore.open(other) as opened, pytest.raises(StoreError, match="negative"):
        merge(store, opened)
    assert store.count() == 0


def test_an_imported_store_is_not_touched(store: ExperienceStore, other: Path) -> None:
    before = {path.name: path.read_bytes() for path in other.parent.glob("other*")}
    other.chmod(0o444)
    assert import_path(store, other).new == 3
    assert {path.name: path.read_bytes() for path in other.parent.glob("other.sqlite")} == {
        "other.sqlite": before["other.sqlite"]
    }


def test_a_newer_store_is_not_imported_and_named_as_it_is_known(store: ExperienceStore, other: Path) -> None:
    spoil(other, "UPDATE meta SET value = '99'")
    with pytest.raises(StoreError, match=r"version 99.*pip install -U"):
        import_path(store, other)
    (other.parent / "torn.sqlite").write_bytes(other.read_bytes()[:5000])
    with pytest.raises(StoreError, match=r"torn\.sqlite"):
        import_path(store, other.parent / "torn.sqlite")


def test_a_view_that_never_ends_does_not_stand_for_a_table(store: ExperienceStore, other: Path) -> None:
    spoil(other, "DROP TABLE rungs")
    spoil(other, "DROP TABLE experiences")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n"
    spoil(other, f"CREATE VIEW experiences AS {endless}")
    with pytest.raises(StoreError, match=r"lost its tables \['experiences', 'rungs'\]"):
        import_path(store, other)


def test_a_url_in_the_place_of_a_path_does_not_show_its_password(store: ExperienceStore) -> None:
    with pytest.raises(StoreError, match="merge") as caught:
        import_path(store, "postgresql://me:s3cret@host/db")
    assert "s3cret" not in str(caught.value)
