"""Stored configurations in the terms of another space."""

import math
from functools import lru_cache

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.cases import ORIGINAL_SPACE, OWN_SPACE
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.space import Categorical, Ordinal, Parameter, SearchSpace, to_mended

METHOD_NAMES = ("method_class", "method")
"""The choice of the fine-tuning method, in the original space and in our own."""
UNKNOWN = 0.5
"""Every coordinate of a listed configuration whose method the space does not know."""


def in_names_of(space: SearchSpace, experience: Experience) -> Config:
    """The configuration of a record, translated where the record is of the original and the space is our own."""
    paper = experience.context.task.paper
    if experience.space.startswith(ORIGINAL_SPACE) and space.name.startswith(OWN_SPACE) and paper:
        return to_mended(experience.config, int(paper[0]))
    return experience.config


def fit_into(config: Config, space: SearchSpace) -> dict[str, ConfigValue] | None:
    """The configuration of the space that is nearest to another one's values; None when its method is not offered.

    Numbers move to the nearest allowed value; what is missing or has no order becomes the default.
    """
    if any(name in config and name in space.names and not _offered(name, config, space) for name in METHOD_NAMES):
        return None
    fitted: dict[str, ConfigValue] = {}
    for name in space.names:
        parameter = space.active(fitted).get(name)
        if parameter is not None:
            fitted[name] = nearest_value(parameter, config[name]) if name in config else parameter.default
    return fitted


def nearest_value(parameter: Parameter, value: ConfigValue) -> ConfigValue:
    """The allowed value nearest to a wanted one; the default where there is no order."""
    if parameter.contains(value):
        return value
    if isinstance(value, str | bool) or isinstance(parameter, Categorical):
        return parameter.default
    if isinstance(parameter, Ordinal):
        numbers = [own for own in parameter.values if not isinstance(own, str)]
        near = min(
            numbers, key=lambda own: abs(_squeezed(float(own)) - _squeezed(float(value))), default=parameter.default
        )
        return near
    return parameter.from_unit(parameter.to_unit(min(max(value, parameter.low), parameter.high)))


def nearest_listed(config: Config, space: SearchSpace, known: set[str]) -> dict[str, ConfigValue] | None:
    """The listed configuration that is nearest in the unit cube and not among the known keys."""
    gaps = np.abs(listed_points(space) - space.encode(config)).sum(axis=1)
    left = [place for place in np.argsort(gaps, kind="stable") if config_key(space.only[place]) not in known]
    return dict(space.only[left[0]]) if left else None


def completed(config: Config, space: SearchSpace) -> Config:
    """A listed configuration with the defaults for what it lacks: the logs leave out what was null (XAutoLM 4.3)."""
    return config if space.contains(config) else fit_into(config, space) or config


def listed_points(space: SearchSpace) -> np.ndarray:
    """The configurations of `space.only` in the unit cube, shape `(n, d)`."""
    return _points(ByIdentity((space,)))


def _offered(name: str, config: Config, space: SearchSpace) -> bool:
    return any(parameter.contains(config[name]) for parameter in space.variants[name])


def _squeezed(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)


@lru_cache(maxsize=8)
def _points(key: ByIdentity) -> np.ndarray:
    (space,) = key.items
    fitted = [fit_into(config, space) for config in space.only]
    unknown = np.full(len(space.names), UNKNOWN)
    return np.array([space.encode(config) if config is not None else unknown for config in fitted])
