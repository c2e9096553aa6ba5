"""One open database: connections, transactions, retries, and database errors put into words.

SQLite runs with a write-ahead log, so readers never wait for the writer, with `synchronous=FULL`: a trial may stand
for hours of training and commits come at most a few times a second, so the few milliseconds that a sync to the disk
costs buy that not even a power cut loses a finished trial. What is only copied from elsewhere need not wait so long.
Writers begin with `BEGIN IMMEDIATE`: a transaction that
reads first and upgrades its lock later can fail without being able to wait.
"""

import random
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar, final

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.secrets import without_secrets
from xautolm_nb.store import schema
from xautolm_nb.store.location import Location, network_kind

T = TypeVar("T")

BUSY_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 15
"""How long a server may take to answer at all, unless the URL says otherwise (`?connect_timeout=`)."""

_BUSY: Final = (
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "deadlock detected",
    "could not serialize access",
    "too many clients already",
    "remaining connection slots are reserved",
    "the database system is",  # starting up, shutting down, in recovery
    "terminating connection",
    "server closed the connection",
)
"""What passes by itself. A write may run again after any of it: none of ours does more when it is done twice."""

_ADVICE: Final = (
    ("not a database", "is not a SQLite database", "Choose another file, or move this one away to start a new store."),
    ("codec can't", "is damaged", "Restore a copy, or save what is readable: sqlite3 FILE .recover | sqlite3 NEW."),
    ("malformed", "is damaged", "Restore a copy, or save what is readable: sqlite3 FILE .recover | sqlite3 NEW."),
    ("disk is full", "cannot grow, the disk is full", "Free some space and try again; nothing was written."),
    ("readonly", "cannot be written", "Check the permissions of the file and its folder, or choose another store."),
    ("read-only", "cannot be written", "The server is a read-only copy: choose the one that takes writes."),
    ("permission denied", "cannot be used", "Ask for the right to create and write tables in that database."),
    ("unable to open", "cannot be opened", "Check that the folder exists and that you may write to it."),
    ("disk i/o error", "cannot be read or written (I/O error)", "Check the disk; on a network drive, use a local one."),
    ("no such table", "has lost a table", "Restore a copy, or choose another store."),
    (
        "locked",
        f"stayed locked for {RETRY_SECONDS:.0f} s",
        "Another program keeps writing to it; close that one.",
    ),
    ("password authentication", "refused the user or password", "Check the user and password in the URL."),
    ("no password supplied", "asks for a password", "Put it into the URL, PGPASSWORD or the file ~/.pgpass."),
    ("does not exist", "does not exist", "Check the names of database and user, or create them."),
    ("too many clients", "has no free connection", "Close other programs, or raise max_connections of the server."),
    ("connection slots", "has no free connection", "Close other programs, or raise max_connections of the server."),
    ("connection option", "cannot be opened with these options", "Check the part of the URL behind the '?'."),
    ("resolve host", "cannot be reached", "Check the name of the host, and the network."),
    ("timeout", "cannot be reached", "Check host, port and network, and that the server runs."),
    ("connection", "cannot be reached", "Check host, port and network, and that the server runs."),
    ("too large", "cannot hold a number so large", "Check the record; nothing was written."),
    ("out of range", "cannot hold a number so large", "Check the record; nothing was written."),
    ("foreign key", "does not know the study or context a row belongs to", "Was the study deleted meanwhile?"),
    ("unique", "already holds a row of that name", "Choose another name, or delete the old one."),
)


class StoreWarning(UserWarning):
    """Something about the store deserves attention, but the work can go on."""


def warn_undecodable(what: str, name: str, error: Exception) -> None:
    """Warn that a record is left out because its body does not fit its type."""
    warnings.warn(
        f"The {what} {name} cannot be decoded and is left out ({error}). Run `xautolm store doctor`.",
        StoreWarning,
        stacklevel=3,
    )


@final
class Database:
    """Runs functions in transactions on one database. Safe to use from several threads.

    Args:
        location: Where the database is; the folder of a SQLite file is created.

    Raises:
        StoreError: It cannot be opened, is not a store, or was written by a newer version.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        # All threads share the one connection of a store in memory, so they take turns.
        self._turn: AbstractContextManager[Any] = threading.RLock() if location.is_memory else nullcontext()
        self._journal = _journal_mode(location)
        if location.file:
            _make_folder(location.file.parent)
        self._engine = self._connect()
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that sees one unchanging picture; it may run again after a lock conflict."""
        return self._run(work, write=False)

    def write(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run `work` in a transaction that is committed whole or not at all; it may run again after a conflict.

        Args:
            work: What to do.
            durable: Whether to wait until the disk has it. Without, a power cut (not the end of a process, however
                sudden) may take the transactions of the last moments back, each of them whole.
        """
        return self._run(work, write=True, durable=durable)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _run(self, work: Callable[[Connection], T], *, write: bool, durable: bool = True) -> T:
        deadline = time.monotonic() + RETRY_SECONDS
        pause = 0.01
        while True:
            try:
                with self._turn, self._engine.connect() as connection:
                    connection.execution_options(xautolm_write=write, xautolm_durable=durable)
                    with connection.begin():
                        if not durable and not self.location.is_sqlite:
                            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                        return work(connection)
            except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, OverflowError, UnicodeError) as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise explain(error, self.location) from error
            # Jitter keeps two writers from meeting again at the same moment.
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 1.0)

    def _connect(self) -> Engine:
        url = self.location.url
        if not self.location.is_sqlite:
            waits = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
            with _explained(self.location):
                return sa.create_engine(
                    url,
                    pool_pre_ping=True,
                    isolation_level="READ COMMITTED",
                    connect_args=waits,
                    hide_parameters=True,
                )
        options: dict[str, Any] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        pool = {"poolclass": sa.StaticPool} if self.location.is_memory else {}
        engine = sa.create_engine(url, connect_args=options, hide_parameters=True, **pool)
        sa.event.listen(engine, "connect", self._set_pragmas)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def _set_pragmas(self, connection: sqlite3.Connection, _record: object) -> None:
        # The driver would otherwise begin transactions by itself, late and deferred.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")  # a file from elsewhere may hold views and triggers
        connection.execute("PRAGMA synchronous = FULL")
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != self._journal and not self.location.is_memory:
            connection.execute(f"PRAGMA journal_mode = {self._journal}")

    def _prepare(self) -> None:
        version = self.read(schema.stored_version)
        if version is not None:
            schema.refuse_newer(version)
        if version != schema.current_version():
            self.write(schema.prepare)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    write = options.get("xautolm_write", False)
    if write:
        sync = "FULL" if options.get("xautolm_durable", True) else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous = {sync}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _journal_mode(location: Location) -> str:
    kind = network_kind(location.file) if location.file else None
    if kind is None:
        return "wal"
    warnings.warn(
        f"The store {location} lies on a network file system ({kind}), where SQLite cannot share a write-ahead log: "
        "it works, but slower, and only as safely as that file system locks files. Use a local disk or PostgreSQL.",
        StoreWarning,
        stacklevel=4,
    )
    return "delete"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Expected a folder for the store at {folder}, but it cannot be created ({error.strerror or error}).",
            hint="Choose another place: the option `store`, or the environment variable XAUTOLM_STORE.",
        ) from error


def _is_busy(error: Exception) -> bool:
    text = str(getattr(error, "orig", None) or error).lower()  # without the parameters, which may hold any words
    return any(word in text for word in _BUSY)


@contextmanager
def _explained(location: Location) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StoreError(
            f"Expected a driver for {location.url.get_backend_name()}, but {error.name!r} is not installed.",
            hint="Install it: pip install 'xautolm-nb[postgres]'.",
        ) from error
    except sa.exc.SQLAlchemyError as error:
        raise explain(error, location) from error


def explain(error: Exception, location: Location) -> StoreError:
    """Put an error of the database or the file system into words: what went wrong with which store, and what to do."""
    cause = without_secrets(str(getattr(error, "orig", None) or error).strip()) or type(error).__name__
    lowered = cause.lower()
    for word, what, hint in _ADVICE:
        if word in lowered:
            return StoreError(f"The store {location} {what} ({_first_line(cause)}).", hint=hint)
    return StoreError(f"The store {location} failed: {_first_line(cause)}.", hint="Run `xautolm store doctor`.")


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200].rstrip(".")
