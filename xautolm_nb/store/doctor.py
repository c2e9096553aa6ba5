"""Examining a store: what is broken, what can be mended without losing anything, and what is in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Table

from xautolm_nb.core.context import Context
from xautolm_nb.core.serial import content_id, from_json
from xautolm_nb.core.study import StudyRecord, StudyState
from xautolm_nb.core.trial import Trial
from xautolm_nb.store import schema, studies
from xautolm_nb.store.database import Database
from xautolm_nb.store.rows import read_experience, rung_rows
from xautolm_nb.store.studies import IsAlive


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong with a store."""

    kind: str
    """`damaged_file`, `missing_row`, `orphan_trial`, `orphan_rung`, `dead_owner`, `undecodable`, `wrong_id`,
    `duplicate` or `wrong_curve`."""
    where: str
    """The table and row it is about."""
    message: str
    hint: str = ""
    repaired: bool = False

    def __str__(self) -> str:
        text = f"{self.kind} in {self.where}: {self.message}"
        return f"{text} Repaired." if self.repaired else f"{text} {self.hint}".rstrip()


Repair = Callable[[Connection], None]
Case = tuple[Finding, Repair | None]

_e, _c, _s, _t, _r = (
    table.c for table in (schema.experiences, schema.contexts, schema.studies, schema.trials, schema.rungs)
)


def examine(database: Database, *, repair: bool, is_alive: IsAlive) -> list[Finding]:
    """Look for everything that can be wrong; with `repair`, mend what is safe in one transaction.

    Nothing that can be decoded is ever removed, except trials and curves of studies that no longer exist.
    """
    if database.location.is_sqlite:
        damage = database.read(_damaged_file)
        if damage:
            return damage  # nothing read from a damaged file can be trusted, so nothing else is reported

    def work(connection: Connection) -> list[Finding]:
        cases = [
            *_orphans(connection),
            *_missing_contexts(connection),
            *_dead_owners(connection, is_alive),
            *_wrong_experiences(connection),
            *_wrong_trials(connection),
        ]
        return [_treat(connection, finding, mend) if repair else finding for finding, mend in cases]

    return database.write(work) if repair else database.read(work)


def _treat(connection: Connection, finding: Finding, mend: Repair | None) -> Finding:
    if mend is None:
        return finding
    mend(connection)
    return replace(finding, repaired=True)


def _damaged_file(connection: Connection) -> list[Finding]:
    lines = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    hint = "Restore a copy, or save what is readable: sqlite3 FILE .recover | sqlite3 NEW."
    return [Finding(kind="damaged_file", where="file", message=line, hint=hint) for line in lines if line != "ok"]


def _orphans(connection: Connection) -> list[Case]:
    trials = sa.select(_t.study_id, _t.number).where(_t.study_id.not_in(sa.select(_s.id)))
    found: list[Case] = []
    for study_id, number in connection.execute(trials).all():
        message = f"Trial {number} belongs to a study that does not exist ({study_id})."
        finding = Finding(kind="orphan_trial", where=f"trials {study_id}/{number}", message=message)
        found.append((finding, _delete(schema.trials, study_id, number)))
    known = sa.select(sa.literal(1)).where((_t.study_id == _r.study_id) & (_t.number == _r.number))
    owned = _r.study_id.in_(sa.select(_s.id)) & sa.exists(known.correlate(schema.rungs))
    for study_id, number in connection.execute(sa.select(_r.study_id, _r.number).where(~owned).distinct()).all():
        message = f"A learning curve belongs to a trial that does not exist ({study_id}/{number})."
        finding = Finding(kind="orphan_rung", where=f"rungs {study_id}/{number}", message=message)
        found.append((finding, _delete(schema.rungs, study_id, number)))
    return found


def _delete(table: Table, study_id: str, number: int) -> Repair:
    def mend(connection: Connection) -> None:
        connection.execute(table.delete().where((table.c.study_id == study_id) & (table.c.number == number)))

    return mend


def _missing_contexts(connection: Connection) -> list[Case]:
    query = sa.select(_e.id, _e.context_id).where(_e.context_id.not_in(sa.select(_c.id)))
    return [
        (Finding(kind="missing_row", where=f"experiences {name}", message=f"Its context {context} is gone."), None)
        for name, context in connection.execute(query).all()
    ]


def _dead_owners(connection: Connection, is_alive: IsAlive) -> list[Case]:
    found: list[Case] = []
    for name, body in connection.execute(sa.select(_s.id, _s.body)).all():
        try:
            record = from_json(body, StudyRecord)
        except ValueError as error:
            found.append((_undecodable("studies", name, error), None))
            continue
        if record.owner is not None and is_alive(record.owner, record.heartbeat):
            continue
        running = connection.scalar(
            sa.select(sa.func.count()).where((_t.study_id == name) & (_t.state == "running")).select_from(schema.trials)
        )
        if record.state is StudyState.RUNNING or running:
            found.append(_dead_owner(record, running or 0))
    return found


def _dead_owner(record: StudyRecord, running: int) -> Case:
    """Report a study whose process died. Its running trials stay as they are: resuming takes them up."""
    hint = f"Go on with it: xautolm resume {record.id}."
    message = f"Study {record.name!r} is {record.state} with {running} running trials, but no living process owns it."
    finding = Finding(kind="dead_owner", where=f"studies {record.id}", message=message, hint=hint)
    if record.state is not StudyState.RUNNING:
        return finding, None

    def mend(connection: Connection) -> None:
        studies.update(connection, record.id, {"state": StudyState.INTERRUPTED, "owner": None})

    return finding, mend


def _wrong_experiences(connection: Connection) -> list[Case]:
    contexts, found = _decoded_contexts(connection)
    rows = connection.execute(sa.select(_e.id, _e.context_id, _e.body)).all()
    names = {row.id for row in rows}
    for row in rows:
        if row.context_id not in contexts:
            continue  # reported with its context
        try:
            right = read_experience(row.body, contexts[row.context_id]).id
        except ValueError as error:
            found.append((_undecodable("experiences", row.id, error), None))
            continue
        if right != row.id:
            found.append(_wrong_id(row.id, right, is_duplicate=right in names))
            names.add(right)
    return found


def _decoded_contexts(connection: Connection) -> tuple[dict[str, Context], list[Case]]:
    contexts: dict[str, Context] = {}
    found: list[Case] = []
    for name, body in connection.execute(sa.select(_c.id, _c.body)).all():
        try:
            contexts[name] = from_json(body, Context)
        except ValueError as error:
            found.append((_undecodable("contexts", name, error), None))
            continue
        if content_id(contexts[name]) != name:
            message = "The content is not the one its id names; it was changed by hand."
            found.append((Finding(kind="wrong_id", where=f"contexts {name}", message=message), None))
    return contexts, found


def _wrong_id(name: str, right: str, *, is_duplicate: bool) -> Case:
    if is_duplicate:
        message = f"The same content is kept as {right}."
        same = schema.experiences.delete().where(_e.id == name)
        finding = Finding(kind="duplicate", where=f"experiences {name}", message=message)
        return finding, lambda connection: _execute(connection, same)
    renamed = schema.experiences.update().where(_e.id == name).values(id=right)
    finding = Finding(kind="wrong_id", where=f"experiences {name}", message=f"Its content has the id {right}.")
    return finding, lambda connection: _execute(connection, renamed)


def _wrong_trials(connection: Connection) -> list[Case]:
    curves: dict[tuple[str, int], list[tuple[float, float]]] = {}
    order = (_r.study_id, _r.number, _r.position)
    for row in connection.execute(sa.select(schema.rungs).order_by(*order)).all():
        curves.setdefault((row.study_id, row.number), []).append((row.fidelity, row.score))
    found: list[Case] = []
    for study_id, number, body in connection.execute(sa.select(_t.study_id, _t.number, _t.body)).all():
        try:
            trial = from_json(body, Trial)
        except ValueError as error:
            found.append((_undecodable("trials", f"{study_id}/{number}", error), None))
            continue
        if [(point.fidelity, point.score) for point in trial.curve] != curves.get((study_id, number), []):
            found.append(_wrong_curve(study_id, trial))
    return found


def _wrong_curve(study_id: str, trial: Trial) -> Case:
    message = f"The rows of the learning curve of trial {trial.number} differ from the trial."

    def mend(connection: Connection) -> None:
        _delete(schema.rungs, study_id, trial.number)(connection)
        if trial.curve:
            connection.execute(schema.rungs.insert(), rung_rows(study_id, trial))

    return Finding(kind="wrong_curve", where=f"trials {study_id}/{trial.number}", message=message), mend


def _undecodable(table: str, name: str, error: Exception) -> Finding:
    hint = "It is left out when the store is read; restore it from a copy or an export."
    return Finding(kind="undecodable", where=f"{table} {name}", message=str(error), hint=hint)


def _execute(connection: Connection, statement: sa.Executable) -> None:
    connection.execute(statement)


def describe(database: Database) -> dict[str, Any]:
    """Describe a store as plain data; counts are of experiences unless said otherwise."""
    return database.read(lambda connection: _describe(database, connection))


def _describe(database: Database, connection: Connection) -> dict[str, Any]:
    location = database.location
    count = sa.func.count
    when = _e.created_at
    query = sa.select(count(), count(_e.failure), count(_e.score), sa.func.min(when), sa.func.max(when))
    total, failures, scored, oldest, newest = connection.execute(query).one()
    return {
        "location": str(location),
        "home": str(location.home),
        "bytes": _size(database, connection),
        "schema_version": schema.stored_version(connection),
        "experiences": total,
        "succeeded": connection.scalar(sa.select(count()).where(_e.failure.is_(None) & _e.score.is_not(None))),
        "failed": failures,
        "scored": scored,
        "by_task": _counts(connection, _e.task_name),
        "by_source": _counts(connection, _e.source),
        "by_failure": _counts(connection, _e.failure),
        "by_space": _counts(connection, _e.space),
        "by_method": _counts(connection, _e.method),
        "contexts": connection.scalar(sa.select(count()).select_from(schema.contexts)),
        "studies": _counts(connection, _s.state),
        "trials": _counts(connection, _t.state),
        "oldest": oldest,
        "newest": newest,
    }


def _counts(connection: Connection, column: Column[Any]) -> dict[str, int]:
    number = sa.func.count().label("number")
    query = sa.select(column, number).where(column.is_not(None)).group_by(column).order_by(number.desc(), column)
    return {str(value): int(count) for value, count in connection.execute(query)}


def _size(database: Database, connection: Connection) -> int | None:
    if database.location.is_sqlite:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
