"""Nouns to plain data and back, checked: the one place that knows the JSON library.

Values outside the type's contract raise `ValueError` with the path of the bad field. What JSON cannot say is written
in the nearest words it has, everywhere alike, so that an id never depends on who wrote a value: NaN and the infinities
as null, and the halves of characters that Python lets text hold (lone surrogates) as U+FFFD, the sign for such.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn a noun (or a tree of them) into dicts, lists, strings, finite numbers, bools and None.

    Raises:
        ValueError: It is nested too deeply.
    """
    try:
        return _sayable(msgspec.to_builtins(value))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def from_plain(data: Any, kind: type[T]) -> T:
    """Build a noun of type `kind` from plain data.

    Raises:
        ValueError: A field is missing, of the wrong type or out of the allowed values; the message names its path.
    """
    try:
        return msgspec.convert(data, kind, strict=False)
    except OverflowError as error:
        raise ValueError(f"a number is too large ({error})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def to_json(value: Any) -> str:
    """Write a noun as one line of JSON with sorted keys (so equal values give equal text)."""
    plain = msgspec.to_builtins(value)
    try:  # nearly always there is nothing to mend, and looking at each value costs more than all the rest
        text = _dump(plain)
        text.encode()
    except ValueError:
        return _dump(_sayable(plain))
    return text


def from_json(text: str | bytes, kind: type[T]) -> T:
    """Read what `to_json` wrote.

    Raises:
        ValueError: The text is not JSON, or not of this type.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    return from_plain(data, kind)


def content_id(value: Any) -> str:
    """Name a value by its content: 32 hex digits, equal for equal values on every machine."""
    return hashlib.sha256(to_json(value).encode()).hexdigest()[:32]


def whole_text(text: str) -> str:
    """Return text that can be encoded: two halves of a character become one, a half alone becomes U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _dump(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {whole_text(key) if isinstance(key, str) else key: _sayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(item) for item in value]
    return value
