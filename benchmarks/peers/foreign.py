"""Our spaces in the terms of other libraries.

They want one range per name: a parameter that stands several times under conditions gets one name per variant. Ordered
lists become whole numbers, the places in the list.
"""

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue
from xautolm_nb.space import Categorical, Float, Integer, Ordinal, Parameter, SearchSpace


def label(parameter: Parameter, space: SearchSpace) -> str:
    """Name of a variant: that of the parameter, numbered where there are several."""
    variants = space.variants[parameter.name]
    return parameter.name if len(variants) == 1 else f"{parameter.name}@{variants.index(parameter)}"


def outward(parameter: Parameter, value: ConfigValue) -> ConfigValue:
    """A value as it is told: the nearest that the range knows, of ordered lists the place."""
    if isinstance(parameter, Ordinal):
        return _place(parameter, value)
    if isinstance(parameter, Categorical):
        return value if parameter.contains(value) else parameter.default
    number = min(max(float(value), parameter.low), parameter.high)
    return round(number) if isinstance(parameter, Integer) else number


def inward(parameter: Parameter, value: ConfigValue) -> ConfigValue:
    """A told value as the space knows it."""
    if isinstance(parameter, Ordinal):
        return parameter.values[int(value)]
    if isinstance(parameter, Categorical):
        return value
    return int(value) if isinstance(parameter, Integer) else float(value)


def told(config: Config, space: SearchSpace) -> dict[str, tuple[Parameter, ConfigValue]]:
    """Label to parameter and told value, of what a configuration has."""
    active = space.active(config)
    return {
        label(parameter, space): (parameter, outward(parameter, config[name]))
        for name, parameter in active.items()
        if name in config
    }


def is_fixed(parameter: Parameter) -> bool:
    """Whether there is no choice."""
    return parameter.low == parameter.high if isinstance(parameter, Float) else parameter.cardinality == 1


def _place(parameter: Ordinal, value: ConfigValue) -> int:
    if parameter.contains(value):
        return int(parameter.to_unit(value) * len(parameter.values))
    apart = [abs(float(own) - float(value)) for own in parameter.values]
    return int(np.argmin(apart))
