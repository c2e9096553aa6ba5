"""What a record from elsewhere may hold: sizes and ranges, on top of the declared types."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import to_json
from xautolm_nb.store.rows import storable

MAX_NAME: Final = 500
"""Characters of a name; PostgreSQL's indexes hold no text of more than 2,700 bytes."""
MAX_TEXT: Final = 20_000
"""Characters of a value, a message or a log."""
MAX_ENTRIES: Final = 500
"""Parameters of a configuration, points of a curve, entries of any map."""
MAX_VECTOR: Final = 10_000
MAX_BYTES: Final = 2**20
MAX_INTEGER: Final = 2**53
"""Beyond it JSON and other languages do not agree about whole numbers."""
MAX_TRIAL: Final = 2**31 - 1

_SIZES: Final = {"classification": 10, "generation": 11}
_SYSTEM_SIZE: Final = 5


def checked(experience: Experience) -> Experience:
    """Return a record as it will be stored.

    Raises:
        ValueError: It does not fit its types, or a value is too long, out of range or not finite; the message names
            the field and continues "but ...".
    """
    try:
        stored = storable(experience, Experience, "a record")
    except StoreError as error:
        raise ValueError(f"it does not fit the declared types ({error.message})") from error
    for name in ("task_name", "space", "source", "study", "fingerprint"):
        _name(name, getattr(stored, name))
    _name("metric", stored.metric.name)
    _name("model", stored.model.id if stored.model else "")
    if not stored.task_name:
        raise ValueError("task_name is empty")
    _numbers(stored)
    _moment(stored.created_at)
    _config(stored.config)
    _curve(stored)
    _context(stored.context)
    _texts(stored)
    if len(to_json(stored)) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024} KiB")
    return stored


def _name(field: str, value: str) -> None:
    if len(value) > MAX_NAME:
        raise ValueError(f"{field} has {len(value)} characters, more than {MAX_NAME}")


def _numbers(experience: Experience) -> None:
    came_early = experience.failure is not None and experience.fidelity == 0  # failed before its first checkpoint
    if not (came_early or 0 < experience.fidelity <= 1):
        raise ValueError(f"fidelity {experience.fidelity} is not in (0, 1]")
    _not_negative("seconds", experience.seconds)
    _whole("seed", experience.seed, -MAX_INTEGER, MAX_INTEGER)
    _whole("trial", experience.trial, 0, MAX_TRIAL)
    measures = experience.measures
    for name in ("seconds_load", "seconds_train", "seconds_eval", "peak_memory_gib", "energy_kwh"):
        _not_negative(name, getattr(measures, name))
    for name in ("tokens", "steps"):
        _whole(name, getattr(measures, name), 0, MAX_INTEGER)


def _not_negative(name: str, value: float | None) -> None:
    if value is not None and value < 0:
        raise ValueError(f"{name} {value} is negative")


def _whole(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name} is not between {low} and {high}")


def _moment(text: str) -> None:
    if not text:
        return
    _name("created_at", text)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"created_at {text[:40]!r} is not a date and time (ISO 8601)") from None


def _config(config: Mapping[str, Any]) -> None:
    _entries("config", config)
    for name, value in config.items():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ValueError(f"the parameter {name!r} has {len(value)} characters, more than {MAX_TEXT}")
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise ValueError(f"the parameter {name!r} is not between {-MAX_INTEGER} and {MAX_INTEGER}")
    _name("model", str(config.get("model", "")))
    _name("method", str(config.get("method", config.get("method_class", ""))))


def _entries(field: str, found: Mapping[str, Any]) -> None:
    if len(found) > MAX_ENTRIES:
        raise ValueError(f"{field} has {len(found)} entries, more than {MAX_ENTRIES}")
    for name in found:
        _name(f"a name in {field}", name)


def _curve(experience: Experience) -> None:
    if len(experience.curve) > MAX_ENTRIES:
        raise ValueError(f"curve has {len(experience.curve)} points, more than {MAX_ENTRIES}")
    for number, point in enumerate(experience.curve):
        if not 0 < point.fidelity <= 1:
            raise ValueError(f"the fidelity {point.fidelity} of point {number} of its curve is not in (0, 1]")
        _not_negative(f"the time of point {number} of its curve", point.seconds)
        _whole(f"the step of point {number} of its curve", point.step, 0, MAX_INTEGER)
        _entries("metrics", point.metrics)


def _context(context: Context) -> None:
    task, system = context.task, context.system
    if len(task.paper) != _SIZES.get(task.kind, len(task.paper)):
        raise ValueError(f"the features of its task are {len(task.paper)} numbers, not {_SIZES[task.kind]}")
    if len(system.paper) != _SYSTEM_SIZE:
        raise ValueError(f"the features of its machine are {len(system.paper)} numbers, not {_SYSTEM_SIZE}")
    if task.semantic is not None and len(task.semantic) > MAX_VECTOR:
        raise ValueError(f"semantic has {len(task.semantic)} numbers, more than {MAX_VECTOR}")
    if not all(map(math.isfinite, (*task.paper, *system.paper, *(task.semantic or ())))):
        raise ValueError("a feature of its task or machine is not finite")
    _entries("extra", task.extra)


def _texts(experience: Experience) -> None:
    _entries("versions", experience.versions)
    failure = experience.failure
    texts = [*experience.versions.values(), *((failure.message, failure.detail) if failure else ())]
    for text in texts:
        if len(text) > MAX_TEXT:
            raise ValueError(f"a text has {len(text)} characters, more than {MAX_TEXT}")
