from pathlib import Path

import pytest
import sqlalchemy as sa
from contracts.store import an_experience
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store import ExperienceStore, schema
from xautolm_nb.store.database import Database
from xautolm_nb.store.location import resolve


def add_colour(connection: sa.Connection) -> None:
    connection.execute(sa.text("ALTER TABLE experiences ADD COLUMN colour TEXT"))


def add_and_fail(connection: sa.Connection) -> None:
    add_colour(connection)
    raise sa.exc.InvalidRequestError("no more")


@pytest.fixture
def opened(tmp_path: Path) -> Database:
    with ExperienceStore.open(tmp_path) as store:
        store.append(an_experience())
    return Database(resolve(tmp_path))


def columns(database: Database) -> set[str]:
    return database.read(lambda c: {column["name"] for column in sa.inspect(c).get_columns("experiences")})


def test_a_new_store_has_the_current_version(opened: Database) -> None:
    assert opened.read(schema.stored_version) == schema.current_version() == 1 + len(schema.MIGRATIONS)


def test_an_older_store_is_migrated_step_by_step(opened: Database) -> None:
    seen: list[str] = []
    migrations = (*schema.MIGRATIONS, add_colour, lambda _c: seen.append("second"))
    opened.write(lambda connection: schema.prepare(connection, migrations))
    assert "colour" in columns(opened) and seen == ["second"]
    assert opened.read(schema.stored_version) == schema.current_version(migrations)
    opened.write(lambda connection: schema.prepare(connection, migrations))
    assert seen == ["second"]


def test_a_migration_that_fails_changes_nothing(opened: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        opened.write(lambda connection: schema.prepare(connection, (*schema.MIGRATIONS, add_and_fail)))
    assert "colour" not in columns(opened)
    with ExperienceStore.open(tmp_path) as store:
        assert store.count() == 1


def test_a_newer_store_is_refused_with_advice(opened: Database, tmp_path: Path) -> None:
    opened.write(lambda c: c.execute(schema.meta.update().values(value="99")))
    with pytest.raises(StoreError, match=r"version 99.*pip install -U"):
        ExperienceStore.open(tmp_path)
    with pytest.raises(StoreError):
        opened.write(schema.prepare)


def test_a_name_for_each_table_and_all_of_them_for_postgresql() -> None:
    dialect = postgresql.dialect()
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in schema.metadata.sorted_tables]
    indexes = [index for table in schema.metadata.sorted_tables for index in table.indexes]
    statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    assert len(statements) == 6 + len(indexes) and all(statements)
