"""New configurations worth looking at: what served elsewhere, what lies near the best here, and the unknown."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.optimize.cases import Case
from xautolm_nb.space import Categorical, Float, Ordinal, Parameter, SearchSpace

RANDOM = 160
"""Random configurations in the pool."""
PER_INCUMBENT = 16
"""Neighbours of each of the best configurations so far."""
FROM_STORE = 24
"""Configurations carried over from the store."""


def random_configs(
    space: SearchSpace, context: Context, rng: np.random.Generator, n: int, known: Iterable[str] = ()
) -> list[dict[str, ConfigValue]]:
    """Draw up to `n` different configurations that can run here and are not among the known keys.

    Fewer come back when the space is nearly exhausted or hardly anything fits the machine.
    """
    if space.only:
        drawn: Iterable[Config] = (space.only[int(i)] for i in rng.permutation(len(space.only)))
    else:
        drawn = (space.sample(rng) for _ in range(4 * n + 50))
    return valid_new(drawn, space, context, known, n)


def pool(
    space: SearchSpace,
    context: Context,
    rng: np.random.Generator,
    *,
    incumbents: Sequence[Config] = (),
    stored: Sequence[Case] = (),
    known: Iterable[str] = (),
) -> list[dict[str, ConfigValue]]:
    """Gather candidates: the customary ones, the store's best, neighbours of the best here, random ones.

    All are valid, can run by prediction, differ from each other and from the `known` keys.

    Args:
        space: Where to search.
        context: Task and machine.
        rng: Draws the random part.
        incumbents: The best configurations of this study.
        stored: The store's best cases, most promising first.
        known: Keys of configurations that were tried or are running.
    """
    near = [config for incumbent in incumbents for config in space.neighbors(incumbent, rng, PER_INCUMBENT)]
    carried = [config for case in stored[:FROM_STORE] for config in carry_over(case.point.settings, space)]
    close = [config for config in carried[:4] for config in space.neighbors(config, rng, 4)]
    found = [space.default(), *customary(space), *carried, *near, *close, *random_configs(space, context, rng, RANDOM)]
    return valid_new(found, space, context, known, len(found))


def customary(space: SearchSpace) -> list[dict[str, ConfigValue]]:
    """What a practitioner would try, in that order.

    The default; the same with a larger step; LoRA; the other models, largest first, with a larger step; the other
    methods; and then all of it for a single epoch, for those who have little time. Nothing in a space without models.
    """
    if space.only or not space.models:
        return []
    first = space.default()
    models = sorted(space.models.values(), key=lambda model: -model.parameters)
    wanted = [("full", str(first["model"])), ("lora", str(first["model"]))]
    wanted += [("full", model.id) for model in models if model.id != first["model"]]
    wanted += [(method, str(first["model"])) for method in ("partial", "head")]
    found = [first, _bolder(first, space)]
    for method, model in wanted:
        try:
            config = space.default(model_id=model, method=method)
        except SpaceError:  # not offered
            continue
        found.append(config if method in ("lora", "head") else _bolder(config, space))
    return [*found, *({**config, "epochs": 1} for config in found)]


def _bolder(config: dict[str, ConfigValue], space: SearchSpace) -> dict[str, ConfigValue]:
    """The same with four times the learning rate, as far as the space allows: small models and few rows want it."""
    rate = space.active(config)["learning_rate"]
    highest = rate.high if isinstance(rate, Float) else float(config["learning_rate"])
    return {**config, "learning_rate": min(highest, 4.0 * float(config["learning_rate"]))}


def carry_over(config: Config, space: SearchSpace) -> list[dict[str, ConfigValue]]:
    """Fit a stored configuration into the space: on its own model where that is offered, else on the default one.

    Numbers out of range move to the nearest allowed value, other values the space does not have to their defaults. A
    method that is not offered gives nothing.
    """
    method, model = config.get("method"), str(config.get("model"))
    try:
        base = space.default(model_id=model if model in space.models else None, method=str(method))
    except SpaceError:
        return []
    wanted = {**base, **config, "model": base["model"], "method": base["method"]}
    fitted: dict[str, ConfigValue] = {}
    for name in space.names:
        parameter = space.active(fitted).get(name)
        if parameter is not None:
            fitted[name] = _nearest(parameter, wanted.get(name, parameter.default))
    return [fitted]


def valid_new(
    configs: Iterable[Config], space: SearchSpace, context: Context, known: Iterable[str], limit: int
) -> list[dict[str, ConfigValue]]:
    """Keep the first `limit` configurations that are new and can run by prediction."""
    seen = set(known)
    kept: list[dict[str, ConfigValue]] = []
    for config in configs:
        if len(kept) >= limit:
            break
        key = config_key(config)
        if key in seen:
            continue
        seen.add(key)
        if space.check(config, context) is None:
            kept.append(dict(config))
    return kept


def _nearest(parameter: Parameter, value: ConfigValue) -> ConfigValue:
    """The allowed value nearest to a wanted one; the default where there is no order."""
    if parameter.contains(value):
        return value
    if isinstance(value, str) or isinstance(parameter, Categorical):
        return parameter.default
    if isinstance(parameter, Ordinal):
        return min(parameter.values, key=lambda allowed: abs(math.log1p(float(allowed)) - math.log1p(float(value))))
    return parameter.from_unit(parameter.to_unit(min(max(value, parameter.low), parameter.high)))
