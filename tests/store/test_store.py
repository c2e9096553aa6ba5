"""The store on SQLite, in a file and in memory; and what only a file must withstand."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from contracts.store import StoreContract, a_record, a_trial, an_experience

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.trial import TrialState
from xautolm_nb.store import ExperienceStore

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
GOLDEN = TESTS / "golden"


class TestStoreInAFile(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ExperienceStore]:
        with ExperienceStore.open(tmp_path / "store") as opened:
            yield opened


class TestStoreInMemory(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[ExperienceStore]:
        with ExperienceStore.open(":memory:") as opened:
            yield opened


APPEND = """
import sys
from contracts.store import an_experience
from xautolm_nb.store import ExperienceStore
store = ExperienceStore.open(sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    store.append(an_experience(number))
    print(number, flush=True)
"""

TRIALS = """
import sys
from contracts.store import a_trial, an_experience
from xautolm_nb.store import ExperienceStore
store = ExperienceStore.open(sys.argv[1])
for number in range(10**6):
    store.finish_trial("id-a-study", a_trial(number), an_experience(number), spent_seconds=float(number))
    print(number, flush=True)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience(1))
        store.create_study(a_record())
        store.save_trial("id-a-study", a_trial())
    with ExperienceStore.open(tmp_path) as store:
        assert store.experiences() == [an_experience(1)]
        assert store.trials(store.study().id) == [a_trial()]


def test_two_processes_that_create_and_fill_a_store_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.sqlite"
    writers = [start(APPEND, path, first, first + 40) for first in (0, 30)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with ExperienceStore.open(path) as store:
        assert {experience.config["epochs"] for experience in store.experiences()} == set(range(70))
        assert store.doctor() == []


def test_a_writer_that_is_killed_leaves_every_finished_trial_whole(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.create_study(a_record())
        for written in (1, 7, 23):  # kill it at several moments
            writer = start(TRIALS, tmp_path)
            assert writer.stdout is not None
            for _ in range(written):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            writer.wait(10)
            numbers = [trial.number for trial in store.trials("id-a-study")]
            assert numbers == list(range(len(numbers))) and len(numbers) > last
            assert store.count() == len(numbers) and store.doctor() == []


def test_a_store_of_version_1_still_opens_and_reads(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript((GOLDEN / "store_v1.sql").read_text())
    connection.close()
    with ExperienceStore.open(path) as store:
        failed, complete = store.experiences()
        assert (complete.score, complete.config["model"], complete.curve[0].fidelity) == (0.75, "tiny", 0.5)
        assert failed.failure is not None and failed.failure.kind == "out_of_memory"
        assert [trial.state for trial in store.trials("golden")] == [TrialState.COMPLETE, TrialState.PAUSED]
        record = store.study("golden")
        assert (record.name, record.spent_seconds, record.task.labels) == ("golden study", 30.0, ("bad", "good"))
        assert record.owner is not None and record.progress is not None
        assert store.doctor(is_alive=lambda _owner, _heartbeat: True) == []


def test_a_write_ahead_log_keeps_readers_and_writers_apart(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path):
        connection = sqlite3.connect(tmp_path / "store.sqlite")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience(1))
    limited = """
import resource, sys
from contracts.store import an_experience
from xautolm_nb.core.errors import StoreError
from xautolm_nb.store import ExperienceStore
store = ExperienceStore.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.append(an_experience(2, versions={"x": "y" * 10**6}))
except StoreError as error:
    print(error.message, "|", error.hint)
"""
    writer = start(limited, tmp_path)
    said, _ = writer.communicate(timeout=60)
    assert writer.returncode == 0 and "disk" in said.lower() and "|" in said
    with ExperienceStore.open(tmp_path) as store:
        assert store.experiences() == [an_experience(1)]


def test_a_store_that_may_only_be_read_can_be_read_and_says_so_on_writing(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience(1))
    with ExperienceStore.open(f"sqlite:///file:{tmp_path}/store.sqlite?mode=ro&uri=true") as store:
        assert store.count() == 1
        with pytest.raises(StoreError, match="cannot be written"):
            store.append(an_experience(2))


def test_the_location_hides_nothing_but_a_password(tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path / "mine.db") as store:
        assert store.location == str(tmp_path / "mine.db")
        assert store.home == tmp_path
        assert repr(store) == f"ExperienceStore({str(tmp_path / 'mine.db')!r})"
        with ExperienceStore.open(store.url) as again:
            assert again.location == store.location
