"""What a user allows of a space: values, bounds, and what is left when choices disappear."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.space.parameters import Categorical, Float, Integer, Ordinal, Parameter, among, is_number

Limit: TypeAlias = ConfigValue | Sequence[ConfigValue]
"""A value, several values, or bounds: two numbers or a text such as `"<=3"`, `">=2"`, `"1..3"`."""

_BOUNDS = re.compile(
    r"^\s*(?:(?P<low>[-+.\de]+)\s*\.\.\s*(?P<high>[-+.\de]+)|(?P<sign><=|>=)\s*(?P<edge>[-+.\de]+))\s*$"
)


def limit_parameters(parameters: Sequence[Parameter], fixed: Mapping[str, Limit]) -> tuple[Parameter, ...]:
    """Apply limits by name and drop what can no longer be reached.

    Raises:
        SpaceError: A name is unknown, no variant of a parameter holds the wish, or nothing is left.
    """
    names = list(dict.fromkeys(parameter.name for parameter in parameters))
    for name, wish in fixed.items():
        if name not in names:
            raise SpaceError(f"The space has no parameter '{name}'.", hint=f"It has: {', '.join(names)}.")
        if not _is_limit(wish):
            raise SpaceError(
                f"Parameter '{name}' cannot be limited to {wish!r}.",
                hint="Give a value, a list of values, or bounds such as '<=3' or '1..3'.",
            )
    kept = tuple(parameters)
    for name in [name for name in names if name in fixed]:
        kept = _limit_name(kept, name, fixed[name])
    return kept


def _is_limit(wish: object) -> bool:
    if isinstance(wish, str | int | float):
        return True
    return isinstance(wish, Sequence) and all(isinstance(value, str | int | float) for value in wish)


def _limit_name(parameters: tuple[Parameter, ...], name: str, wish: Limit) -> tuple[Parameter, ...]:
    """Limit all variants of one name; a variant without a value left takes its parents' values with it."""
    variants = [parameter for parameter in parameters if parameter.name == name]
    limited = {id(variant): _limit(variant, wish) for variant in variants}
    if variants and all(value is None for value in limited.values()):
        allowed = " or ".join(dict.fromkeys(variant.allowed() for variant in variants))
        raise SpaceError(f"Parameter '{name}' expects {allowed}, but got {wish!r}.", hint="Choose among these values.")
    for variant in variants:
        if limited[id(variant)] is None and isinstance(variant, Float | Integer):
            limited[id(variant)] = _moved(variant, wish)
    replaced = [limited.get(id(parameter), parameter) for parameter in parameters]
    result = tuple(parameter for parameter in replaced if parameter is not None)
    for variant in variants:
        if limited[id(variant)] is None:
            result = _without_parents(result, variant)
    return _reachable(result)


def _without_parents(parameters: tuple[Parameter, ...], lost: Parameter) -> tuple[Parameter, ...]:
    """Remove the parent values under which a parameter would exist without any value."""
    if len(lost.when) != 1:
        raise SpaceError(
            f"'{lost.name}' cannot be limited so: nothing would be left where {dict(lost.when)}.",
            hint="Limit what it depends on as well.",
        )
    [(parent, values)] = lost.when.items()
    result: list[Parameter] = []
    for parameter in parameters:
        if parameter.name == parent and isinstance(parameter, Categorical | Ordinal):
            left = tuple(value for value in parameter.values if not among(value, values))
            if left:
                result.append(_with_values(parameter, left))
        else:
            result.append(parameter)
    return tuple(result)


def _reachable(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Drop parameters whose condition no value of their parents fulfils any more."""
    kept: list[Parameter] = []
    for parameter in parameters:
        if all(
            any(_can_be(parent, value) for parent in kept if parent.name == name for value in values)
            for name, values in parameter.when.items()
        ):
            kept.append(parameter)
    return tuple(kept)


def _can_be(parent: Parameter, value: ConfigValue) -> bool:
    return parent.contains(value)


def _limit(parameter: Parameter, wish: Limit) -> Parameter | None:
    """Limit one parameter; None when nothing of it is left."""
    if isinstance(parameter, Categorical | Ordinal):
        values = _listed(parameter, wish)
        return _with_values(parameter, values) if values else None
    return _bounded(parameter, *_bounds(parameter, wish))


def _listed(parameter: Categorical | Ordinal, wish: Limit) -> tuple[ConfigValue, ...]:
    """The listed values a wish names; bounds given as text work for numbers."""
    if isinstance(wish, str) and not parameter.contains(wish) and all(map(is_number, parameter.values)):
        if (bounds := _read_bounds(wish)) is not None:
            low, high = bounds
            return tuple(value for value in parameter.values if low <= float(value) <= high)
        return ()
    wished = (wish,) if isinstance(wish, str | int | float) else tuple(wish)
    if unknown := [value for value in wished if not parameter.contains(value)]:
        if parameter.when:  # another variant may hold the others
            return tuple(value for value in parameter.values if among(value, wished))
        raise SpaceError(f"Parameter '{parameter.name}' expects {parameter.allowed()}, but got {unknown[0]!r}.")
    return tuple(value for value in parameter.values if among(value, wished))


def _bounds(parameter: Float | Integer, wish: Limit) -> tuple[float, float]:
    """Read a wish as bounds.

    Raises:
        SpaceError: It is neither a number, nor numbers, nor a text that names bounds.
    """
    if isinstance(wish, str) and (bounds := _read_bounds(wish)) is not None:
        return bounds
    numbers = [wish] if isinstance(wish, str | int | float) else list(wish)
    if not numbers or not all(map(is_number, numbers)):
        raise SpaceError(
            f"Parameter '{parameter.name}' expects {parameter.allowed()}, but got {wish!r}.",
            hint="Give a number, two numbers as bounds, or a text such as '<=3'.",
        )
    return min(map(float, numbers)), max(map(float, numbers))


def _read_bounds(text: str) -> tuple[float, float] | None:
    if (match := _BOUNDS.match(text)) is None:
        return None
    try:
        if match["sign"] is None:
            return float(match["low"]), float(match["high"])
        edge = float(match["edge"])
    except ValueError:
        return None
    return (float("-inf"), edge) if match["sign"] == "<=" else (edge, float("inf"))


def _bounded(parameter: Float | Integer, low: float, high: float) -> Parameter | None:
    """Cut a range to bounds, the default moved inside."""
    low, high = max(low, parameter.low), min(high, parameter.high)
    if isinstance(parameter, Integer):
        first, last = -int(-low // 1), int(high // 1)
        if first > last:
            return None
        return replace(parameter, low=first, high=last, default=min(max(parameter.default, first), last))
    if low > high:
        return None
    return replace(parameter, low=low, high=high, default=min(max(parameter.default, low), high))


def _moved(parameter: Float | Integer, wish: Limit) -> Parameter:
    """A range the wish lies outside of, moved to the wish: a user may set one rate for all methods."""
    finite = [bound for bound in _bounds(parameter, wish) if is_number(bound)]
    low, high = min(finite), max(finite)
    if isinstance(parameter, Integer):
        return replace(parameter, low=int(low), high=int(high), default=int(low))
    return replace(parameter, low=low, high=high, default=low, log=parameter.log and low > 0)


def _with_values(parameter: Categorical | Ordinal, values: tuple[ConfigValue, ...]) -> Parameter:
    """The same parameter over fewer values, with the nearest default that is left."""
    place = [index for index, value in enumerate(parameter.values) if among(value, values)]
    own = next(index for index, value in enumerate(parameter.values) if among(value, (parameter.default,)))
    nearest = min(place, key=lambda index: abs(index - own))
    return replace(parameter, values=values, default=parameter.values[nearest])
