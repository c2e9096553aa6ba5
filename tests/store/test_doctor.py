import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from contracts.store import OWNER, a_record, a_trial, an_experience

from xautolm_nb.core.study import StudyState
from xautolm_nb.core.trial import TrialState
from xautolm_nb.store import ExperienceStore, schema

Spoil = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path) -> ExperienceStore:
    store = ExperienceStore.open(tmp_path)
    store.append(an_experience(1), an_experience(2))
    store.create_study(a_record())
    store.save_trial("id-a-study", a_trial())
    return store


@pytest.fixture
def sql(store: ExperienceStore, tmp_path: Path) -> Spoil:
    """Runs SQL as another program would: without our checks."""

    def run(*statements: str) -> None:
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return run


def kinds(store: ExperienceStore, **options: bool) -> list[str]:
    return [finding.kind for finding in store.doctor(**options)]


def test_a_sound_store_has_no_findings(store: ExperienceStore) -> None:
    assert store.doctor() == [] == store.doctor(repair=True)


@pytest.mark.parametrize(
    ("statement", "kind", "repaired"),
    [
        ("DELETE FROM studies", "orphan_trial", True),
        ("DELETE FROM trials", "orphan_rung", True),
        ("DELETE FROM rungs WHERE position = 1", "wrong_curve", True),
        ("UPDATE experiences SET id = 'x' || id WHERE id IN (SELECT min(id) FROM experiences)", "wrong_id", True),
        ("DELETE FROM contexts", "missing_row", False),
        ("UPDATE contexts SET body = '?'", "undecodable", False),
        ("UPDATE contexts SET body = replace(body, '100.0', '101.0')", "wrong_id", False),
        ("UPDATE trials SET body = '{}'", "undecodable", False),
        ("UPDATE studies SET body = '{}'", "undecodable", False),
        ("UPDATE experiences SET body = '{' WHERE id IN (SELECT min(id) FROM experiences)", "undecodable", False),
    ],
)
def test_what_is_wrong_is_found_and_mended_where_that_is_safe(
    store: ExperienceStore, sql: Spoil, statement: str, kind: str, repaired: bool
) -> None:
    sql(statement)
    found = store.doctor()
    assert kind in {finding.kind for finding in found}
    assert not any(finding.repaired for finding in found)
    assert any(f.kind == kind and f.repaired is repaired for f in store.doctor(repair=True))
    if repaired:
        assert store.doctor() == []
    else:
        assert kind in kinds(store)


def test_a_duplicate_under_a_wrong_name_is_removed_and_the_content_stays(store: ExperienceStore, sql: Spoil) -> None:
    columns = ", ".join(name for name in [column.name for column in schema.experiences.c] if name != "id")
    sql(f"INSERT INTO experiences (id, {columns}) SELECT 'copy', {columns} FROM experiences LIMIT 1")
    assert kinds(store) == ["duplicate"]
    assert kinds(store, repair=True) == ["duplicate"]
    assert sorted(e.id for e in store.experiences()) == sorted(an_experience(n).id for n in (1, 2))


def test_a_study_whose_process_died_is_marked_interrupted_and_keeps_its_trials(store: ExperienceStore) -> None:
    store.update_study("id-a-study", state=StudyState.RUNNING, owner=OWNER)
    running = a_trial(1, TrialState.RUNNING)
    store.save_trial("id-a-study", running)
    assert store.doctor(is_alive=lambda _o, _h: True) == []
    (finding,) = store.doctor(repair=True, is_alive=lambda _o, _h: False)
    assert (finding.kind, finding.repaired) == ("dead_owner", True) and "resume" in finding.hint
    record = store.study()
    assert (record.state, record.owner) == (StudyState.INTERRUPTED, None)
    assert store.trials(record.id)[1] == running


def test_a_finding_reads_as_a_sentence(store: ExperienceStore, sql: Spoil) -> None:
    sql("DELETE FROM rungs")
    (finding,) = store.doctor()
    assert str(finding).startswith("wrong_curve in trials id-a-study/0: ")
    assert str(store.doctor(repair=True)[0]).endswith("Repaired.")


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(*[an_experience(number) for number in range(100)])
        sizes = sqlite3.connect(tmp_path / "store.sqlite")
        root = sizes.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_experiences_task_name'").fetchone()[0]
        size = sizes.execute("PRAGMA page_size").fetchone()[0]
        sizes.close()
    path = tmp_path / "store.sqlite"
    content = bytearray(path.read_bytes())
    start = (root - 1) * size
    content[start + 200 : start + size] = b"\x5a" * (size - 200)
    path.write_bytes(content)
    with ExperienceStore.open(tmp_path) as store:
        found = store.doctor(repair=True)
    assert {finding.kind for finding in found} == {"damaged_file"} and "recover" in found[0].hint
