"""The SQL behind experiences and their contexts; each function works inside the caller's transaction."""

import re
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Select

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import from_json
from xautolm_nb.core.task import TaskKind
from xautolm_nb.store import schema
from xautolm_nb.store.database import warn_undecodable
from xautolm_nb.store.dialect import insert_missing
from xautolm_nb.store.rows import Row, context_row, experience_row, read_experience, storable
from xautolm_nb.store.shareable import shareable

_ID = re.compile("[0-9a-f]{1,32}")

CHUNK = 500
"""Names per SQL list: well below the number of variables any SQLite build allows."""

T = TypeVar("T")

OnBad = Callable[[str, str, Exception], None]

_e = schema.experiences.c
_c = schema.contexts.c


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Rows that are ready to be written, with each context once."""

    contexts: dict[str, Row]
    experiences: dict[str, Row]


def prepare(experiences: Sequence[Experience]) -> Prepared:
    """Check experiences and turn them into rows without folders; equal ones become one row.

    Raises:
        StoreError: One does not fit its type.
    """
    contexts: dict[str, Row] = {}
    known: dict[int, str] = {}  # by identity: many experiences share one context object
    rows: dict[str, Row] = {}
    for given in experiences:
        experience = storable(shareable(given), Experience, f"an experience of task {given.task_name!r}")
        if id(given.context) not in known:
            row = context_row(experience.context)
            contexts[row["id"]] = row
            known[id(given.context)] = row["id"]
        row = experience_row(experience, known[id(given.context)])
        rows[row["id"]] = row
    return Prepared(contexts=contexts, experiences=rows)


def forget(connection: Connection, study_id: str, trial: int) -> None:
    """Remove what was kept of a trial, to make room for a later word on it."""
    table = schema.experiences
    connection.execute(table.delete().where((table.c.study == study_id) & (table.c.trial == trial)))


def append(connection: Connection, prepared: Prepared, known: Container[str] = ()) -> int:
    """Write rows that are not there yet, in one order for all: so two writers never wait for each other in a circle.

    Args:
        connection: Open connection.
        prepared: What to write.
        known: Ids of contexts that are there; contexts are never removed.

    Returns:
        How many experiences were new.
    """
    contexts = [row for name, row in sorted(prepared.contexts.items()) if name not in known]
    insert_missing(connection, schema.contexts, contexts)
    return insert_missing(connection, schema.experiences, [row for _, row in sorted(prepared.experiences.items())])


def select(
    *,
    kind: TaskKind | None = None,
    exclude_fingerprint: str | None = None,
    exclude_tasks: Collection[str] = (),
    context_ids: Collection[str] | None = None,
    source: str | None = None,
    metric: str | None = None,
    exclude_study: str | None = None,
    limit: int | None = None,
) -> Select[tuple[str, str, str]]:
    """Build the query for id, context id and body of experiences, the newest first."""
    query = sa.select(_e.id, _e.context_id, _e.body).order_by(_e.created_at.desc(), _e.id)
    if kind is not None:
        query = query.join(schema.contexts, _c.id == _e.context_id).where(_c.kind == kind)
    if exclude_fingerprint:
        query = query.where(_e.fingerprint != exclude_fingerprint)
    if exclude_tasks:
        query = query.where(_e.task_name.not_in(list(exclude_tasks)))
    if context_ids is not None:
        query = query.where(_e.context_id.in_(list(context_ids)))
    if source is not None:
        query = query.where(_e.source == source)
    if metric is not None:
        query = query.where(_e.metric == metric)
    if exclude_study is not None:
        query = query.where(_e.study != exclude_study)
    return query if limit is None else query.limit(limit)


def read(
    connection: Connection,
    query: Select[tuple[str, str, str]],
    contexts: dict[str, Context],
    on_bad: OnBad = warn_undecodable,
) -> list[Experience]:
    """Run a query of `select`. A record that cannot be decoded is left out.

    Args:
        connection: Open connection.
        query: What to read.
        contexts: Decoded contexts by id; missing ones are added (a content id never changes its content).
        on_bad: Called with kind, id and error of what cannot be decoded; warns when it is not given.
    """
    rows = connection.execute(query).all()
    load_contexts(connection, {row.context_id for row in rows}, contexts, on_bad)
    found = []
    for row in rows:
        try:
            found.append(read_experience(row.body, contexts[row.context_id]))
        except KeyError:
            on_bad("experience", row.id, ValueError(f"its context {row.context_id} is gone or damaged"))
        except ValueError as error:
            on_bad("experience", row.id, error)
    return found


def load_contexts(
    connection: Connection, names: Collection[str], contexts: dict[str, Context], on_bad: OnBad = warn_undecodable
) -> None:
    """Decode the contexts in `names` that `contexts` lacks, and add them to it."""
    missing = sorted(set(names) - contexts.keys())
    for chunk in chunked(missing, CHUNK):
        for row in connection.execute(sa.select(_c.id, _c.body).where(_c.id.in_(chunk))):
            try:
                contexts[row.id] = from_json(row.body, Context)
            except ValueError as error:
                on_bad("context", row.id, error)


def context_ids(connection: Connection, kind: TaskKind) -> list[str]:
    """Return the ids of all contexts of a kind of task."""
    return list(connection.scalars(sa.select(_c.id).where(_c.kind == kind)))


def count_by_context(connection: Connection, kind: TaskKind | None = None) -> list[tuple[str, int]]:
    """Return each context's id and number of experiences, the most experienced first."""
    number = sa.func.count().label("number")  # counted in the index alone: bodies make the table a hundred times larger
    query = sa.select(_e.context_id, number).group_by(_e.context_id).order_by(number.desc(), _e.context_id)
    wanted = None if kind is None else set(context_ids(connection, kind))
    return [
        (row.context_id, row.number) for row in connection.execute(query) if wanted is None or row.context_id in wanted
    ]


def get(connection: Connection, name: str, contexts: dict[str, Context]) -> Experience:
    """Read one experience by its content id, or by the beginning of it.

    Raises:
        StoreError: No experience, or more than one, has that name; or it cannot be decoded.
    """
    query = select().where(_e.id.startswith(name, autoescape=True)).limit(2)
    rows = connection.execute(query).all() if _ID.fullmatch(name) else []
    if len(rows) != 1:
        problem = "more than one begins so" if rows else "the store holds none of that name"
        raise StoreError(f"Expected the id of an experience, but {problem}: {name!r}.", hint="Give the whole id.")
    found = read(connection, query, contexts)
    if not found:
        raise StoreError(f"The experience {name!r} cannot be decoded.", hint="Run `xautolm store doctor`.")
    return found[0]


def chunked(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Cut a sequence into lists of at most `size` items."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
