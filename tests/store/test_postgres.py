"""The store on a PostgreSQL server: the whole contract, and what only a server must withstand."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from contracts.store import StoreContract, a_record, a_trial, an_experience
from store.test_store import APPEND, TRIALS, start

from benchmarks.postgres import PASSWORD, Server
from xautolm_nb.core.errors import StoreError
from xautolm_nb.store import ExperienceStore, import_path, merge
from xautolm_nb.store.database import Database
from xautolm_nb.store.location import resolve

TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


class TestStoreOnPostgres(StoreContract):
    @pytest.fixture
    def store(self, team_url: str) -> Iterator[ExperienceStore]:
        with ExperienceStore.open(team_url) as opened:
            yield opened


def name_of(url: str) -> str:
    """The database in a connection string."""
    return url.rsplit("/", 1)[1].partition("?")[0]


def test_processes_that_create_and_fill_a_store_at_once_lose_nothing(team_url: str) -> None:
    writers = [start(APPEND, team_url, first, first + 40) for first in (0, 30)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    with ExperienceStore.open(team_url) as store:
        assert {experience.config["epochs"] for experience in store.experiences()} == set(range(70))
        assert store.doctor() == []


def test_a_writer_that_is_killed_leaves_every_finished_trial_whole(team_url: str) -> None:
    with ExperienceStore.open(team_url) as store:
        store.create_study(a_record())
        writer = start(TRIALS, team_url)
        assert writer.stdout is not None
        last = [int(writer.stdout.readline()) for _ in range(9)][-1]
        writer.send_signal(signal.SIGKILL)
        writer.wait(10)
        numbers = [trial.number for trial in store.trials("id-a-study")]
        assert numbers == list(range(len(numbers))) and len(numbers) > last
        assert store.count() == len(numbers) and store.doctor() == []


def test_a_connection_that_is_lost_is_made_anew(postgres: Server, team_url: str) -> None:
    with ExperienceStore.open(team_url) as store:
        store.create_study(a_record())
        for number in range(3):
            postgres.sql(TERMINATE.format(name_of(team_url)))
            store.finish_trial("id-a-study", a_trial(number), an_experience(number))
        assert (len(store.trials("id-a-study")), store.count()) == (3, 3)


def test_a_write_waits_for_the_disk_unless_it_is_told_not_to(team_url: str) -> None:
    database = Database(resolve(team_url))

    def mode(connection: sa.Connection) -> str:
        return str(connection.exec_driver_sql("SHOW synchronous_commit").scalar_one())

    usual = database.write(mode)
    assert [database.write(mode, durable=False), database.write(mode)] == ["off", usual]
    database.close()


def test_a_newer_store_is_refused_with_advice(postgres: Server, team_url: str) -> None:
    ExperienceStore.open(team_url).close()
    postgres.sql("UPDATE meta SET value = '99'", name_of(team_url))
    with pytest.raises(StoreError, match=r"version 99.*pip install -U"):
        ExperienceStore.open(team_url)


def test_a_database_may_be_shared_with_other_programs(postgres: Server, team_url: str) -> None:
    postgres.sql("CREATE TABLE invoices (x int)", name_of(team_url))
    with ExperienceStore.open(team_url) as store:
        assert store.append(an_experience()) == 1


def test_a_reader_may_read_and_is_told_that_it_may_not_write(postgres: Server, team_url: str) -> None:
    name = name_of(team_url)
    with ExperienceStore.open(team_url) as store:
        store.append(an_experience(1))
    postgres.sql(f"CREATE ROLE {name}_reader LOGIN PASSWORD 'x'")
    postgres.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}_reader", name)
    with ExperienceStore.open(postgres.url(name, user=f"{name}_reader", password="x")) as store:
        assert store.count() == 1
        with pytest.raises(StoreError, match="cannot be used"):
            store.append(an_experience(2))


@pytest.mark.parametrize(
    "text", ["a\0b", "a\ud800b", "'; DROP TABLE experiences; --", "%s %(x)s :name", "\U0001f600" * 100]
)
def test_any_text_is_kept_and_found_again(team_url: str, text: str) -> None:
    with ExperienceStore.open(team_url) as store:
        store.append(an_experience(1, task_name=text, config={text: text}), an_experience(2))
        assert [e.config["epochs"] for e in store.experiences(exclude_tasks=[text])] == [2]
        store.create_study(a_record(name=text, identifier="1"))
        assert len(store.studies()) == 1
        with pytest.raises(StoreError, match="No study"):
            store.trials(text)


def test_what_a_store_keeps_moves_between_a_file_and_the_server(team_url: str, tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path / "mine.sqlite") as mine, ExperienceStore.open(team_url) as team:
        mine.append(*[an_experience(number) for number in range(20)])
        assert merge(team, mine) == 20
        assert import_path(team, tmp_path / "mine.sqlite").new == 0
        assert {e.id for e in team.experiences()} == {e.id for e in mine.experiences()}


def test_a_password_is_nowhere_to_be_seen(postgres: Server, team_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    with ExperienceStore.open(team_url) as store:
        store.create_study(a_record())
        store.finish_trial("id-a-study", a_trial(), an_experience())
        seen += [store, store.location, store.info(), store.studies(), store.doctor()]
    for url in (
        postgres.url("missing"),
        postgres.url("missing", user="nobody"),
        f"postgresql://me:{quote(PASSWORD)}@127.0.0.1:1/x",  # '/' and ':' are left as they are
        f"postgresql://me:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://me@127.0.0.1:1/x?password={quote(PASSWORD, safe='')}",
        f"postgresql:/me:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://me:{PASSWORD}@127.0.0.1:none/x",
        f"postgresql+nodriver://me:{quote(PASSWORD, safe='')}@127.0.0.1:1/x",
        f"mysql://me:{quote(PASSWORD, safe='')}@127.0.0.1:1/x",
        f"postgresql://me:{quote(PASSWORD, safe='')}@127.0.0.1:1/x?bogus=1",
    ):
        with pytest.raises(StoreError) as caught:
            ExperienceStore.open(url)
        error: BaseException | None = caught.value
        while error is not None:  # a notebook shows the whole chain
            seen.append(str(error))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    seen += [record.getMessage() for record in caplog.records]
    text = "\n".join(f"{thing!r} {thing}" for thing in seen)
    assert "pa:ss" not in text and "w0rd" not in text and quote(PASSWORD, safe="") not in text
