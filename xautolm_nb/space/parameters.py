"""The parameters of a search space: what values they take and how they look in the unit interval.

Every parameter maps its values to [0, 1] and back. Steps are equal in the scale that matters (logarithmic for rates and
ranks), and discrete values sit in the middle of equal bins, so that uniform numbers decode to a uniform choice.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue
from xautolm_nb.core.errors import SpaceError

Condition: TypeAlias = Mapping[str, tuple[ConfigValue, ...]]
"""Parent name to the values under which a parameter exists; all parents must agree. Empty: it always exists."""


def holds(when: Condition, config: Config) -> bool:
    """Whether a parameter with condition `when` exists in a configuration."""
    return all(name in config and among(config[name], values) for name, values in when.items())


def among(value: ConfigValue, values: Sequence[ConfigValue]) -> bool:
    """Whether `value` is one of `values`; True and 1 are different values here, 0 and 0.0 are not."""
    return any(_same(value, other) for other in values)


def _same(left: ConfigValue, right: ConfigValue) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def is_number(value: object) -> bool:
    """Whether a value is a finite number (a bool is not one)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


@dataclass(frozen=True, kw_only=True)
class Float:
    """A real number in [low, high], spaced evenly or, with `log`, evenly in its logarithm."""

    name: str
    low: float
    high: float
    default: float
    log: bool = False
    when: Condition = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the range."""
        _check_range(self.name, self.low, self.default, self.high, log=self.log)

    @property
    def cardinality(self) -> int | None:
        """Number of values; None for a continuum."""
        return 1 if self.low == self.high else None

    def sample(self, rng: np.random.Generator) -> float:
        """Draw uniformly in the parameter's own scale."""
        return self.from_unit(float(rng.random()))

    def to_unit(self, value: ConfigValue) -> float:
        """Place a value in [0, 1]; a fixed parameter sits at 0.5."""
        if self.low == self.high:
            return 0.5
        low, high, at = (self._scale(number) for number in (self.low, self.high, float(value)))
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def from_unit(self, unit: float) -> float:
        """Read a value back from [0, 1]."""
        low, high = self._scale(self.low), self._scale(self.high)
        at = low + min(max(unit, 0.0), 1.0) * (high - low)
        return min(max(math.exp(at) if self.log else at, self.low), self.high)

    def contains(self, value: object) -> bool:
        """Whether a value is in range (with room for rounding in the last digits)."""
        if not isinstance(value, int | float) or not is_number(value):
            return False
        room = 1e-9 * max(abs(self.low), abs(self.high))
        return self.low - room <= value <= self.high + room

    def allowed(self) -> str:
        """Say in words which values are allowed."""
        return f"{self.low:g} to {self.high:g}{' (log)' if self.log else ''}"

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value


@dataclass(frozen=True, kw_only=True)
class Integer:
    """A whole number from `low` to `high`, both included; with `log` small numbers get more room."""

    name: str
    low: int
    high: int
    default: int
    log: bool = False
    when: Condition = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the range."""
        _check_range(self.name, self.low, self.default, self.high, log=self.log)

    @property
    def cardinality(self) -> int:
        """Number of values."""
        return self.high - self.low + 1

    def sample(self, rng: np.random.Generator) -> int:
        """Draw a value; uniform over bins of equal width in the parameter's own scale."""
        return self.from_unit(float(rng.random()))

    def to_unit(self, value: ConfigValue) -> float:
        """Place a value in [0, 1]: half a step beyond both ends is where 0 and 1 lie."""
        low, high, at = (self._scale(number) for number in (self.low - 0.5, self.high + 0.5, float(value)))
        return min(max((at - low) / (high - low), 0.0), 1.0)

    def from_unit(self, unit: float) -> int:
        """Read a value back from [0, 1], rounded to the nearest whole number."""
        low, high = self._scale(self.low - 0.5), self._scale(self.high + 0.5)
        at = low + min(max(unit, 0.0), 1.0) * (high - low)
        return min(max(round(math.exp(at) if self.log else at), self.low), self.high)

    def contains(self, value: object) -> bool:
        """Whether a value is a whole number in range (3.0 is not one)."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def allowed(self) -> str:
        """Say in words which values are allowed."""
        return f"whole numbers {self.low} to {self.high}{' (log)' if self.log else ''}"

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """What categories and ordinals share: a list of values in bins of equal width."""

    name: str
    values: tuple[ConfigValue, ...]
    default: ConfigValue
    when: Condition = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that there are values, all different, the default among them."""
        repeated = any(among(value, self.values[:index]) for index, value in enumerate(self.values))
        if not self.values or repeated or not among(self.default, self.values):
            raise SpaceError(
                f"Parameter '{self.name}' expects distinct values with the default {self.default!r} among them, "
                f"but got {list(self.values)}.",
                hint="Give at least one value and choose the default from the values.",
            )

    @property
    def cardinality(self) -> int:
        """Number of values."""
        return len(self.values)

    def sample(self, rng: np.random.Generator) -> ConfigValue:
        """Draw one of the values uniformly."""
        return self.values[int(rng.integers(len(self.values)))]

    def to_unit(self, value: ConfigValue) -> float:
        """Place a value in the middle of its bin in [0, 1].

        Raises:
            SpaceError: The value is not one of the listed ones.
        """
        for index, own in enumerate(self.values):
            if _same(own, value):
                return (index + 0.5) / len(self.values)
        raise SpaceError(f"Parameter '{self.name}' expects {self.allowed()}, but got {value!r}.")

    def from_unit(self, unit: float) -> ConfigValue:
        """Read the value whose bin holds a number of [0, 1]."""
        return self.values[min(max(int(unit * len(self.values)), 0), len(self.values) - 1)]

    def contains(self, value: object) -> bool:
        """Whether a value is one of the listed ones."""
        return isinstance(value, str | int | float) and among(value, self.values)

    def allowed(self) -> str:
        """Say in words which values are allowed."""
        return ", ".join(str(value) for value in self.values)


@dataclass(frozen=True, kw_only=True)
class Categorical(_Listed):
    """One of several values without an order."""


@dataclass(frozen=True, kw_only=True)
class Ordinal(_Listed):
    """One of several values in a meaningful order: neighbours in the list are neighbours in the search."""


Parameter: TypeAlias = Float | Integer | Categorical | Ordinal


def _check_range(name: str, low: float, default: float, high: float, *, log: bool) -> None:
    if not low <= default <= high or (log and low <= 0):
        raise SpaceError(
            f"Parameter '{name}' expects low <= default <= high{' and low > 0' if log else ''}, "
            f"but got {low}, {default}, {high}.",
            hint="Order the three numbers; a logarithmic range starts above 0.",
        )
