"""One decision of the original's sampling model: weights over options, a Gaussian over numbers, a chance of true.

Each kind draws, gives the probability of a value, and moves towards chosen values (XAutoLM 1, 5.7 and 7). Nothing was
clipped in the original: after many negative rates weights are negative, deviations grow without bound and chances leave
[0, 1] (XAutoLM 11, W1 to W3). With `mended` each move ends inside its bounds: weights are at least `FLOOR` before they
are normalised, means lie in the range and deviations are at most the range, chances lie in [`FLOOR`, 1 - `FLOOR`].
"""

import math
import statistics
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.space import Float, Integer, Parameter

FLOOR = 0.001
"""Smallest mended weight or chance; also what the original puts in the place of a weight of exactly 0."""
_RESOLUTION = 0.01
"""Width of the cell whose probability stands for that of a real number, as a share of the range."""
_IMPOSSIBLE = 1e-300
"""A Gaussian excludes nothing; far tails count as this."""
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Options with weights: normalised for categories and lists of numbers, not for the fine-tuning method."""

    values: tuple[ConfigValue, ...]
    weights: tuple[float, ...]
    normalised: bool = True

    @cached_property
    def chances(self) -> tuple[float, ...]:
        """Chance of each option."""
        return draw_chances(self.weights)

    def sample(self, rng: np.random.Generator) -> ConfigValue:
        """Draw an option."""
        chances = np.array(self.chances)
        return self.values[int(rng.choice(len(chances), p=chances / chances.sum()))]

    def log_probability(self, value: ConfigValue) -> float:
        """Logarithm of an option's chance; minus infinity for one that is never drawn."""
        chance = self.chances[self.values.index(value)]
        return math.log(chance) if chance > 0 else -math.inf

    def moved(self, chosen: Sequence[ConfigValue], alpha: float, *, mended: bool = False) -> "Weights":
        """Add `alpha` to a weight for each time its option was chosen, and divide by the sum if normalised."""
        weights = [w + alpha * chosen.count(value) for value, w in zip(self.values, self.weights, strict=True)]
        if mended:
            weights = [max(weight, FLOOR) for weight in weights]
        if not self.normalised:
            return replace(self, weights=tuple(weight if weight != 0 else FLOOR for weight in weights))
        total = sum(weights)
        total = total if abs(total) > _ROUNDING else 1.0
        return replace(self, weights=tuple(weight / total for weight in weights))


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """A number as mean and deviation: whole numbers as they are, real ones in the unit interval of their scale."""

    parameter: Integer | Float
    mean: float
    deviation: float

    def sample(self, rng: np.random.Generator) -> ConfigValue:
        """Draw, cut off to a whole number where it is one, and clamp to the range."""
        drawn = float(rng.normal(self.mean, abs(self.deviation)))
        if isinstance(self.parameter, Float):
            return self.parameter.from_unit(drawn)
        return min(max(int(drawn), self.parameter.low), self.parameter.high)

    def log_probability(self, value: ConfigValue) -> float:
        """Logarithm of the probability of a whole number, or of the cell of a hundredth of the range round a real one.

        What the clamp moves to an end of the range counts there.
        """
        if self.parameter.cardinality == 1:
            return 0.0
        at, (low, high) = self._at(value), _range(self.parameter)
        below, above = _cell(at, self.parameter)
        below = -math.inf if at <= low + _ROUNDING else below
        above = math.inf if at >= high - _ROUNDING else above
        return math.log(max(_mass(below, above, self.mean, abs(self.deviation)), _IMPOSSIBLE))

    def moved(self, chosen: Sequence[ConfigValue], alpha: float, *, mended: bool = False) -> "Gaussian":
        """Move by the share `alpha` towards mean and deviation of the chosen values; a single one has deviation 0."""
        values = [self._at(value) for value in chosen]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        mean = (1 - alpha) * self.mean + alpha * statistics.fmean(values)
        deviation = (1 - alpha) * self.deviation + alpha * spread
        if mended:
            low, high = _range(self.parameter)
            mean, deviation = min(max(mean, low), high), min(max(deviation, 0.0), high - low)
        return replace(self, mean=mean, deviation=deviation)

    def _at(self, value: ConfigValue) -> float:
        return self.parameter.to_unit(value) if isinstance(self.parameter, Float) else float(value)


@dataclass(frozen=True, kw_only=True)
class Chance:
    """A switch: the chance that it is on."""

    on: float = 0.5

    def sample(self, rng: np.random.Generator) -> ConfigValue:
        """Draw on or off."""
        return bool(rng.random() < self.on)

    def log_probability(self, value: ConfigValue) -> float:
        """Logarithm of the chance of on or off; minus infinity for what is never drawn."""
        on = min(max(self.on, 0.0), 1.0)
        chance = on if value else 1.0 - on
        return math.log(chance) if chance > 0 else -math.inf

    def moved(self, chosen: Sequence[ConfigValue], alpha: float, *, mended: bool = False) -> "Chance":
        """Move by the share `alpha` towards the share of on among the chosen values."""
        on = (1 - alpha) * self.on + alpha * statistics.fmean(float(value) for value in chosen)
        return Chance(on=min(max(on, FLOOR), 1 - FLOOR) if mended else on)


Cell: TypeAlias = Weights | Gaussian | Chance


def start(parameter: Parameter, *, normalised: bool = True) -> Cell:
    """The cell of a parameter before anything is learned: even weights, or the middle with the range as deviation."""
    if isinstance(parameter, Integer | Float):
        low, high = _range(parameter)
        return Gaussian(parameter=parameter, mean=(low + high) / 2, deviation=high - low)
    if len(parameter.values) == 2 and all(isinstance(value, bool) for value in parameter.values):
        return Chance()
    weight = 1 / len(parameter.values) if normalised else 1.0
    return Weights(values=parameter.values, weights=(weight,) * len(parameter.values), normalised=normalised)


def draw_chances(weights: Sequence[float]) -> tuple[float, ...]:
    """Chance of each option when a uniform number is looked up in the running sums of the weights.

    That is how the original draws (`random.choices`). For weights of at least 0 it is their share. Negative weights
    make the sums fall: their options are out of reach, and those that follow too, until the sum is made up again. A
    total of 0 or less, where the original stops with an error, gives all options the same chance.
    """
    sums = list(accumulate(weights))
    total = sums[-1]
    if total <= 0:
        return (1 / len(sums),) * len(sums)
    chances = [0.0] * len(sums)
    edges = sorted({0.0, total, *(at for at in sums if 0 < at < total)})
    for low, high in pairwise(edges):
        chances[bisect(sums, (low + high) / 2, 0, len(sums) - 1)] += (high - low) / total
    return tuple(chances)


def _range(parameter: Integer | Float) -> tuple[float, float]:
    return (0.0, 1.0) if isinstance(parameter, Float) else (float(parameter.low), float(parameter.high))


def _cell(at: float, parameter: Integer | Float) -> tuple[float, float]:
    """What is read as this value: cutting off rounds towards 0."""
    if isinstance(parameter, Float):
        return at - _RESOLUTION / 2, at + _RESOLUTION / 2
    return (at if at > 0 else at - 1, at + 1 if at >= 0 else at)


def _mass(below: float, above: float, mean: float, deviation: float) -> float:
    """Probability of a Gaussian between two numbers; without deviation it is all at its mean."""
    if deviation == 0:
        return float(below <= mean < above)
    low, high = (below - mean) / deviation, (above - mean) / deviation
    if low > 0:  # both in the upper tail, where differences of numbers near 1 lose their digits
        low, high = -high, -low
    return 0.5 * (math.erfc(-high / math.sqrt(2)) - math.erfc(-low / math.sqrt(2)))
