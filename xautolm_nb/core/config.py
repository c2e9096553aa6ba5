"""A configuration: one point of a search space, as plain names and values."""

from collections.abc import Mapping
from typing import TypeAlias

from xautolm_nb.core.serial import content_id

ConfigValue: TypeAlias = str | int | float | bool
Config: TypeAlias = Mapping[str, ConfigValue]
"""Active parameters only: a parameter whose condition does not hold is absent, never null."""


def config_key(config: Config) -> str:
    """Name a configuration by its content; two trials with one key would do the same work."""
    return content_id(dict(config))


def describe_config(config: Config) -> str:
    """Write a configuration in one line for people, model and method first."""
    first = [name for name in ("model", "method") if name in config]
    rest = sorted(name for name in config if name not in first)
    return ", ".join(f"{name}={_short(config[name])}" for name in [*first, *rest])


def _short(value: ConfigValue) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
