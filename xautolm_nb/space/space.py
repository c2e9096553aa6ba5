"""A conditional search space over models, fine-tuning methods and hyperparameters (XAutoLM 2.1, with conditions)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.check import check
from xautolm_nb.space.limits import Limit, limit_parameters
from xautolm_nb.space.parameters import Categorical, Float, Integer, Ordinal, Parameter, holds

INACTIVE = 0.5
"""What a parameter that does not exist in a configuration looks like in the unit cube."""


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """Named parameters with conditions, over a pool of models.

    One name may stand several times with conditions that exclude each other: the learning rate has one range for
    full fine-tuning and another for LoRA. A parameter comes after those its condition names. A configuration holds
    its active parameters and nothing else.
    """

    name: str
    """Name and version, such as `xautolm-nb/1`."""
    parameters: tuple[Parameter, ...]
    models: Mapping[str, ModelInfo]
    preferred: Mapping[str, Mapping[str, ConfigValue]] = field(default_factory=dict)
    """Defaults by model id, used by `default` where they lie in the active range (large models learn slower)."""
    only: tuple[Config, ...] = ()
    """When given, nothing but these configurations is ever drawn: the recorded ones of a benchmark, or a short list."""

    def __post_init__(self) -> None:
        """Check that conditions only look back."""
        seen: set[str] = set()
        for parameter in self.parameters:
            if missing := set(parameter.when) - seen:
                raise SpaceError(
                    f"Parameter '{parameter.name}' of space '{self.name}' depends on {sorted(missing)}, "
                    "which do not come before it.",
                    hint="Put a parameter after those its condition names.",
                )
            seen.add(parameter.name)

    @cached_property
    def variants(self) -> Mapping[str, tuple[Parameter, ...]]:
        """All parameters of a name, in order of first appearance."""
        names = dict.fromkeys(parameter.name for parameter in self.parameters)
        return {name: tuple(p for p in self.parameters if p.name == name) for name in names}

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names: the columns of `encode`."""
        return tuple(self.variants)

    def active(self, config: Config) -> dict[str, Parameter]:
        """The parameters that exist in a configuration, by name."""
        chosen = {name: self._variant(name, config) for name in self.names}
        return {name: parameter for name, parameter in chosen.items() if parameter is not None}

    def sample(self, rng: np.random.Generator) -> dict[str, ConfigValue]:
        """Draw a valid configuration, each active parameter uniformly in its own scale; from a list, one of it."""
        if self.only:
            return dict(self.only[int(rng.integers(len(self.only)))])
        config: dict[str, ConfigValue] = {}
        for name in self.names:
            if (parameter := self._variant(name, config)) is not None:
                config[name] = parameter.sample(rng)
        return config

    def validate(self, config: Config) -> None:
        """Check that a configuration belongs to the space.

        Raises:
            SpaceError: A parameter is unknown, missing, not active or out of range; the message names it.
        """
        active = self.active(config)
        for name in config:
            if name not in self.variants:
                raise SpaceError(
                    f"Space '{self.name}' has no parameter '{name}'.", hint=f"It has: {', '.join(self.names)}."
                )
        for name, parameter in active.items():
            if name not in config:
                raise SpaceError(
                    f"The configuration lacks '{name}', which expects {parameter.allowed()}.",
                    hint=f"Add '{name}', for example {parameter.default!r}.",
                )
            if not parameter.contains(config[name]):
                raise SpaceError(f"Parameter '{name}' expects {parameter.allowed()}, but got {config[name]!r}.")
        if extra := [name for name in config if name not in active]:
            raise SpaceError(
                f"Parameter '{extra[0]}' does not exist for this configuration: it needs {self._needs(extra[0])}.",
                hint=f"Remove '{extra[0]}' or change what it depends on.",
            )

    def contains(self, config: Config) -> bool:
        """Whether `validate` accepts a configuration."""
        try:
            self.validate(config)
        except SpaceError:
            return False
        return True

    def encode(self, config: Config) -> np.ndarray:
        """Place a configuration in the unit cube: shape `(d,)`, one column per name, inactive ones at 0.5.

        Which parameters are active follows from the others, so two valid configurations never share a point.
        """
        active = self.active(config)
        return np.array([active[name].to_unit(config[name]) if name in active else INACTIVE for name in self.names])

    def decode(self, point: np.ndarray | Sequence[float]) -> dict[str, ConfigValue]:
        """Read the configuration at a point of the unit cube; columns of inactive parameters are ignored.

        Raises:
            SpaceError: There are more or fewer numbers than names, or one is not finite.
        """
        try:
            units = np.asarray(point, dtype=float)
        except (TypeError, ValueError, OverflowError):
            units = np.array(np.nan)
        if units.shape != (len(self.names),) or not np.isfinite(units).all():
            raise SpaceError(f"A point of space '{self.name}' is {len(self.names)} finite numbers, but got {point!r}.")
        config: dict[str, ConfigValue] = {}
        for name, unit in zip(self.names, units.clip(0.0, 1.0).tolist(), strict=True):
            if (parameter := self._variant(name, config)) is not None:
                config[name] = parameter.from_unit(unit)
        return config

    def default(self, model_id: str | None = None, method: str | None = None) -> dict[str, ConfigValue]:
        """The configuration a practitioner would try first, for the default model and method or the given ones.

        Raises:
            SpaceError: The model or method is not in the space, or they do not go together.
        """
        wanted = {name: value for name, value in (("model", model_id), ("method", method)) if value is not None}
        config: dict[str, ConfigValue] = {}
        for name in self.names:
            if (parameter := self._variant(name, config)) is not None:
                config[name] = wanted.get(name, self._default(parameter, config))
        self.validate(config)
        return config

    def neighbors(self, config: Config, rng: np.random.Generator, n: int) -> list[dict[str, ConfigValue]]:
        """Draw up to `n` different valid configurations that differ from `config` in one or two choices.

        Parameters whose conditions change with the choice are added, removed or moved to the same place of their
        new range. Fewer than `n` come back only when the space is nearly exhausted. From a list, the nearest of it.
        """
        if self.only:
            return self._nearest_listed(config, n)
        found: dict[str, dict[str, ConfigValue]] = {}
        own = config_key(config)
        free = [name for name, parameter in self.active(config).items() if parameter.cardinality != 1]
        for _ in range(20 * n if free else 0):
            names = rng.choice(free, size=min(len(free), 1 + int(rng.random() < 0.5)), replace=False)
            changed = self._changed(config, {str(name) for name in names}, rng)
            if (key := config_key(changed)) != own:
                found.setdefault(key, changed)
            if len(found) == n:
                break
        return list(found.values())

    def repair(self, config: Config, rng: np.random.Generator) -> dict[str, ConfigValue]:
        """Make a configuration valid, keeping each value that is allowed and drawing the others."""
        return self._changed(config, set(), rng)

    def check(self, config: Config, context: Context, *, seconds_limit: float | None = None) -> str | None:
        """Say why a configuration cannot run here, before it is run; None when nothing speaks against it.

        Listed configurations are taken on their lister's word.
        """
        return None if self.only else check(config, context, self.models, seconds_limit=seconds_limit)

    def restrict(self, fixed: Mapping[str, Limit]) -> "SearchSpace":
        """Fix or limit parameters as a user wishes.

        Args:
            fixed: Parameter name to a value; to several values (any parameter); to two numbers or a text such as
                `"<=3"`, `">=2"`, `"1..3"` as bounds (integers and floats).

        Raises:
            SpaceError: A name or a value is not in the space, or nothing is left.
        """
        parameters = limit_parameters(self.parameters, fixed)
        models = next((p.values for p in parameters if p.name == "model" and isinstance(p, Categorical)), ())
        kept = {str(name): self.models[str(name)] for name in models if name in self.models} if models else self.models
        return replace(self, parameters=parameters, models=kept)

    def with_models(self, models: Iterable[ModelInfo]) -> "SearchSpace":
        """The same space over fewer models, with their records replaced by the given ones.

        Raises:
            SpaceError: A model is new to the space: its limits are not known here, build the space anew.
        """
        given = {model.id: model for model in models}
        return replace(self.restrict({"model": tuple(given)}), models=given)

    @property
    def size(self) -> str:
        """How large the space is, in words: discrete choices and continuous dimensions of its largest branch."""
        discrete, continuous = 1.0, 0
        for variants in self.variants.values():
            counts = [parameter.cardinality for parameter in variants]
            continuous += None in counts
            discrete *= max((count for count in counts if count is not None), default=1)
        return f"{len(self.models)} models, {len(self.names)} parameters, up to {discrete:.1e} discrete choices" + (
            f" x {continuous} continuous dimensions"
        )

    def to_table(self) -> list[dict[str, str]]:
        """One row per parameter and condition: name, values, default, when; for documents and displays."""
        return [
            {
                "name": parameter.name,
                "values": parameter.allowed(),
                "default": str(parameter.default),
                "when": _words(parameter),
            }
            for parameter in self.parameters
        ]

    def _nearest_listed(self, config: Config, n: int) -> list[dict[str, ConfigValue]]:
        own, point = config_key(config), self.encode(config)
        others = [other for other in self.only if config_key(other) != own]
        return [dict(other) for other in sorted(others, key=lambda c: float(np.abs(self.encode(c) - point).sum()))[:n]]

    def _variant(self, name: str, config: Config) -> Parameter | None:
        return next((parameter for parameter in self.variants[name] if holds(parameter.when, config)), None)

    def _default(self, parameter: Parameter, config: Config) -> ConfigValue:
        own = self.preferred.get(str(config.get("model")), {}).get(parameter.name)
        return own if own is not None and parameter.contains(own) else parameter.default

    def _needs(self, name: str) -> str:
        return " or ".join(dict.fromkeys(_words(parameter) for parameter in self.variants[name]))

    def _changed(self, config: Config, names: set[str], rng: np.random.Generator) -> dict[str, ConfigValue]:
        before = self.active(config)
        result: dict[str, ConfigValue] = {}
        for name in self.names:
            parameter = self._variant(name, result)
            if parameter is None:
                continue
            result[name] = _carry(parameter, before.get(name), config.get(name), rng)
            if name in names:
                result[name] = _step(parameter, result[name], rng)
        return result


def _carry(
    parameter: Parameter, before: Parameter | None, value: ConfigValue | None, rng: np.random.Generator
) -> ConfigValue:
    """Keep a value under a new condition: as it is, else at the same place of the new range, else drawn."""
    if value is not None and before is parameter and parameter.contains(value):
        return value
    if value is not None and before is not None and type(before) is type(parameter) and before.contains(value):
        return (
            value
            if isinstance(parameter, Categorical | Ordinal) and parameter.contains(value)
            else (parameter.from_unit(before.to_unit(value)))
        )
    return value if value is not None and parameter.contains(value) else parameter.sample(rng)


def _step(parameter: Parameter, value: ConfigValue, rng: np.random.Generator) -> ConfigValue:
    """Move a value a little: a Gaussian step for numbers, one place for ordinals, any other one for categories."""
    if parameter.cardinality == 1:
        return value
    unit = parameter.to_unit(value)
    if isinstance(parameter, Float):
        return parameter.from_unit(_reflect(unit + 0.15 * float(rng.normal())))
    if isinstance(parameter, Categorical):
        others = [other for other in parameter.values if other != value]
        return others[int(rng.integers(len(others)))]
    return _step_discrete(parameter, value, unit, rng)


def _step_discrete(
    parameter: Integer | Ordinal, value: ConfigValue, unit: float, rng: np.random.Generator
) -> ConfigValue:
    width = 1 / parameter.cardinality
    moved = parameter.from_unit(_reflect(unit + rng.choice([-1.0, 1.0]) * max(width, 0.1 * abs(float(rng.normal())))))
    if moved != value:
        return moved
    if isinstance(parameter, Integer):  # bins of a logarithmic range differ in width, so a step may stay in its bin
        return int(value) + (1 if int(value) < parameter.high else -1)
    return parameter.from_unit(_reflect(unit + width))


def _reflect(unit: float) -> float:
    """Bounce a number off the walls of [0, 1]; a clipped step would pile up at the ends."""
    return min(max(abs(unit) if unit < 0 else 2 - unit if unit > 1 else unit, 0.0), 1.0)


def _words(parameter: Parameter) -> str:
    return " and ".join(f"{name} = {' | '.join(map(str, values))}" for name, values in parameter.when.items())
