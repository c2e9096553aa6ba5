"""Nouns to plain data and back, checked: the one place that knows the JSON library.

Values outside the type's contract raise `ValueError` with the path of the bad field; NaN and the infinities are
written as null, as JSON has no other word for them.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn a noun (or a tree of them) into dicts, lists, strings, finite numbers, bools and None."""
    return _finite(msgspec.to_builtins(value))


def from_plain(data: Any, kind: type[T]) -> T:
    """Build a noun of type `kind` from plain data.

    Raises:
        ValueError: A field is missing, of the wrong type or out of the allowed values; the message names its path.
    """
    return msgspec.convert(data, kind, strict=False)


def to_json(value: Any) -> str:
    """Write a noun as one line of JSON with sorted keys (so equal values give equal text)."""
    return json.dumps(to_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes, kind: type[T]) -> T:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is not JSON, or not of this type.
    """
    return from_plain(json.loads(text), kind)


def content_id(value: Any) -> str:
    """Name a value by its content: 32 hex digits, equal for equal values on every machine."""
    return hashlib.sha256(to_json(value).encode()).hexdigest()[:32]


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
