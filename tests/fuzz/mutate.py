"""Random changes of JSON-like trees and of the text in them, of the kinds that break parsers."""

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**64), 10**400, 0.0, -0.0, 1e308, 5e-324, 0.1, 1.5,
           float("nan"), float("inf"), float("-inf"))  # fmt: skip
TEXTS = ("", " ", "\0", "a\0b", "\ud800", "a\udfffb", "\ud83d\ude00", "NaN", "Infinity", "1e999", "-1", "0x10", "1_000",
         "true", "null", "none", "../../etc/passwd", "/dev/null", "~", "'; DROP TABLE experiences; --", "%s%n{0}{x}",
         "<script>alert(1)</script>", "\r\n", "\u202e", "\u00e9", "1,2,,3", "[", "{}", "9" * 400, "x" * 30_000,
         "2025-13-45T99:99:99", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1h-5m", "1e5s", "f1,f1",
         "__class__", "hf_" + "a" * 34, "postgresql://a:b@c/d")  # fmt: skip
LEAVES = (*NUMBERS, *TEXTS, True, False, None, [], {}, [[]], [None], {"": None})
SNIPPETS = ('"', "\\", ",", ":", "{", "}", "[", "]", "\n", "\r", "\0", "\ufeff", "\ud800", "\\ud800", "\\u0000", "NaN",
            "1e999", "-", "00", "\x1a", "/*", "'", ";", "\xff", "\u2028", "[" * 2000, '{"a":' * 1000)  # fmt: skip
DEEP = 400


def mutated(tree: Any, rng: random.Random) -> Any:
    """A changed copy of a tree; one change is most likely, more are possible."""
    result = _copied(tree)
    while True:
        result = _change(result, rng)
        if rng.random() < 0.6:
            return result


def _copied(tree: Any) -> Any:
    return json.loads(json.dumps(tree))  # far faster than copy.deepcopy


def _change(tree: Any, rng: random.Random) -> Any:
    places = list(_places(tree))
    if not places:
        return _leaf(tree, rng)
    holder, key = places[rng.randrange(len(places))]
    kind = rng.random()
    if kind < 0.55:
        holder[key] = _leaf(holder[key], rng)
    elif kind < 0.65:
        del holder[key]
    elif kind < 0.75:
        other, name = places[rng.randrange(len(places))]
        with suppress(KeyError, IndexError):  # it lay in what was replaced
            holder[key] = _copied(other[name])
    elif kind < 0.85:
        holder[key] = _wrapped(holder[key], rng)
    elif isinstance(holder, dict):
        holder[_leaf_text(str(key), rng)] = holder[key]
    else:
        holder.insert(rng.randrange(len(holder) + 1), _copied(holder[key]))
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        keys: Any = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            yield holder, key
            if len(waiting) < 2000:
                waiting.append(holder[key])


def _leaf(value: Any, rng: random.Random) -> Any:
    if isinstance(value, str) and rng.random() < 0.5:
        return _leaf_text(value, rng)
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.4:
        return rng.choice((value + 1, -value, str(value), value * 10, bool(value), [value]))
    return _copied(rng.choice(LEAVES))


def _leaf_text(text: str, rng: random.Random) -> str:
    """Text with something inserted, removed, repeated, exchanged or replaced."""
    if not text or rng.random() < 0.15:
        return rng.choice(TEXTS)
    start = rng.randrange(len(text))
    end = min(len(text), start + rng.choice((1, 1, 2, 4, 16, len(text))))
    kind = rng.randrange(6)
    if kind == 0:
        return text[:start] + text[end:]
    if kind == 1:
        return text[:start] + rng.choice(SNIPPETS) + text[start:]
    if kind == 2:
        return text[:end] + text[start:end] * rng.choice((1, 2, 30)) + text[end:]
    if kind == 3:
        return text[:start] + chr(rng.randrange(256)) + text[start + 1 :]
    if kind == 4:
        return text[:start] + str(rng.choice(NUMBERS)) + text[end:]
    return text[:start] + chr(ord(text[start]) ^ (1 << rng.randrange(7))) + text[start + 1 :]


def _wrapped(value: Any, rng: random.Random) -> Any:
    if rng.random() < 0.02:
        for _ in range(DEEP):
            value = [value]
        return value
    return rng.choice(([value], {"value": value}, {str(value)[:20]: value}, [value, value]))
