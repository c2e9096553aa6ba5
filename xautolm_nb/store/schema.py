"""The tables of the store, their version, and how an older store becomes a current one.

Text columns named `body` hold nouns as JSON and are the truth; the other columns repeat parts of them so that SQL can
filter, count and sort, and so that people can look at a store with any SQL tool. The body of an experience lacks its
`context`, which is kept once in `contexts`.
"""

from collections.abc import Callable, Sequence
from typing import final

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Dialect, Float, ForeignKey, Index, Integer, String, Table, TypeDecorator
from sqlalchemy import Text as AnyText

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.serial import whole_text

metadata = sa.MetaData()


@final
class Text(TypeDecorator[str]):
    """Text that both databases take: NUL, which PostgreSQL refuses, and halves of characters become U+FFFD.

    Holds for what is written and for what is asked for, so that the two still agree.
    """

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Mend text on its way to the database."""
        return None if value is None else whole_text(value).replace("\0", "\ufffd")


meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

contexts = Table(
    "contexts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("paper", Text, nullable=False),  # JSON list: task vector, then system vector (XAutoLM 3.1 to 3.3)
    Column("body", Text, nullable=False),
)

experiences = Table(
    "experiences",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("context_id", String(32), ForeignKey("contexts.id"), nullable=False, index=True),
    Column("task_name", Text, nullable=False, index=True),
    Column("space", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("fidelity", Float, nullable=False),
    Column("metric", Text, nullable=False),
    Column("score", Float),
    Column("seconds", Float),
    Column("failure", String(32)),
    Column("created_at", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("study", Text, nullable=False),
    Column("trial", Integer),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
)

studies = Table(
    "studies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False, index=True),  # order of creation
    Column("name", Text, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("control", String(16), nullable=False),
    Column("owner", Text),
    Column("heartbeat", Float, nullable=False),
    Column("spent_seconds", Float, nullable=False),
    Column("budget_seconds", Float, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # grows with every change of the study or its trials
    Column("body", Text, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    Column("study_id", Text, ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("fidelity", Float, nullable=False),
    Column("score", Float),
    Column("seconds", Float),
    Column("failure", String(32)),
    Column("body", Text, nullable=False),
)

rungs = Table(
    "rungs",
    metadata,
    Column("study_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),  # order on the learning curve, from 0
    Column("fidelity", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("step", Integer, nullable=False),
    Column("loss", Float),
    sa.ForeignKeyConstraint(["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"),
)

Index("ix_experiences_study_trial", experiences.c.study, experiences.c.trial)

_LOCK = 20481508
"""Number of the advisory lock under which a store is created or migrated; any constant of our own will do."""

Migration = Callable[[Connection], None]

MIGRATIONS: tuple[Migration, ...] = ()
"""The function at index n turns a store of version n + 1 into one of version n + 2."""


def current_version(migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Return the schema version this code writes."""
    return 1 + len(migrations)


def stored_version(connection: Connection) -> int | None:
    """Return the schema version of an open store, or None when it holds no tables of ours.

    Raises:
        StoreError: The database holds tables, but not those of a store.
    """
    present = set(sa.inspect(connection).get_table_names())
    if "meta" in present:
        value = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema_version"))
        if value is not None and value.isascii() and value.isdigit():
            return _whole(int(value[:9]), present)
    # Any foreign table makes a SQLite file someone else's; a PostgreSQL schema may be shared by several programs.
    foreign = present if connection.dialect.name == "sqlite" else present & set(metadata.tables)
    if foreign:
        raise StoreError(
            f"Expected an experience store, but the database holds other tables: {sorted(foreign)[:6]}.",
            hint="Choose another file or database for the store.",
        )
    return None


def _whole(version: int, present: set[str]) -> int:
    """Return the version, if a store of this version has all its tables (a view in the place of one is none)."""
    lost = sorted(set(metadata.tables) - present)
    if lost and version == current_version():
        raise StoreError(
            f"Expected an experience store, but the database has lost its tables {lost}.",
            hint="Restore a copy, or choose another store.",
        )
    return version


def prepare(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Create the tables, or bring an older store to the current version; the caller's transaction holds all of it.

    Raises:
        StoreError: The store was written by a newer version of the package.
    """
    if connection.dialect.name == "postgresql":  # SQLite's writers exclude each other anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    version = stored_version(connection)
    if version is None:
        metadata.create_all(connection)
        connection.execute(meta.insert().values(key="schema_version", value=str(current_version(migrations))))
        return
    refuse_newer(version, migrations)
    for migrate in migrations[version - 1 :]:
        migrate(connection)
    connection.execute(
        meta.update().where(meta.c.key == "schema_version").values(value=str(current_version(migrations)))
    )


def refuse_newer(version: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Raise `StoreError` when a store's version is newer than this code."""
    known = current_version(migrations)
    if version > known:
        raise StoreError(
            f"Expected a store of schema version {known} or older, but this one has version {version}.",
            hint="Update the package (pip install -U xautolm-nb), or choose another store.",
        )
