"""One log entry of the original XAutoLM: finding the files, and reading a file whatever its layout."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.task import Metric

MAX_BYTES: Final = 4 * 1024**2
"""Original records have 3 to 12 KB; what is far larger is something else."""

SPACE: Final = "xautolm-original/1"
"""The space the original's configurations belong to; its parameters keep their names."""

_TIME = "evaluation_time"
_COST_NAMES = re.compile(r"time|seconds|^obs_")
_CLASS_PREFIX = re.compile(r"^(WORD_EMB|TEXT_GEN)_")
_RUN_SUFFIX = re.compile(r"(-knn-k\d+|_warmstart\b.*|_seed_\d+)$")
_WHEN = re.compile(r"(\d{4})-(\d\d)-(\d\d)\D(\d\d)[:_](\d\d)[:_](\d\d)")

_INTEGERS = frozenset(
    {
        "batch_size",
        "max_length",
        "epochs",
        "warmup_steps",
        "gradient_accumulation_steps",
        "early_stopping_patience",
        "num_trainable_layers",
        "lora_r",
        "lora_alpha",
    }
)

_HOST = (8.0, 16.0, 5.0)
_HOST_GPU_GIB = 23.64
"""The host of the released classification runs. The original never recorded GPU memory (its fifth value is always 0),
but the CUDA messages of the same records name two GPUs of 23.64 GiB (XAutoLM, section 3.3)."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One log entry, checked."""

    name: str
    """The file it comes from, relative to what was asked for."""
    alias: str
    when: datetime
    """End of the trial. The host's time zone is not recorded; UTC is assumed."""
    algorithms: str
    """Canonical text of the algorithm list: equal for equal configurations."""
    config: Mapping[str, ConfigValue]
    context: Context
    error: str
    values: Mapping[str, float | None]
    """All metrics by name; None where the value is missing or infinite."""
    goals: Mapping[str, bool]
    """Direction of each quality metric; time and the like are left out."""

    @property
    def metric(self) -> Metric:
        """What the trial is judged by: `f1` unless only others were logged."""
        name = next(iter(self.goals), "f1") if "f1" not in self.goals else "f1"
        return Metric(name=name, maximize=self.goals.get(name, True))

    @property
    def score(self) -> float | None:
        """The value of `metric`."""
        return self.values.get(self.metric.name)

    @property
    def seconds(self) -> float | None:
        """Evaluation time of one split."""
        return self.values.get(_TIME)

    @property
    def is_scored(self) -> bool:
        """Whether score and time are finite numbers."""
        return self.score is not None and self.seconds is not None


def read_files(where: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the `.json` files at or below `where`, by name.

    Only regular files are read: links are not followed, so nothing outside the folder can be drawn in, and content
    beyond `MAX_BYTES` is cut off (and then fails as a record).

    Raises:
        StoreError: `where` does not exist or a file cannot be read.
    """
    if not where.exists():
        raise StoreError(f"Expected records at {where}, but there is no such file or folder.", hint="Check the path.")
    paths = sorted(_json_files(where)) if where.is_dir() else [where]
    for path in paths:
        name = str(path.relative_to(where)) if path != where else path.name
        try:
            with path.open("rb") as file:
                yield name, file.read(MAX_BYTES + 1)
        except OSError as error:
            raise StoreError(f"The record {path} cannot be read ({error.strerror}).") from error


def _json_files(folder: Path) -> Iterator[Path]:
    for parent, _folders, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(parent, name)
            if path.suffix == ".json" and path.is_file() and not path.is_symlink():
                yield path


def read_record(name: str, content: bytes, model_ids: Mapping[str, str]) -> Record:
    """Read one log entry in any of the three layouts.

    Raises:
        ValueError: It is not one; the message continues "but ...".
    """
    data = _parse(content)
    algorithms = data.get("algorithms")
    values, goals = _metrics(data)
    return Record(
        name=name,
        alias=_text(data, "alias", name.replace("\\", "/").split("/")[0]),
        when=_when(data.get("timestamp"), name),
        algorithms=json.dumps(algorithms, sort_keys=True),
        config=_config(algorithms, model_ids),
        context=_context(data),
        error=_text(data, "error", ""),
        values=values,
        goals=goals,
    )


def task_of(alias: str) -> str:
    """Return the data set an alias names, without what it says about the kind of run (warm start, kNN, seed)."""
    return _RUN_SUFFIX.sub("", alias) or alias


def _parse(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        data = json.loads(content)  # Python's parser accepts the non-standard Infinity of these files
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from error
    if not isinstance(data, dict) or "algorithms" not in data:
        raise ValueError("it has no 'algorithms'")
    return data


def _text(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"'{key}' is not text")
    return value or default


def _when(stamp: object, name: str) -> datetime:
    """Read the timestamp, or else the date and time in the path (`2024-10-28/08_36_03-…`, with colons or without)."""
    for text in (str(stamp or ""), name.replace("\\", "/")):
        found = _WHEN.search(text)
        if found:
            year, month, day, hour, minute, second = map(int, found.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    raise ValueError("neither 'timestamp' nor its path says when it ran")


def _config(algorithms: object, model_ids: Mapping[str, str]) -> dict[str, ConfigValue]:
    if not isinstance(algorithms, list) or len(algorithms) != 1 or not isinstance(algorithms[0], dict):
        raise ValueError("'algorithms' is not a list with one algorithm")
    if len(algorithms[0]) != 1:
        raise ValueError("its algorithm has not one name")
    ((method, cells),) = algorithms[0].items()
    if not isinstance(cells, dict):
        raise ValueError(f"the parameters of {method} are no mapping")
    config: dict[str, ConfigValue] = {"method_class": method}
    for name, cell in cells.items():
        value = cell.get("value") if isinstance(cell, dict) else cell
        if isinstance(value, dict):
            config["model" if name == "inner_model" else name] = _class_name(name, value, model_ids)
        elif isinstance(value, str | int | float | bool):
            config[name] = canonical(name, value)
        elif value is not None:
            raise ValueError(f"the parameter '{name}' is neither text nor a number")
    return config


def _class_name(parameter: str, value: Mapping[str, Any], model_ids: Mapping[str, str]) -> str:
    if len(value) != 1:
        raise ValueError(f"the parameter '{parameter}' does not name one class")
    return model_name(str(next(iter(value))), model_ids)


def model_name(class_name: str, model_ids: Mapping[str, str]) -> str:
    """Return the Hugging Face id of a model class (`WORD_EMB_Roberta_Base`), else the name without its prefix."""
    bare = _CLASS_PREFIX.sub("", class_name)
    return model_ids.get(class_name) or model_ids.get(bare) or bare


def canonical(name: str, value: ConfigValue) -> ConfigValue:
    """Give an original parameter its one numeric type, so that logs (`0`) and tables (`0.0`) name one configuration."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return int(value) if name in _INTEGERS and float(value).is_integer() else float(value)
    except OverflowError:
        raise ValueError(f"the parameter '{name}' is too large") from None


def _context(data: Mapping[str, Any]) -> Context:
    system = _vector(data, "system_features", 5)
    # Memory differs in the last digits between runs of one host, so cores and frequency name it.
    machine = SystemMetaFeatures(paper=system, memory_gib=system[3])
    if system[:3] == _HOST and round(system[3]) == 126:
        machine = replace(machine, device="cuda", gpu_count=2, gpu_memory_gib=_HOST_GPU_GIB)
    generation = data.get("task_features")
    if generation is None:
        task = TaskMetaFeatures(kind="classification", paper=_vector(data, "dataset_features", 10))
        return Context(task=task, system=machine)
    if not isinstance(generation, dict):
        raise ValueError("'task_features' is no mapping")
    semantic = _vector(generation, "semantic", None) if generation.get("semantic") else None
    paper = _vector(generation, "meta", 11)
    return Context(task=TaskMetaFeatures(kind="generation", paper=paper, semantic=semantic), system=machine)


def _vector(data: Mapping[str, Any], key: str, size: int | None) -> tuple[float, ...]:
    values = data.get(key)
    if not isinstance(values, list) or (size is not None and len(values) != size):
        raise ValueError(f"'{key}' is not a list of {size or 'numbers'}{' numbers' if size else ''}")
    numbers = tuple(_number(value) for value in values)
    if None in numbers:
        raise ValueError(f"'{key}' holds something that is not a finite number")
    return tuple(number for number in numbers if number is not None)


def _metrics(data: Mapping[str, Any]) -> tuple[dict[str, float | None], dict[str, bool]]:
    found = data.get("metrics")
    if isinstance(found, list):
        cells = {str(cell["name"]): cell for cell in found if isinstance(cell, dict) and "name" in cell}
    elif isinstance(found, dict):
        cells = {str(name): cell if isinstance(cell, dict) else {"value": cell} for name, cell in found.items()}
    elif found is None:
        cells = {name: {"value": data[name]} for name in ("f1", "accuracy", _TIME) if name in data}
    else:
        raise ValueError("'metrics' is neither a list nor a mapping")
    values = {name: _number(cell.get("value")) for name, cell in cells.items()}
    goals = {
        name: bool(cell.get("maximize", True)) for name, cell in cells.items() if not _COST_NAMES.search(name.lower())
    }
    return values, goals


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond all floats
        return None
