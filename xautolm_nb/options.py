"""Options as people write them: durations such as `1h30m`, lists with commas, short names. Read here, checked later."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.serial import from_plain

ALIASES = {"budget": "budget_seconds", "grace": "grace_seconds", "trial_timeout": "trial_timeout_seconds"}
"""What people may write, and what the field is called."""

_DURATIONS = tuple(ALIASES.values())
_LISTS = ("text", "objectives", "models", "trust_code", "methods")
_TYPES: dict[str, Any] = {
    "max_epochs": int,
    "max_trials": int,
    "max_rows": int,
    "seed": int,
    "keep": int,
    "workers": int,
    "disk_gib": float,
    "worker_memory_gib": float,
    "validation": float,
    "test": float,
    "use_prior": bool,
    "use_starter": bool,
    "rungs": tuple[float, ...],
    "label": str,
    "group": str,
    "kind": str,
    "name": str,
    "device": str,
    "optimizer": str,
}
_WORDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}
_LONGEST = 1e12
_PART = r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)"
_UNITS = {"d": 86400.0, "h": 3600.0, "min": 60.0, "m": 60.0, "s": 1.0}


def parse_options(options: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Read options into the types of their fields; None stands for the default and is left out.

    Args:
        options: By name or alias.
        known: Names of all fields.

    Raises:
        RequestError: An option is unknown or cannot be read; the message names it.
    """
    parsed: dict[str, Any] = {}
    for given, value in options.items():
        name = ALIASES.get(given, given)
        if name not in known:
            close = difflib.get_close_matches(given, [*known, *ALIASES], 1)
            raise RequestError(
                f"There is no option {given!r}.",
                hint=f"Did you mean {close[0]!r}?" if close else f"Options are {', '.join(sorted(known))}.",
            )
        if value is not None:
            parsed[name] = _convert(name, value)
    return {name: _typed(name, value) for name, value in parsed.items()}


def parse_seconds(value: object, option: str = "budget") -> float:
    """Read a duration: seconds as a number, or text such as `90s`, `30m`, `1h30m`, `2h`, `1d`.

    Raises:
        RequestError: It is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value) if abs(value) <= _LONGEST else -1.0
    else:
        seconds = _read_duration(value.strip().lower()) if isinstance(value, str) else -1.0
    if not 0 < seconds <= _LONGEST:
        raise RequestError(
            f"{option} expects a positive duration, but got {value!r}.",
            hint="Write 90s, 30m, 1h30m or a number of seconds.",
        )
    return seconds


def duration_text(seconds: float) -> str:
    """Write a duration as `parse_seconds` reads it, as short as can be: `1h30m`, `90s`, `2.5s`."""
    whole = round(seconds)
    if abs(seconds - whole) > 1e-9 or (whole < 120 and whole % 60):
        return f"{seconds:g}s"
    parts = []
    for name in ("d", "h", "m", "s"):
        count, whole = divmod(whole, int(_UNITS[name]))
        parts += [f"{count}{name}"] if count else []
    return "".join(parts)


def check_choices(option: str, values: Sequence[str], allowed: Sequence[str]) -> None:
    """Require at least one value, and none but those that are allowed.

    Raises:
        RequestError: One is not, or there is none.
    """
    wrong = [value for value in values if value not in allowed]
    if wrong or not values:
        raise RequestError(
            f"{option} expects some of {', '.join(allowed)}, but got {', '.join(map(repr, wrong)) or 'nothing'}.",
            hint=f"Leave {option} out for the default.",
        )


def _read_duration(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(_PART, text)
    if not parts or re.sub(_PART, "", text).strip():
        return -1.0
    return sum(float(number) * _UNITS[name] for number, name in parts)


def _convert(name: str, value: Any) -> Any:
    if name in _DURATIONS:
        zero_grace = name == "grace_seconds" and value in (0, "0", "0s")
        return 0.0 if zero_grace else parse_seconds(value, name.removesuffix("_seconds"))
    if name in _LISTS:
        return _strings(name, value)
    if name == "rungs" and isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if name == "test" and isinstance(value, bool):
        return 0.2 if value else 0.0
    return value


def _typed(name: str, value: Any) -> Any:
    if name not in _TYPES:
        return value
    try:
        return from_plain(value, _TYPES[name])
    except (ValueError, OverflowError) as error:
        expected = _WORDS.get(_TYPES[name], "numbers with commas, such as 0.25,0.5,1")
        raise RequestError(
            f"{name} expects {expected}, but got {value!r}.", hint=f"Leave {name} out for the default."
        ) from error


def _strings(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, Sequence) and all(isinstance(part, str | Path) for part in value):
        return tuple(str(part) for part in value)
    raise RequestError(f"{name} expects a name or a list of names, but got {value!r}.", hint=f"Write {name}='a,b'.")
