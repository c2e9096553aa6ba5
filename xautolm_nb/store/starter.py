"""The starter: experiences of our own live runs that ship with the package, the prior of a store that is still empty.

They are read beside the store and never written into it. A store is its owner's record: what is written there would go
along with every export and merge, would outlive the better starter of a later version, and could not be switched off
for one search. Whoever wants to have them for good imports the file (`starter_file`) like any other.

They stand in only while the store has nothing of its own to say about tasks of the kind at hand; then they
step back, all at once: what was measured on the user's machine and texts is worth more than a general beginning, and
what a search was told stays easy to say. A task is told nothing of itself: see `starter_for`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Task
from xautolm_nb.store.tables import read_table

FILE = "starter.parquet"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a record of the starter comes from; one column of the file each."""

    id: str
    """Content id of the experience."""
    task: str
    data_source: str
    """Who published the data set, and where."""
    rows: str
    """Rows by split."""
    created_at: str
    """UTC, ISO 8601."""
    made_by: str
    """Package and version."""
    machine: str
    """Cores, memory and GPU; no name."""
    licence: str
    """Of the record."""
    shares_texts_with: tuple[str, ...] = ()
    """Names of other data sets that hold texts of this one."""


@contextmanager
def starter_file() -> Iterator[Path]:
    """The file as it ships: a Parquet table with a column for each field of `Provenance`, and `body`."""
    with resources.as_file(resources.files("xautolm_nb.store").joinpath(FILE)) as path:
        yield path


@lru_cache(maxsize=1)
def starter() -> tuple[Experience, ...]:
    """All experiences of the starter.

    Raises:
        StoreError: The file was damaged: the package has to be installed anew.
    """
    with starter_file() as path:
        return tuple(read_table(path)[0])


@lru_cache(maxsize=1)
def provenance() -> tuple[Provenance, ...]:
    """Where each experience comes from, in the order of `starter`."""
    with starter_file() as path:
        rows = pq.read_table(path, columns=list(Provenance.__dataclass_fields__)).to_pylist()
    return tuple(Provenance(**{**row, "shares_texts_with": tuple(row["shares_texts_with"])}) for row in rows)


def starter_for(task: Task) -> list[Experience]:
    """What the starter has to say about a task: experiences of its kind, none of them with its own data.

    Left out are records of the same fingerprint, of the same name (written in any way: `SST-2` is `sst2`), and of data
    sets that share texts with the one of that name: a score that was found with the help of its own data flatters.
    """
    name = _plain(task.name)
    origins = {origin.id: origin for origin in provenance()}
    return [
        experience
        for experience in starter()
        if experience.context.task.kind == task.kind
        and experience.fingerprint != task.fingerprint
        and name not in map(_plain, (experience.task_name, *origins[experience.id].shares_texts_with))
    ]


def describe_starter() -> dict[str, Any]:
    """The starter as plain data: how many experiences, of which tasks, made by what, where, under which licence."""
    origins = provenance()
    return {
        "experiences": len(origins),
        "by_task": dict(Counter(origin.task for origin in origins)),
        "made_by": sorted({origin.made_by for origin in origins}),
        "machines": sorted({origin.machine for origin in origins}),
        "licences": sorted({origin.licence for origin in origins}),
    }


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
