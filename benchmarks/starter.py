"""Make the starter experience that ships with the package out of collected runs.

    python -m benchmarks.live --data DATA/subj --models MODEL --rows 500 --trials 18 --collect past.parquet
    python -m benchmarks.starter --from past.parquet --out xautolm_nb/store/starter.parquet

`--from` may be given several times; equal runs count once. Every record is checked: only our own runs, on data sets
that `benchmarks.sources` names, with models that others can have. Folders and names of machines go, numbers keep five
digits, and the same records always give the same file.
"""

import argparse
import json
import math
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq

from benchmarks.sources import SOURCES
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import STARTER, Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.places import names_a_place
from xautolm_nb.core.serial import from_plain, to_json, to_plain
from xautolm_nb.optimize.cases import latest_rungs
from xautolm_nb.space.models import LOCAL_PACKAGES
from xautolm_nb.space.pool import pool_entry
from xautolm_nb.store.limits import checked
from xautolm_nb.store.shareable import shareable
from xautolm_nb.store.starter import Provenance
from xautolm_nb.store.tables import read_table

DIGITS = 5
"""Kept of every number; the second run of a configuration differs in the third."""
MOST_BYTES = 300_000
OURS = "xautolm_nb "
LICENCE = "Apache-2.0; figures measured by the authors of xautolm_nb, no text of the data set"
_EXACT = ("fidelity",)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the file from a command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starter", description=__doc__.split("\n")[0])
    parser.add_argument("--from", dest="paths", required=True, action="append", help="a file that --collect wrote")
    parser.add_argument("--out", required=True, help="the file to write")
    parser.add_argument("--model", default=[], action="append", metavar="NAME=ID",
                        help="the public id, or cut (ID[:3]), of a checkpoint in a folder of this name")  # fmt: skip
    args = parser.parse_args(arguments)
    ids = dict(pair.partition("=")[::2] for pair in args.model)
    records = made_starter([record for path in args.paths for record in read_table(path)[0]], ids)
    print(f"{args.out}: {len(records)} experiences, {write(records, Path(args.out))} bytes")


def made_starter(collected: Sequence[Experience], ids: Mapping[str, str]) -> list[Experience]:
    """Records fit to ship, by task, study and trial; the latest of each trial.

    Args:
        collected: What was collected.
        ids: Public ids of checkpoints by the names of their folders.

    Raises:
        SystemExit: One is not fit; the message names it.
    """
    latest = [record for record, _ in latest_rungs(collected, [1.0] * len(collected))]
    unique = {record.id: record for record in (fit(record, ids) for record in latest)}
    return sorted(unique.values(), key=lambda record: (record.task_name, record.study, record.trial or 0, record.id))


def fit(record: Experience, ids: Mapping[str, str]) -> Experience:
    """A record without what others cannot use or should not know.

    Raises:
        SystemExit: It is not our own, its data or model is unknown, or it still names a place.
    """
    what = f"trial {record.trial} of study {record.study!r} on {record.task_name!r}"
    if not record.source.startswith(OURS) and not record.source.startswith(STARTER):
        raise SystemExit(f"Expected runs of our own, but {what} is by {record.source!r}.")
    if record.task_name not in SOURCES:
        raise SystemExit(f"Where the data of {what} comes from is not known. Name it in benchmarks/sources.py.")
    if record.model is None:
        raise SystemExit(f"Expected a model, but {what} brings none.")
    system = replace(record.context.system, hostname_hash="")
    failure = replace(record.failure, detail="") if record.failure is not None else None
    model = public(record.model, ids)
    named = replace(
        record,
        context=Context(task=record.context.task, system=system),
        model=model,
        config={**record.config, "model": model.id},
        failure=failure,
        curve=tuple(replace(point, metrics=_more(point.metrics, record.metric.name)) for point in record.curve),
        source=f"{STARTER} {record.source.removeprefix(STARTER).strip()}",
    )
    found = checked(from_plain(rounded(to_plain(shareable(named))), Experience))
    text = to_json(found)
    host = re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    if host or any(names_a_place(word) for word in texts(json.loads(text))):
        raise SystemExit(f"Expected no folder and no name of a machine, but {what} holds one: {text}")
    return found


def public(model: ModelInfo, ids: Mapping[str, str]) -> ModelInfo:
    """The model by the id that others know it by, with what the pool knows of it.

    Raises:
        SystemExit: It is known to nobody else.
    """
    folder, _, cut = model.id.partition("[:")
    carried = next((id_ for id_, (package, inside, _) in LOCAL_PACKAGES.items()
                    if Path(model.path).parts[-2:] == (package, inside)), None)  # fmt: skip
    given = ids.get(folder) or ids.get(Path(model.path).name)
    name = carried or given or folder
    base, _, layers = name.partition("[:")
    known = pool_entry(LOCAL_PACKAGES[base][2] if base in LOCAL_PACKAGES else base)
    if known is None and name != given:
        raise SystemExit(f"The model {model.id!r} is in no pool. Give its public id: --model {folder}=ID.")
    if known is not None:
        model = replace(model, licence=known.licence, languages=known.languages)
        model = replace(model, full_layers=known.full_layers) if layers else model
    return replace(model, id=f"{name}[:{cut}" if cut else name, path=base)


def _more(metrics: Mapping[str, float], metric: str) -> dict[str, float]:
    """The metrics of a validation beside the one that its score is."""
    return {name: value for name, value in metrics.items() if name != metric}


def rounded(plain: Any, name: str = "") -> Any:
    """A tree of plain data with `DIGITS` digits of every number, but for the names in `_EXACT`."""
    if isinstance(plain, dict):
        return {key: rounded(value, key) for key, value in plain.items()}
    if isinstance(plain, list):
        return [rounded(value, name) for value in plain]
    if not isinstance(plain, float) or name in _EXACT or plain == 0:
        return plain
    return round(plain, DIGITS - 1 - math.floor(math.log10(abs(plain))))


def texts(plain: Any) -> Iterable[str]:
    """All texts in a tree of plain data."""
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, dict):
        for value in plain.values():
            yield from texts(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from texts(value)


def origin(record: Experience) -> Provenance:
    """Where a record comes from, in words."""
    source, system, extra = SOURCES[record.task_name], record.context.system, record.context.task.extra
    cores, gigahertz = system.paper[0], system.paper[2]
    count = f"{cores:.0f} core{'s' if cores > 1 else ''}"
    gpu = f"{system.gpu_count} x {system.gpu_name}" if system.gpu_count else "no GPU"
    splits = ("train", "validation", "test")
    return Provenance(
        id=record.id,
        task=record.task_name,
        data_source=source.where,
        rows=", ".join(f"{extra[f'rows_{split}']:.0f} {split}" for split in splits if f"rows_{split}" in extra),
        created_at=record.created_at,
        made_by=record.source.removeprefix(STARTER).strip(),
        machine=f"{count} of {gigahertz:.1f} GHz, {system.memory_gib:.0f} GiB of memory, {gpu}",
        licence=LICENCE,
        shares_texts_with=source.shares_texts_with,
    )


def write(records: Sequence[Experience], out: Path) -> int:
    """Write the file; returns its bytes.

    Raises:
        SystemExit: It would be too large to ship.
    """
    rows = [{**asdict(origin(record)), "body": to_json(record)} for record in records]
    buffer = pyarrow.BufferOutputStream()
    pq.write_table(pyarrow.Table.from_pylist(rows), buffer, compression="zstd", compression_level=19)
    content = buffer.getvalue().to_pybytes()
    if len(content) > MOST_BYTES:
        raise SystemExit(f"Expected at most {MOST_BYTES} bytes, but these records need {len(content)}. Give fewer.")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    return len(content)


if __name__ == "__main__":
    main()
