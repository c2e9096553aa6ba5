"""The two statements that SQLite and PostgreSQL share with each other, but not with standard SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert rows and return how many; one whose primary key is already there is left as it is."""
    if not rows:
        return 0
    statement = _insert(connection, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(statement, list(rows)).rowcount


def upsert(connection: Connection, table: Table, row: Row) -> None:
    """Insert a row, or replace all columns of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in row.items() if name not in keys}
    statement = _insert(connection, table).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
