"""The experience store: past trials for other tasks to learn from, and the studies that make them."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, final

import sqlalchemy as sa
from sqlalchemy import Connection

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.study import Owner, StudyRecord
from xautolm_nb.core.task import TaskKind
from xautolm_nb.core.trial import Trial
from xautolm_nb.store import doctor, experiences, schema, studies
from xautolm_nb.store.database import Database
from xautolm_nb.store.doctor import Finding
from xautolm_nb.store.location import resolve
from xautolm_nb.store.owners import is_owner_alive
from xautolm_nb.store.studies import IsAlive

T = TypeVar("T")

Weigh = Callable[[Context, Sequence[Context]], Iterable[float]]
"""Weights of contexts for a target, from 0."""


@final
class ExperienceStore:
    """Keeps experiences, studies, trials and learning curves in SQLite or PostgreSQL.

    Every method is one transaction. A store may be used from several threads and by several processes at once; it
    waits for locks and raises `StoreError` for everything the database or the disk does wrong.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._contexts: dict[str, Context] = {}  # content ids never change their content, so this cannot grow stale
        self._known: set[str] = set()  # ids of contexts that were written; none is ever removed

    @classmethod
    def open(cls, where: str | Path | None = None) -> Self:
        """Open a store, creating it if there is none.

        Args:
            where: A file, a folder (the file is `store.sqlite` in it), `:memory:`, or a URL such as
                `postgresql://user@host/name`. None takes the environment variable `XAUTOLM_STORE`, else the folder
                named by `XAUTOLM_HOME`, else the platform's data folder of the user.

        Raises:
            StoreError: The place cannot be used, is not a store, or was written by a newer version of the package.
        """
        return cls(Database(resolve(where)))

    @property
    def url(self) -> str:
        """Database URL that opens this store again, password included: never show it."""
        return self._database.location.url.render_as_string(hide_password=False)

    @property
    def location(self) -> str:
        """Where the store is, for people; a password is hidden."""
        return str(self._database.location)

    @property
    def home(self) -> Path:
        """Folder for the files of studies: beside a store file, else the package's data folder. May not exist yet."""
        return self._database.location.home

    def close(self) -> None:
        """Close all connections; a store in memory vanishes."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ExperienceStore({self.location!r})"

    # Experiences

    def append(self, *new: Experience, durable: bool = False) -> int:
        """Write experiences in one transaction; those already there (equal content ids) are left alone.

        Args:
            *new: The experiences, which exist elsewhere (what a study brings comes by `finish_trial`).
            durable: Whether to wait until the disk has them. Without, nothing but a power cut takes the last back.

        Returns:
            How many were new.

        Raises:
            StoreError: One does not fit its declared types; nothing was written.
        """
        if not new:
            return 0
        prepared = experiences.prepare(new)
        number = self._database.write(
            lambda connection: experiences.append(connection, prepared, self._known), durable=durable
        )
        self._known.update(prepared.contexts)
        return number

    def experiences(
        self,
        *,
        kind: TaskKind | None = None,
        exclude_fingerprint: str | None = None,
        exclude_tasks: Collection[str] = (),
        context_ids: Collection[str] | None = None,
        source: str | None = None,
        limit: int | None = None,
    ) -> list[Experience]:
        """Read experiences, the newest first (by `created_at`). All conditions must hold.

        Args:
            kind: Only of tasks of this kind.
            exclude_fingerprint: Not of the data with this fingerprint (a task must not learn from itself in a test).
            exclude_tasks: Not of the tasks with these names.
            context_ids: Only in these contexts, as named by `contexts()`.
            source: Only of this source.
            limit: At most so many.
        """
        query = experiences.select(
            kind=kind,
            exclude_fingerprint=exclude_fingerprint,
            exclude_tasks=exclude_tasks,
            context_ids=context_ids,
            source=source,
            limit=limit,
        )
        return self._database.read(lambda connection: experiences.read(connection, query, self._contexts))

    def similar(
        self,
        context: Context,
        k: int = 50,
        *,
        weigh: Weigh,
        metric: str | None = None,
        exclude_study: str | None = None,
    ) -> list[Experience]:
        """Read the `k` experiences of the most similar contexts of the same kind of task.

        Args:
            context: The target.
            k: At most so many.
            weigh: Gives the weight of each of some contexts for the target, such as `metafeatures.context_weights`;
                contexts of weight 0 teach nothing and are left out.
            metric: Only of this metric.
            exclude_study: Not of the study with this id.

        Returns:
            Those of the heaviest context first, the newest first within a context.
        """

        def work(connection: Connection) -> list[Experience]:
            names = experiences.context_ids(connection, context.task.kind)
            experiences.load_contexts(connection, names, self._contexts)
            names = [name for name in names if name in self._contexts]
            weights = weigh(context, [self._contexts[name] for name in names])
            order = [name for weight, name in sorted(zip(weights, names, strict=True), reverse=True) if weight > 0]
            found: list[Experience] = []
            for name in order:
                query = experiences.select(
                    context_ids=[name], metric=metric, exclude_study=exclude_study, limit=k - len(found)
                )
                found += experiences.read(connection, query, self._contexts)
                if len(found) >= k:
                    break
            return found

        return self._database.read(work)

    def contexts(self, kind: TaskKind | None = None) -> list[tuple[str, Context, int]]:
        """Return id, context and number of experiences of each context, the most experienced first."""

        def work(connection: Connection) -> list[tuple[str, Context, int]]:
            counts = experiences.count_by_context(connection, kind)
            experiences.load_contexts(connection, [name for name, _ in counts], self._contexts)
            return [(name, self._contexts[name], number) for name, number in counts if name in self._contexts]

        return self._database.read(work)

    def readable(self) -> tuple[list[Experience], dict[str, str]]:
        """Read all experiences, the newest first, and why the others cannot be read, by id."""
        bad: dict[str, str] = {}

        def note(kind: str, name: str, error: Exception) -> None:
            if kind == "experience":  # one without its context is noted itself
                bad[name] = str(error)

        query = experiences.select()
        return self._read(lambda connection: experiences.read(connection, query, self._contexts, note)), bad

    def count(self) -> int:
        """Return the number of experiences."""
        return self._read(lambda connection: connection.scalar(sa.select(sa.func.count(schema.experiences.c.id))) or 0)

    def get(self, name: str) -> Experience:
        """Read one experience by its content id or the beginning of it.

        Raises:
            StoreError: None, or more than one, is called so.
        """
        return self._read(lambda connection: experiences.get(connection, name, self._contexts))

    # Studies

    def create_study(self, record: StudyRecord) -> StudyRecord:
        """Write a new study and return it as kept (`created_at` is filled in).

        Raises:
            StoreError: A study of that id exists.
        """
        return self._write(lambda connection: studies.create(connection, record))

    def study(self, name: str = "last") -> StudyRecord:
        """Read a study by id, name, an unambiguous beginning of either, or `last` for the newest.

        Raises:
            StoreError: None, or more than one, is meant; the message lists the closest.
        """
        return self._read(lambda connection: studies.read(connection, studies.find(connection, name)))

    def studies(self) -> list[StudyRecord]:
        """Read all studies, the newest first."""
        return self._read(studies.read_all)

    def update_study(self, study_id: str, *, holder: Owner | None = None, **changes: Any) -> StudyRecord:
        """Change fields of a study's record, leaving all others as they are now, and return it.

        Raises:
            StoreError: The study or a field is unknown, or a value does not fit.
            LeaseError: `holder` is named and no longer holds the study.
        """

        def work(connection: Connection) -> StudyRecord:
            studies.check_holder(connection, study_id, holder)
            return studies.update(connection, study_id, changes)

        return self._write(work)

    def claim_study(
        self, study_id: str, owner: Owner, *, is_alive: IsAlive = is_owner_alive, **changes: Any
    ) -> StudyRecord:
        """Become the owner of a study, with a fresh heartbeat and any other changes, unless a living other holds it.

        Args:
            study_id: The study.
            owner: Who claims it.
            is_alive: Tells from an owner and its last heartbeat whether it still runs.
            **changes: Further fields to change in the same step, such as `state`.

        Raises:
            StudyError: A living other owner holds the study.
        """
        return self._write(
            lambda connection: studies.claim(connection, study_id, owner, is_alive, time.time(), changes)
        )

    def delete_study(self, study_id: str) -> None:
        """Remove a study with its trials; the experiences it made stay, its folder is the caller's."""
        self._write(lambda connection: studies.delete(connection, study_id))

    def revision(self, study_id: str) -> int:
        """Return a counter that grows with every change of the study or its trials; one indexed look-up."""
        return self._read(lambda connection: studies.read_revision(connection, study_id))

    # Trials

    def save_trial(self, study_id: str, trial: Trial, *, holder: Owner | None = None) -> None:
        """Write a trial and its learning curve, new or changed.

        Raises:
            LeaseError: `holder` is named and no longer holds the study.
        """

        def work(connection: Connection) -> None:
            studies.check_holder(connection, study_id, holder)
            studies.save_trial(connection, study_id, trial)

        self._write(work)

    def finish_trial(
        self, study_id: str, trial: Trial, experience: Experience | None, *, holder: Owner | None = None, **changes: Any
    ) -> None:
        """Write what a run brought in one transaction: the trial, its curve, the experience, changes of the study.

        A thawed trial comes back several times: its latest experience takes the place of the one before.

        Raises:
            LeaseError: `holder` is named and no longer holds the study.
        """
        prepared = experiences.prepare([experience] if experience else [])

        def work(connection: Connection) -> None:
            studies.check_holder(connection, study_id, holder)
            studies.save_trial(connection, study_id, trial)
            experiences.forget(connection, study_id, trial.number)
            experiences.append(connection, prepared, self._known)
            if changes:
                studies.update(connection, study_id, changes)

        self._write(work)

    def trials(self, study_id: str) -> list[Trial]:
        """Read the trials of a study by number."""
        return self._read(lambda connection: studies.read_trials(connection, study_id))

    def next_number(self, study_id: str) -> int:
        """Return the number a new trial of the study takes; the first is 0."""
        return self._read(lambda connection: studies.next_number(connection, study_id))

    # Care

    def doctor(self, repair: bool = False, *, is_alive: IsAlive = is_owner_alive) -> list[Finding]:
        """Examine the store, and with `repair` mend what can be mended without losing anything that can be read."""
        return doctor.examine(self._database, repair=repair, is_alive=is_alive)

    def info(self) -> dict[str, Any]:
        """Describe the store as plain data: place, size, schema version, counts by task, source, outcome, space."""
        return doctor.describe(self._database)

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._database.read(work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._database.write(work)
