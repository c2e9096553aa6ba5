"""The SQL behind studies, trials and learning curves; each function works inside the caller's transaction."""

import difflib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from xautolm_nb.core.errors import LeaseError, StoreError, StudyError
from xautolm_nb.core.serial import from_json
from xautolm_nb.core.study import Owner, StudyRecord
from xautolm_nb.core.trial import Trial
from xautolm_nb.store import schema
from xautolm_nb.store.database import warn_undecodable
from xautolm_nb.store.dialect import upsert
from xautolm_nb.store.rows import rung_rows, storable, study_row, trial_row

T = TypeVar("T")

IsAlive = Callable[[Owner, float], bool]
"""Tells from an owner and its last heartbeat (seconds since the epoch) whether it still runs."""

_s = schema.studies.c
_t = schema.trials.c
_CHANGEABLE = frozenset(field.name for field in fields(StudyRecord)) - {"id", "created_at"}


def create(connection: Connection, record: StudyRecord) -> StudyRecord:
    """Write a new study; `created_at` is filled in when it is empty."""
    if not record.id or record.id == "last":
        raise StoreError(f"Expected an id for the study, but got {record.id!r}.", hint="'last' means the newest study.")
    if connection.scalar(sa.select(_s.id).where(_s.id == record.id)) is not None:
        raise StoreError(f"A study of id {record.id!r} exists already.", hint="Attach to it, or choose another id.")
    created = record if record.created_at else replace(record, created_at=datetime.now(UTC).isoformat())
    created = storable(created, StudyRecord, f"study {record.name!r}")
    position = (connection.scalar(sa.select(sa.func.max(_s.position))) or 0) + 1
    connection.execute(schema.studies.insert().values(study_row(created) | {"position": position, "revision": 1}))
    return created


def find(connection: Connection, name: str) -> str:
    """Return the id that `name` means: `last`, an id, a name, or the beginning of either if only one study has it.

    Raises:
        StoreError: No study, or more than one, is meant; the message lists the closest.
    """
    rows = connection.execute(sa.select(_s.id, _s.name).order_by(_s.position.desc())).all()
    if name == "last" and rows:
        return str(rows[0].id)
    for matches in (
        [row for row in rows if row.id == name],
        [row for row in rows if row.name == name],
        [row for row in rows if name and (row.id.startswith(name) or row.name.startswith(name))],
    ):
        if len(matches) == 1:
            return str(matches[0].id)
        if matches:
            listed = ", ".join(f"{row.id} ({row.name})" for row in matches[:5])
            raise StoreError(f"{len(matches)} studies are called {name!r}: {listed}.", hint="Give the id.")
    raise _unknown(name, [(row.id, row.name) for row in rows])


def read(connection: Connection, study_id: str, *, lock: bool = False) -> StudyRecord:
    """Read a study by its id; `lock` keeps other writers out until the transaction ends."""
    query = sa.select(_s.body).where(_s.id == study_id)
    body = connection.scalar(query.with_for_update() if lock else query)
    if body is None:
        rows = connection.execute(sa.select(_s.id, _s.name).order_by(_s.position.desc())).all()
        raise _unknown(study_id, [(row.id, row.name) for row in rows])
    return _decode(body, StudyRecord, f"study {study_id!r}")


def read_all(connection: Connection) -> list[StudyRecord]:
    """Read all studies, the newest first. One that cannot be decoded is left out, with a warning that names it."""
    found = []
    for row in connection.execute(sa.select(_s.id, _s.body).order_by(_s.position.desc())):
        try:
            found.append(from_json(row.body, StudyRecord))
        except ValueError as error:
            warn_undecodable("study", row.id, error)
    return found


def update(connection: Connection, study_id: str, changes: dict[str, Any]) -> StudyRecord:
    """Change fields of a study.

    Raises:
        StoreError: The study or a field is unknown, or a value does not fit.
    """
    unknown = sorted(changes.keys() - _CHANGEABLE)
    if unknown:
        raise StoreError(
            f"A study has no field to change called {unknown[0]!r}.", hint=f"Fields: {sorted(_CHANGEABLE)}."
        )
    record = replace(read(connection, study_id, lock=True), **changes)
    return _write(connection, storable(record, StudyRecord, f"study {record.name!r}"))


def claim(
    connection: Connection, study_id: str, owner: Owner, is_alive: IsAlive, now: float, changes: dict[str, Any]
) -> StudyRecord:
    """Make `owner` the owner of a study unless another living one holds it.

    Raises:
        StudyError: Another living process runs the study.
    """
    record = read(connection, study_id, lock=True)
    holder = record.owner
    if holder is not None and not holder.is_same(owner) and is_alive(holder, record.heartbeat):
        raise StudyError(
            f"The study {record.name!r} is already run by process {holder.pid} on {holder.host} "
            f"(last heard of {max(0.0, now - record.heartbeat):.0f} s ago).",
            hint="Attach to it to watch it, or stop it first.",
        )
    return update(connection, study_id, {"heartbeat": now, **changes, "owner": owner})


def check_holder(connection: Connection, study_id: str, holder: Owner | None) -> None:
    """Let a write pass only while `holder` holds the study; None lets all pass.

    A machine that slept longer than others wait for it wakes up and would go on writing to a study that is no longer
    its own.

    Raises:
        LeaseError: Another process has taken it over.
    """
    if holder is None:
        return
    now = read(connection, study_id, lock=True).owner
    if now is None or not now.is_same(holder):
        by = f"process {now.pid} on {now.host}" if now else "another process"
        raise LeaseError(
            f"The study {study_id} was taken over by {by} while this one was not heard of.",
            hint="Attach to it to watch it.",
        )


def delete(connection: Connection, study_id: str) -> None:
    """Remove a study, its trials and their curves; experiences stay."""
    read(connection, study_id, lock=True)
    for table in (schema.rungs, schema.trials):
        connection.execute(table.delete().where(table.c.study_id == study_id))
    connection.execute(schema.studies.delete().where(_s.id == study_id))


def save_trial(connection: Connection, study_id: str, trial: Trial) -> None:
    """Write a trial and its curve, replacing what was there."""
    if not touch(connection, study_id):
        read(connection, study_id)  # raises: unknown
    kept = storable(trial, Trial, f"trial {trial.number}")
    upsert(connection, schema.trials, trial_row(study_id, kept))
    rungs = schema.rungs
    same = (rungs.c.study_id == study_id) & (rungs.c.number == trial.number)
    connection.execute(rungs.delete().where(same))
    rows = rung_rows(study_id, kept)
    if rows:
        connection.execute(rungs.insert(), rows)


def read_trials(connection: Connection, study_id: str) -> list[Trial]:
    """Read the trials of a study by number."""
    read_revision(connection, study_id)
    rows = connection.execute(sa.select(_t.number, _t.body).where(_t.study_id == study_id).order_by(_t.number)).all()
    return [_decode(row.body, Trial, f"trial {row.number} of study {study_id!r}") for row in rows]


def next_number(connection: Connection, study_id: str) -> int:
    """Return the number after the largest one of a study; the first trial has number 0."""
    read_revision(connection, study_id)
    largest = connection.scalar(sa.select(sa.func.max(_t.number)).where(_t.study_id == study_id))
    return 0 if largest is None else int(largest) + 1


def read_revision(connection: Connection, study_id: str) -> int:
    """Return the change counter of a study."""
    revision = connection.scalar(sa.select(_s.revision).where(_s.id == study_id))
    if revision is None:
        read(connection, study_id)  # raises: unknown
    return int(revision or 0)


def touch(connection: Connection, study_id: str) -> bool:
    """Count a change of a study; False when there is no such study."""
    counted = schema.studies.update().where(_s.id == study_id).values(revision=_s.revision + 1)
    return connection.execute(counted).rowcount > 0


def _write(connection: Connection, record: StudyRecord) -> StudyRecord:
    values = study_row(record) | {"revision": _s.revision + 1}
    connection.execute(schema.studies.update().where(_s.id == record.id).values(values))
    return record


def _decode(body: str, kind: type[T], what: str) -> T:
    try:
        return from_json(body, kind)
    except ValueError as error:
        raise StoreError(f"The {what} cannot be decoded: {error}.", hint="Run `xautolm store doctor`.") from error


def _unknown(name: str, known: list[tuple[str, str]]) -> StoreError:
    words = list(dict.fromkeys(word for pair in known for word in pair))
    close = difflib.get_close_matches(name, words, n=3, cutoff=0.5) or words[:4]
    hint = f"Did you mean {', '.join(close)}?" if close else "The store holds no study yet."
    return StoreError(f"No study is called {name!r}.", hint=hint)
