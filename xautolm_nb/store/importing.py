"""Bringing experience into a store from wherever it lies, and carrying it out again."""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.secrets import without_secrets
from xautolm_nb.store.autogoal import OnError, Skipped, summarize_autogoal
from xautolm_nb.store.database import explain
from xautolm_nb.store.limits import checked
from xautolm_nb.store.location import FILE_NAME, resolve
from xautolm_nb.store.shareable import shareable
from xautolm_nb.store.store import ExperienceStore
from xautolm_nb.store.tables import SUFFIXES, read_table, write_parquet


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """What an import brought."""

    path: str
    records: int
    """Log entries, rows or experiences that could be read."""
    experiences: int
    """Trials they stand for."""
    new: int
    """Experiences the store did not have."""
    succeeded: int = 0
    by_task: Mapping[str, int] = field(default_factory=dict)
    by_failure: Mapping[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()

    def __str__(self) -> str:
        tasks = ", ".join(f"{name} {number}" for name, number in self.by_task.items())
        kinds = ", ".join(f"{number} {name}" for name, number in self.by_failure.items())
        lines = [
            f"read {self.records} records of {self.experiences} trials ({tasks})",
            f"{self.succeeded} succeeded, {sum(self.by_failure.values())} failed" + (f" ({kinds})" if kinds else ""),
            f"{self.new} new experiences, {self.experiences - self.new} were there already",
        ]
        if self.skipped:
            lines.append(f"{len(self.skipped)} left out, such as {self.skipped[0].where}: {self.skipped[0].reason}")
        return "\n".join(lines)


def import_path(
    store: ExperienceStore,
    path: str | Path,
    *,
    model_ids: Mapping[str, str] | None = None,
    on_error: OnError = "raise",
) -> ImportSummary:
    """Import a folder or file of AutoGOAL records, a CSV or Parquet table, or another store; all of it or nothing.

    Args:
        store: Where to.
        path: A folder of records, a `.json` record, a `.csv` or `.parquet` table, or the file or folder of a store.
        model_ids: Hugging Face ids by class name, for records of the original XAutoLM.
        on_error: Whether a bad record stops the import, or is left out and named in the summary.

    Raises:
        StoreError: The path cannot be imported, or a record is bad; the store is as it was.
    """
    path = Path(path).expanduser()
    if not _exists(path):
        raise StoreError(
            f"Expected something to import at {without_secrets(str(path))}, but there is nothing.",
            hint="Check the path; the store on a server is merged (xautolm store merge URL).",
        )
    if (path / FILE_NAME).is_file() or path.suffix in (".sqlite", ".sqlite3", ".db"):
        with _copied(path) as other:
            found, left_out = _sound(other, path.name, on_error)
        return _import(store, path, found, len(found), tuple(left_out))
    if path.suffix.lower() in SUFFIXES:
        found, left_out = read_table(path, contexts=_known(store), model_ids=model_ids, on_error=on_error)
        return _import(store, path, found, len(found), tuple(left_out))
    if path.is_dir() or path.suffix.lower() == ".json":
        experiences, summary = summarize_autogoal(path, model_ids=model_ids, on_error=on_error)
        return _import(store, path, experiences, summary.records, summary.skipped)
    raise StoreError(
        f"Expected a folder of records, .json, .csv, .parquet or .sqlite, but got {path.name}.",
        hint="Convert it to one of these.",
    )


def merge(store: ExperienceStore, other: ExperienceStore) -> int:
    """Take over the experiences of another store that this one lacks; returns how many. Studies stay where they are.

    Raises:
        StoreError: A record of the other store is bad; this store is as it was.
    """
    return store.append(*_sound(other, other.location, "raise")[0], durable=True)


def export_parquet(store: ExperienceStore, path: str | Path) -> int:
    """Write all experiences of a store to a Parquet file, the newest first; returns how many.

    Importing the file gives the same experiences back, and `datasets.load_dataset("parquet", data_files=path)` reads
    it. No folder of this machine is in it (`shareable`), be the store of an older version or not.

    Raises:
        StoreError: The file cannot be written.
    """
    return write_parquet([shareable(experience) for experience in store.experiences()], path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a NUL
        return False


@contextmanager
def _copied(path: Path) -> Iterator[ExperienceStore]:
    """Open a copy of a store: the other is neither changed nor brought to our version, and may be read-only."""
    location = resolve(path)
    assert location.file is not None
    with tempfile.TemporaryDirectory(prefix="xautolm-import-") as folder:
        copy = Path(folder) / FILE_NAME
        try:
            with (
                closing(sqlite3.connect(f"file:{quote(str(location.file))}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except (sqlite3.Error, UnicodeError) as error:
            raise explain(error, location) from error
        try:
            opened = ExperienceStore.open(copy)
        except StoreError as error:  # speak of the file people know
            raise StoreError(error.message.replace(str(copy), str(location.file)), hint=error.hint) from error
        with opened:
            yield opened


def _sound(other: ExperienceStore, where: str, on_error: OnError) -> tuple[list[Experience], list[Skipped]]:
    """Read the experiences of a store that keep within the limits, and what was left out."""
    found, bad = other.readable()
    experiences: list[Experience] = []
    for experience in found:
        try:
            experiences.append(checked(experience))
        except ValueError as error:
            bad[experience.id] = str(error)
    skipped = [Skipped(where=f"experience {name} of {where}", reason=reason) for name, reason in bad.items()]
    if skipped and on_error == "raise":
        raise StoreError(
            f"Expected a sound record as {skipped[0].where}, but {skipped[0].reason}.",
            hint="Leave such records out with on_error='skip' (--on-error skip).",
        )
    return experiences, skipped


def _import(
    store: ExperienceStore, path: Path, experiences: list[Experience], records: int, skipped: tuple[Skipped, ...]
) -> ImportSummary:
    failures = Counter(experience.failure.kind.value for experience in experiences if experience.failure)
    return ImportSummary(
        path=str(path),
        records=records,
        experiences=len(experiences),
        new=store.append(*experiences, durable=True),
        succeeded=sum(experience.succeeded for experience in experiences),
        by_task=dict(Counter(experience.task_name for experience in experiences)),
        by_failure=dict(failures.most_common()),
        skipped=skipped,
    )


def _known(store: ExperienceStore) -> dict[str, Context]:
    """Return the context each task was last seen in."""
    known: dict[str, Context] = {}
    for experience in store.experiences():
        known.setdefault(experience.task_name, experience.context)
    return known
