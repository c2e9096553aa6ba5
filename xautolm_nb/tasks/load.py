"""Read what a user calls data: tables in memory, a file, a folder, or a data set of the Hugging Face hub."""

import bz2
import gzip
import json
import lzma
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from xautolm_nb.core.errors import TaskError

ACCEPTED = (
    "a pandas DataFrame, a dict of DataFrames by split, a datasets.Dataset or DatasetDict, a path to a CSV, TSV, "
    "JSONL, JSON or Parquet file, a folder with train/validation/test files, or a hub id 'owner/name'"
)
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""What a split is called out there, and what it is called here."""
PACKED = (".gz", ".bz2", ".xz")
"""Suffixes of compressed text files, after the suffix of their kind."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Data as it was read, before any check.

    `frames` holds `train`, `validation` and `test` as far as they exist, or one table under `all` that is yet to be
    split. `ignored` names the splits that are none of these.
    """

    name: str
    frames: Mapping[str, pd.DataFrame]
    ignored: tuple[str, ...] = ()


def load_tables(data: Any) -> Tables:
    """Read `data` into tables, one a split, and suggest a name for the task.

    Class labels of `datasets` become their names. A hub id may name a configuration after a colon
    (`owner/name:subset`); it is the only kind of data that needs a network.

    Raises:
        TaskError: The data is of no accepted kind, cannot be found, or cannot be read.
    """
    if isinstance(data, pd.DataFrame):
        return Tables(name="data", frames={"all": data})
    if isinstance(data, str | Path):
        return _from_name(str(data))
    if _is_of_datasets(data, "Dataset"):
        return Tables(name=_dataset_name(data), frames={"all": _decoded(data)})
    if isinstance(data, Mapping):  # a DatasetDict is one, too
        return _from_mapping(data)
    hint = "Turn a stream into a Dataset first." if _is_of_datasets(data, "IterableDataset") else "Pass one of these."
    raise TaskError(f"Data must be {ACCEPTED}; got a {type(data).__name__}.", hint=hint)


def _from_mapping(data: Mapping[Any, Any]) -> Tables:
    tables = {str(key): _table(str(key), value) for key, value in data.items()}
    first = next(iter(data.values()), None)
    name = _dataset_name(first) if _is_of_datasets(first, "Dataset") else "data"
    return _by_split(name, tables)


def _table(key: str, value: Any) -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    if _is_of_datasets(value, "Dataset"):
        return _decoded(value)
    raise TaskError(
        f"A dict of data must hold a DataFrame or Dataset for each split, but {key!r} holds a {type(value).__name__}.",
        hint="Columns go into a table first: pandas.DataFrame(your_dict).",
    )


def _by_split(name: str, tables: Mapping[str, pd.DataFrame]) -> Tables:
    frames: dict[str, pd.DataFrame] = {}
    for key, table in tables.items():
        split = SPLIT_NAMES.get(key.lower())
        if split in frames:
            raise TaskError(f"Two tables are both the {split} split: {sorted(tables)}.", hint="Remove one of them.")
        if split is not None:
            frames[split] = table
    if len(tables) == 1 and not frames:
        return Tables(name=name, frames={"all": next(iter(tables.values()))})
    if "train" not in frames:
        raise TaskError(
            f"The data needs a split 'train', but has {sorted(tables)}.",
            hint="Name the table to learn from 'train'; 'validation' and 'test' are optional.",
        )
    ignored = tuple(sorted(key for key in tables if key.lower() not in SPLIT_NAMES))
    return Tables(name=name, frames=frames, ignored=ignored)


def _from_name(name: str) -> Tables:
    path = Path(name).expanduser()
    if path.is_file():
        return Tables(name=_stem(path), frames={"all": read_file(path)})
    if path.is_dir():
        return _from_folder(path)
    if _HUB_ID.fullmatch(name) and _suffix(path) not in READERS:
        return _from_hub(name)
    raise TaskError(
        f"No file or folder {name!r} exists here ({Path.cwd()}), and it is not a hub id 'owner/name'.",
        hint="Check the path; it is relative to the folder Python runs in.",
    )


def _from_folder(folder: Path) -> Tables:
    if (folder / "dataset_dict.json").exists() or (folder / "state.json").exists():
        import datasets  # a folder that `save_to_disk` wrote

        return load_tables(datasets.load_from_disk(str(folder)))
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and _suffix(path) in READERS]
    splits = [path for path in files if _stem(path).lower() in SPLIT_NAMES]
    shards: dict[str, list[pd.DataFrame]] = {}
    for path in splits or files[:1]:
        shards.setdefault(_stem(path).lower(), []).append(read_file(path))
    if not shards or (not splits and len(files) > 1):
        raise TaskError(
            f"The folder {str(folder)!r} must hold train (and validation, test) files of a kind in {sorted(READERS)}, "
            f"but holds {[path.name for path in files][:10]}.",
            hint="Name them like train.csv and test.csv, or pass the path of one file.",
        )
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in shards.items()}
    return _by_split(folder.resolve().name, tables)


def _from_hub(name: str) -> Tables:
    import datasets  # slow to import, and only needed here

    repository, _, subset = name.partition(":")
    try:
        found = datasets.load_dataset(repository, subset or None)
    except (OSError, ValueError, RuntimeError) as error:  # unknown id, no network, unknown subset, script-only set
        raise TaskError(
            f"{name!r} is no file here and could not be loaded from the hub: {_first_line(error)}",
            hint="Check the name and the network, or pass a local file, folder or DataFrame.",
        ) from error
    tables = load_tables(found)
    return Tables(name=repository.split("/")[-1], frames=tables.frames, ignored=tables.ignored)


def read_file(path: Path) -> pd.DataFrame:
    """Read one table by its suffix: CSV, TSV, JSONL, JSON (each also packed: `.csv.gz`) or Parquet.

    Only an empty field counts as missing: words such as `NA`, `null` or `None` are texts and labels like any other.

    Raises:
        TaskError: The suffix is none of these, or the content does not fit it.
    """
    reader = READERS.get(_suffix(path))
    if reader is None:
        raise TaskError(
            f"A data file must end in one of {sorted(READERS)}, but got {path.name!r}.",
            hint="Rename it, or read it yourself and pass the DataFrame.",
        )
    if path.stat().st_size == 0:
        raise TaskError(f"A data file must hold rows, but {path.name!r} is empty.", hint="Check how it was written.")
    try:
        return reader(path)
    except (ValueError, OSError, EOFError) as error:  # the parsers of pandas and pyarrow raise subclasses of ValueError
        raise TaskError(
            f"{path.name!r} could not be read as {_suffix(path)[1:]}: {_first_line(error)}",
            hint="Save it as UTF-8 and check that every row has the same columns.",
        ) from error


def _read_csv(path: Path) -> pd.DataFrame:
    return _read_separated(path, _separator(path))


def _read_tsv(path: Path) -> pd.DataFrame:
    return _read_separated(path, "\t")


def _read_separated(path: Path, separator: str) -> pd.DataFrame:
    return pd.read_csv(
        path, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=[""], low_memory=False
    )


def _separator(path: Path) -> str:
    """The character that splits the header most often: spreadsheets write `;` where the comma is a decimal mark."""
    return max(",;\t|", key=lambda sep: pd.read_csv(path, sep=sep, nrows=0, encoding="utf-8-sig").shape[1])


def _read_json(path: Path) -> pd.DataFrame:
    """A list of records, such a list under `data`, or columns by name."""
    with _open_text(path) as file:
        found = json.load(file)
    rows = found.get("data", found) if isinstance(found, dict) else found
    return pd.DataFrame(rows)


def _read_jsonl(path: Path) -> pd.DataFrame:
    with _open_text(path) as file:
        return pd.DataFrame([_record(line, number) for number, line in enumerate(file, 1) if line.strip()])


def _record(line: str, number: int) -> dict[str, Any]:
    # Not `pandas.read_json`: it turns texts of some column names into dates.
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise ValueError(f"line {number} holds a {type(found).__name__}, not an object of columns")
    return found


def _open_text(path: Path) -> TextIO:
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    file: TextIO = openers.get(path.suffix.lower(), open)(path, "rt", encoding="utf-8-sig")
    return file


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".tab": _read_tsv,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
}


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes and suffixes[-1] in PACKED
    return suffixes[-2] if packed and len(suffixes) > 1 else (suffixes[-1] if suffixes else "")


def _stem(path: Path) -> str:
    """The file's name without suffixes and without the shard number of the hub's Parquet files."""
    name = path.name
    while Path(name).suffix.lower() in {*READERS, *PACKED}:
        name = Path(name).stem
    return _SHARD.sub("", name)


def _is_of_datasets(data: Any, kind: str) -> bool:
    """Whether `data` is an object of the `datasets` library, without importing it: who has one has imported it."""
    module = sys.modules.get("datasets")
    return module is not None and isinstance(data, getattr(module, kind))


def _decoded(dataset: Any) -> pd.DataFrame:
    """A Dataset as a frame; class labels become their names, and the hub's -1 for a hidden label becomes missing."""
    frame: pd.DataFrame = dataset.to_pandas()
    for column, feature in dataset.features.items():
        if type(feature).__name__ == "ClassLabel":
            names = dict(enumerate(feature.names))
            frame[column] = frame[column].map(names)
    return frame


def _dataset_name(dataset: Any) -> str:
    return str(dataset.info.dataset_name or "data")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".") + "."
