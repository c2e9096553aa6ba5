"""Bringing experience into a store from wherever it lies, and carrying it out again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.store.autogoal import OnError, Skipped, summarize_autogoal
from xautolm_nb.store.location import FILE_NAME
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
    if not path.exists():
        raise StoreError(f"Expected something to import at {path}, but there is nothing.", hint="Check the path.")
    if (path / FILE_NAME).is_file() or path.suffix in (".sqlite", ".sqlite3", ".db"):
        with ExperienceStore.open(path) as other:
            experiences = other.experiences()
        return _import(store, path, experiences, len(experiences), ())
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
    """Take over the experiences of another store that this one lacks; returns how many. Studies stay where they are."""
    return store.append(*other.experiences())


def export_parquet(store: ExperienceStore, path: str | Path) -> int:
    """Write all experiences of a store to a Parquet file, the newest first; returns how many.

    Importing the file gives the same experiences back, and `datasets.load_dataset("parquet", data_files=path)` reads
    it.

    Raises:
        StoreError: The file cannot be written.
    """
    return write_parquet(store.experiences(), path)


def _import(
    store: ExperienceStore, path: Path, experiences: list[Experience], records: int, skipped: tuple[Skipped, ...]
) -> ImportSummary:
    failures = Counter(experience.failure.kind.value for experience in experiences if experience.failure)
    return ImportSummary(
        path=str(path),
        records=records,
        experiences=len(experiences),
        new=store.append(*experiences),
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
