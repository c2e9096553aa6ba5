"""The original's sampling model: one independent distribution for each decision (XAutoLM 1 and 5.7).

Each method has its own distributions of the hyperparameters, as the original names them by class and parameter; the
model choice is shared by the methods that offer the same models. Only active parameters are drawn and learned.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue
from xautolm_nb.optimize.baselines.cells import Cell, start
from xautolm_nb.optimize.baselines.fitting import METHOD_NAMES, completed
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.space import Parameter, SearchSpace
from xautolm_nb.space.parameters import holds

SHARED_NAMES = (*METHOD_NAMES, "model")
"""Choices that do not belong to one method; the method's own weights are not normalised."""

Handle: TypeAlias = tuple[str, int, ConfigValue]
"""Parameter name, which of its variants, and the method it belongs to (empty for what methods share)."""
Decision: TypeAlias = tuple[Handle, Parameter, ConfigValue]


@dataclass(frozen=True, kw_only=True, eq=False)
class Distribution:
    """A factorised distribution over the configurations of a space; a new one stands for no knowledge."""

    space: SearchSpace
    cells: Mapping[Handle, Cell] = field(default_factory=dict)
    """What was learned; decisions that are absent stand at their start."""

    def cell(self, handle: Handle, parameter: Parameter) -> Cell:
        """The distribution of one decision."""
        found = self.cells.get(handle)
        return found if found is not None else start(parameter, normalised=handle[0] not in METHOD_NAMES)

    def sample(self, rng: np.random.Generator, given: Config | None = None) -> dict[str, ConfigValue]:
        """Draw a configuration; values that are given and allowed are taken as they are."""
        given, config = given or {}, dict[str, ConfigValue]()
        for name in self.space.names:
            found = _variant(self.space, name, config)
            if found is None:
                continue
            handle, parameter = found
            taken = name in given and parameter.contains(given[name])
            config[name] = given[name] if taken else self.cell(handle, parameter).sample(rng)
        return config

    def log_probability(self, config: Config) -> float:
        """Logarithm of the probability of a configuration; values it lacks or the space does not know are left out."""
        return math.fsum(self.cell(h, p).log_probability(value) for h, p, value in decisions(self.space, config))

    def draw_listed(self, places: Sequence[int], rng: np.random.Generator) -> int:
        """Draw one place of `space.only` out of the given ones, by the probability of its configuration.

        When none of them has any, those with the fewest impossible decisions are drawn by the probability of the
        others: the limit for a chance that vanishes.
        """
        misses, logs = (column[list(places)] for column in self.log_listed())
        logs = np.where(misses == misses.min(), logs, -math.inf)
        chances = np.exp(logs - logs.max())
        return places[int(rng.choice(len(places), p=chances / chances.sum()))]

    def log_listed(self) -> tuple[np.ndarray, np.ndarray]:
        """For each configuration of `space.only` its impossible decisions and the log probability of the others."""
        known: dict[tuple[Handle, ConfigValue], float] = {}
        rows = [[self._log(decision, known) for decision in row] for row in _listed(ByIdentity((self.space,)))]
        misses = [sum(log == -math.inf for log in row) for row in rows]
        return np.array(misses), np.array([math.fsum(log for log in row if log > -math.inf) for row in rows])

    def reinforce(self, configs: Sequence[Config], alpha: float, *, mended: bool = False) -> "Distribution":
        """Move the distribution of each decision towards what was chosen in the configurations (XAutoLM 5.7, 7)."""
        chosen: dict[Handle, tuple[Parameter, list[ConfigValue]]] = {}
        for config in configs:
            for handle, parameter, value in decisions(self.space, config):
                chosen.setdefault(handle, (parameter, []))[1].append(value)
        moved = {
            handle: self.cell(handle, parameter).moved(values, alpha, mended=mended)
            for handle, (parameter, values) in chosen.items()
        }
        return replace(self, cells={**self.cells, **moved})

    def _log(self, decision: Decision, known: dict[tuple[Handle, ConfigValue], float]) -> float:
        handle, parameter, value = decision
        if (handle, value) not in known:
            known[handle, value] = self.cell(handle, parameter).log_probability(value)
        return known[handle, value]


def decisions(space: SearchSpace, config: Config) -> Iterator[Decision]:
    """The decisions a configuration makes in a space, in order: those that are active, present and allowed."""
    for name in space.names:
        found = _variant(space, name, config)
        if found is not None and name in config and found[1].contains(config[name]):
            yield *found, config[name]


def _variant(space: SearchSpace, name: str, config: Config) -> tuple[Handle, Parameter] | None:
    for index, parameter in enumerate(space.variants[name]):
        if holds(parameter.when, config):
            method = "" if name in SHARED_NAMES else next((config[n] for n in METHOD_NAMES if n in config), "")
            return (name, index, method), parameter
    return None


@lru_cache(maxsize=8)
def _listed(key: ByIdentity) -> tuple[tuple[Decision, ...], ...]:
    (space,) = key.items
    return tuple(tuple(decisions(space, completed(config, space))) for config in space.only)
