from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from xautolm_nb.store import dialect, schema
from xautolm_nb.store.database import Database
from xautolm_nb.store.location import resolve


def values(connection: sa.Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(sa.select(schema.meta)) if row.key != "schema_version"}


def test_rows_that_are_there_stay_and_others_come(tmp_path: Path) -> None:
    database = Database(resolve(tmp_path))
    for rows in ([{"key": "a", "value": "1"}], [{"key": "a", "value": "2"}, {"key": "b", "value": "3"}], []):
        database.write(lambda c, rows=rows: dialect.insert_missing(c, schema.meta, rows))
    assert database.read(values) == {"a": "1", "b": "3"}
    database.write(lambda c: dialect.upsert(c, schema.meta, {"key": "a", "value": "9"}))
    assert database.read(values) == {"a": "9", "b": "3"}


def test_postgresql_gets_the_same_statements_in_its_words() -> None:
    row = {"key": "a", "value": "1"}
    said: list[str] = []
    connection = cast(sa.Connection, FakeConnection(said))
    dialect.insert_missing(connection, schema.meta, [row])
    dialect.upsert(connection, schema.meta, row)
    assert "ON CONFLICT DO NOTHING" in said[0]
    assert "ON CONFLICT (key) DO UPDATE" in said[1]


class FakeConnection:
    """Writes down statements as PostgreSQL would get them."""

    dialect = postgresql.dialect()

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def execute(self, statement: sa.Executable, _rows: object = None) -> Any:
        self.said.append(str(statement.compile(dialect=self.dialect)))
        return SimpleNamespace(rowcount=1)
