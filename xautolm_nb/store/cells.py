"""One row of a table of experiences, read cell by cell; and one experience written as a flat row."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast, get_args

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.task import Metric, TaskKind
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind
from xautolm_nb.store.causes import as_failure
from xautolm_nb.store.limits import checked
from xautolm_nb.store.records import SPACE, canonical, model_name

Cells: TypeAlias = Mapping[str, Any]
"""Cells that hold something, by column: text of a CSV, typed values of a Parquet file."""

RECORDED: Final = frozenset({"task", "method", "model", "macro_f1", "evaluation_seconds", "finished_at"})
"""Columns that tell the table of recorded XAutoLM trials."""

_RENAMED: Final = {
    "macro_f1": "score",
    "evaluation_seconds": "seconds",
    "finished_at": "created_at",
    "error": "message",
}

_WORDS: Final = {"true": True, "false": False}


def translate_recorded(cells: Cells, model_ids: Mapping[str, str]) -> Cells:
    """Translate a row of the recorded XAutoLM trials, so that it equals what the log entries give."""
    row = {_RENAMED.get(name, name): value for name, value in cells.items() if name not in ("method", "model")}
    for name in [name for name in row if name.startswith("hp_")]:
        row[name] = canonical(name.removeprefix("hp_"), _value(row[name]))
    row["hp_method_class"] = _text(cells, "method")
    row["hp_model"] = model_name(_text(cells, "model"), model_ids)
    metrics = {
        name: cells[column] for name, column in (("accuracy", "accuracy"), ("f1", "macro_f1")) if column in cells
    }
    if metrics:
        row["metrics"] = {name: _number({name: value}, name) for name, value in metrics.items()}
    return row | {"space": SPACE, "source": "autogoal", "study": _text(cells, "task")}


def read_row(cells: Cells, contexts: Mapping[str, Context], *, source: str) -> Experience:
    """Read one row.

    Args:
        cells: The cells that hold something, by column.
        contexts: Context by task name, for a row that brings none.
        source: What to write as the source when the row names none.

    Raises:
        ValueError: A cell is missing or wrong; the message names the column and continues "but ...".
    """
    if "body" in cells:
        return _read_body(cells)
    score, seconds, failure = _number(cells, "score"), _number(cells, "seconds"), _failure(cells)
    if score is None and failure is None:
        raise ValueError("it has neither a score nor a failure")
    fidelity = _number(cells, "fidelity", 1.0) or 0.0
    if seconds is not None and seconds < 0:
        raise ValueError(f"seconds {seconds} is negative")
    experience = Experience(
        task_name=_text(cells, "task"),
        metric=Metric(name=_text(cells, "metric", "f1"), maximize=_flag(cells, "maximize", True)),
        context=_context(cells, contexts),
        space=_text(cells, "space", "table/1"),
        config=_config(cells),
        fidelity=fidelity,
        score=score,
        seconds=seconds,
        curve=_curve(cells, fidelity, score, seconds),
        failure=failure,
        seed=_integer(cells, "seed"),
        created_at=_moment(cells),
        source=_text(cells, "source", source),
        study=_text(cells, "study", ""),
        trial=_integer(cells, "trial"),
        fingerprint=_text(cells, "fingerprint", ""),
    )
    return checked(experience)


def flat_row(experience: Experience) -> dict[str, Any]:
    """Write an experience as cells; `body` is the whole of it."""
    failure = experience.failure
    return {
        "id": experience.id,
        "task": experience.task_name,
        "kind": experience.context.task.kind,
        "metric": experience.metric.name,
        "maximize": experience.metric.maximize,
        "score": experience.score,
        "seconds": experience.seconds,
        "fidelity": experience.fidelity,
        "failure": failure.kind.value if failure else None,
        "message": failure.message if failure else None,
        "space": experience.space,
        "source": experience.source,
        "study": experience.study,
        "trial": experience.trial,
        "seed": experience.seed,
        "created_at": experience.created_at,
        "fingerprint": experience.fingerprint,
        "task_features": list(experience.context.task.paper),
        "system_features": list(experience.context.system.paper),
        "body": to_json(experience),
    }


def _read_body(cells: Cells) -> Experience:
    experience = from_json(_text(cells, "body"), Experience)
    if cells.get("id", experience.id) != experience.id:
        raise ValueError("its body is not the one its id names (it was changed)")
    return checked(experience)


def _context(cells: Cells, contexts: Mapping[str, Context]) -> Context:
    task = _text(cells, "task")
    if "task_features" not in cells or "system_features" not in cells:
        if task in contexts:
            return contexts[task]
        raise ValueError(
            f"it has no task_features and system_features, and no context of task {task!r} is known "
            "(import records of that task with their features first)"
        )
    kind = _text(cells, "kind", "classification")
    if kind not in get_args(TaskKind):
        raise ValueError(f"kind {kind!r} is not one of {list(get_args(TaskKind))}")
    size = 10 if kind == "classification" else 11
    paper, machine = _vector(cells, "task_features", size), _vector(cells, "system_features", 5)
    system = SystemMetaFeatures(paper=machine, memory_gib=machine[3], gpu_memory_gib=machine[4])
    return Context(task=TaskMetaFeatures(kind=cast(TaskKind, kind), paper=paper), system=system)


def _config(cells: Cells) -> dict[str, ConfigValue]:
    config: dict[str, ConfigValue] = {}
    if "config" in cells:
        config = {str(name): _value(value) for name, value in _mapping(cells, "config").items() if value is not None}
    for name, value in cells.items():
        if name.startswith("hp_"):
            config[name.removeprefix("hp_")] = _value(value)
    for name in ("model", "method"):
        if name in cells:
            config[name] = _text(cells, name)
    bad = [name for name, value in config.items() if isinstance(value, float) and not math.isfinite(value)]
    if bad:
        raise ValueError(f"the parameter {bad[0]!r} is not a finite number")
    if not config:
        raise ValueError("it has no configuration ('config' or 'hp_*')")
    return config


def _curve(cells: Cells, fidelity: float, score: float | None, seconds: float | None) -> tuple[CurvePoint, ...]:
    if "metrics" not in cells or score is None or seconds is None:
        return ()
    values = _mapping(cells, "metrics")
    given = {name: value for name, value in values.items() if value is not None}
    metrics = {str(name): number for name in given if (number := _number(given, name)) is not None}
    return (CurvePoint(fidelity=fidelity, score=score, seconds=seconds, metrics=metrics),)


def _failure(cells: Cells) -> Failure | None:
    if "failure" not in cells:
        return None
    name = _text(cells, "failure")
    kinds = [kind.value for kind in FailureKind]
    if name not in kinds:
        raise ValueError(f"failure {name!r} is not one of {kinds}")
    return replace(as_failure(_text(cells, "message", "")), kind=FailureKind(name))


def _moment(cells: Cells) -> str:
    """Write a moment as UTC, ISO 8601; one without a time zone is taken as UTC."""
    given = cells.get("created_at", "")
    if given == "":
        return ""
    try:
        moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"created_at {str(given)[:40]!r} is not a date and time (ISO 8601)") from None
    try:
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
    except OverflowError:  # within a day of the year 1 or of the year 10,000
        raise ValueError(f"created_at {str(given)[:40]!r} is out of range") from None


def _text(cells: Cells, name: str, default: str | None = None) -> str:
    value = cells.get(name, default)
    if value is None:
        raise ValueError(f"its cell {name!r} is empty")
    return str(value)


def _number(cells: Cells, name: str, default: float | None = None) -> float | None:
    if name not in cells:
        return default
    try:
        number = float(cells[name])
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} {str(cells[name])[:100]!r} is not a number") from None
    if math.isnan(number):
        return default
    if math.isinf(number):
        raise ValueError(f"{name} is infinite")
    return number


def _integer(cells: Cells, name: str) -> int | None:
    number = _number(cells, name)
    if number is not None and not number.is_integer():
        raise ValueError(f"{name} {number} is not a whole number")
    return None if number is None else int(number)


def _flag(cells: Cells, name: str, default: bool) -> bool:
    value = _value(cells.get(name, default))
    if not isinstance(value, bool):
        raise ValueError(f"{name} {value!r} is neither true nor false")
    return value


def _vector(cells: Cells, name: str, size: int) -> tuple[float, ...]:
    given = cells[name]
    values = _json(given, name) if isinstance(given, str) else given
    if not isinstance(values, list) or len(values) != size:
        raise ValueError(f"{name} is not a list of {size} numbers")
    numbers = tuple(_number({name: value}, name) for value in values)
    if None in numbers:
        raise ValueError(f"{name} holds something that is not a finite number")
    return tuple(number for number in numbers if number is not None)


def _mapping(cells: Cells, name: str) -> Mapping[str, Any]:
    value = _json(cells[name], name) if isinstance(cells[name], str) else cells[name]
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not a JSON object")
    return value


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON ({error})") from error


def _value(value: Any) -> ConfigValue:
    """Read the value of a parameter; text of a CSV becomes the boolean or number it spells."""
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise ValueError(f"the value {value!r} is neither text, number nor boolean")
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
