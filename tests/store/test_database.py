import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from contracts.store import an_experience

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store import ExperienceStore, StoreWarning, database
from xautolm_nb.store.database import Database, explain
from xautolm_nb.store.location import resolve


def test_a_transaction_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    opened = Database(resolve(tmp_path))

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text("INSERT INTO meta VALUES ('a', 'b')"))
        raise KeyError("bug")

    with pytest.raises(KeyError):
        opened.write(work)
    assert opened.read(lambda connection: connection.scalar(sa.text("SELECT count(*) FROM meta"))) == 1
    opened.close()


def test_a_write_waits_for_the_disk_unless_it_is_told_not_to(tmp_path: Path) -> None:
    opened = Database(resolve(tmp_path))

    def mode(connection: sa.Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    assert [opened.write(mode), opened.write(mode, durable=False), opened.write(mode)] == [2, 1, 2]
    opened.close()


def test_a_lock_of_another_program_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with ExperienceStore.open(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert store.experiences() == []  # readers do not wait
        pauses = iter([None, None, "free"])
        monkeypatch.setattr(database.time, "sleep", lambda _s: next(pauses) and other.execute("ROLLBACK"))
        assert store.append(an_experience()) == 1
        other.close()


def test_a_lock_that_stays_is_an_error_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(database, "RETRY_SECONDS", 0.2)
    with ExperienceStore.open(tmp_path) as store:
        other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            store.append(an_experience())
        other.close()


@pytest.mark.parametrize("content", [b"this is no database, but a long text" * 100, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a SQLite database"):
        ExperienceStore.open(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE trials (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="trials"):
        ExperienceStore.open(path)
    assert path.read_bytes()[28:] != b"" and sqlite3.connect(path).execute(
        "SELECT count(*) FROM trials"
    ).fetchone() == (0,)
    assert len(path.read_bytes()) == len(before)


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(*[an_experience(number) for number in range(200)])
    path = tmp_path / "store.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\x5a" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StoreError), ExperienceStore.open(tmp_path) as store:
        store.experiences()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="XAUTOLM_STORE"):
        ExperienceStore.open(tmp_path / "file" / "store.sqlite")


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreError, match="pip install"):
        ExperienceStore.open("postgresql://me:s3cret@localhost/none")


def test_a_network_drive_gets_a_rollback_journal_and_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "network_kind", lambda _path: "nfs4")
    with pytest.warns(StoreWarning, match="nfs4"), ExperienceStore.open(tmp_path) as store:
        assert store.append(an_experience()) == 1
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("database or disk is full", "Free some space"),
        ("attempt to write a readonly database", "permissions"),
        ("unable to open database file", "folder exists"),
        ("database disk image is malformed", "recover"),
        ("disk I/O error", "Check the disk"),
        ("database is locked", "keeps writing"),
        ("connection to server at host failed: Connection refused", "cannot be reached"),
        ('FATAL: password authentication failed for user "me"', "refused the user"),
        ("something new", "doctor"),
    ],
)
def test_what_a_database_says_is_put_into_words(cause: str, words: str) -> None:
    error = explain(sa.exc.OperationalError("SELECT 1", {}, Exception(cause)), resolve("postgresql://me:s3cret@h/d"))
    assert words in str(error) and cause in str(error) and "s3cret" not in str(error)
