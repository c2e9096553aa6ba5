"""A configuration on a model, for a task, on a machine, as vectors: what all learned models of the search read.

Physics carries most of it (our replay study of the recorded XAutoLM trials): predicted memory and time, and *travel*,
how far the optimizer can move. Models stand as their numbers, so a checkpoint nobody tried before gets a sensible
prior. Every constant is fixed, none is computed from the data at hand: a vector means the same in every study.

A space that is not about fine-tuning (no models in it) has no physics: there the place in the unit cube is the vector.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space import Physics, SearchSpace, estimate, to_mended
from xautolm_nb.space.original import SPACE as ORIGINAL
from xautolm_nb.space.original import original_model

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("bert",),
    ("roberta", "xlm-roberta", "camembert"),
    ("distilbert",),
    ("electra",),
    ("deberta", "deberta-v2"),
    ("albert",),
    ("xlnet", "mpnet"),
    ("modernbert",),
    ("gpt2", "opt", "gpt_neo", "gpt_neox"),
    ("llama", "mistral", "gemma", "gemma2", "qwen2", "qwen3", "phi", "phi3"),
    ("t5", "mt5", "bart"),
)
"""Families that get a column of their own; relatives share one, all others have none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """A configuration with everything computed from it before it is run."""

    config: Config
    """As it would be proposed."""
    settings: Config
    """The same in the names of `xautolm-nb/1`."""
    model: ModelInfo
    physics: Physics
    vector: Float[np.ndarray, " d"]
    """What the score depends on; `FEATURES`, or the place in the unit cube."""
    traits: Float[np.ndarray, " f"]
    """What success and seconds depend on: always `FEATURES`."""


_UNKNOWN_MODEL = ModelInfo(id="", path="")
_UNKNOWN_PHYSICS = Physics(
    memory_gib=0.0,
    limit_gib=1.0,
    seconds_train=60.0,
    seconds_eval=0.0,
    seconds_load=0.0,
    updates=1e3,
    tokens=0.0,
    length=0.0,
    travel=-1.5,
    trainable_parameters=0.0,
    micro_batch=1,
    accumulation=1,
    fits=True,
)


def describe(config: Config, model: ModelInfo, context: Context) -> Point:
    """Compute the physics and the feature vector of a configuration (mended names, or translated by `to_mended`)."""
    physics = estimate(config, model, context)
    columns = {**_physics(physics), **_model(model), **_method(config, physics, model), **_training(config, context)}
    vector = np.array([columns[name] for name in FEATURES])
    return Point(config=config, settings=config, model=model, physics=physics, vector=vector, traits=vector)


def locate(config: Config, space: SearchSpace, context: Context) -> Point | None:
    """Describe a configuration of a space; None when its model is not known.

    A configuration of the original space is translated; one of a space without models is placed in the unit cube, each
    column scaled to a deviation of 1 for uniform draws.
    """
    if space.name == ORIGINAL:
        model = original_model(config)
        known = model is not None and bool(context.task.paper)
        settings = to_mended(config, int(context.task.paper[0])) if known else {}
        return replace(describe(settings, model, context), config=config) if known and model is not None else None
    if space.models:
        model = space.models.get(str(config.get("model")))
        return describe(config, model, context) if model is not None else None
    vector = (space.encode(config) - 0.5) * math.sqrt(12.0)
    traits = _physics(_UNKNOWN_PHYSICS)
    return Point(
        config=config,
        settings=config,
        model=_UNKNOWN_MODEL,
        physics=_UNKNOWN_PHYSICS,
        vector=vector,
        traits=np.array([traits.get(name, 0.0) for name in FEATURES]),
    )


def matrix(points: Sequence[Point]) -> Float[np.ndarray, "n d"]:
    """Stack the vectors of points; without any they have no width."""
    return np.stack([point.vector for point in points]) if points else np.zeros((0, 0))


def traits(points: Sequence[Point]) -> Float[np.ndarray, "n f"]:
    """Stack the traits of points."""
    return np.array([point.traits for point in points], dtype=np.float64).reshape(len(points), len(FEATURES))


def column(name: str) -> int:
    """Index of a feature by name."""
    return FEATURES.index(name)


def _physics(physics: Physics) -> dict[str, float]:
    return {
        "travel": _clip(physics.travel + 1.5, 4.0),  # 0 at learning rate 5e-5 for 1,260 decayed Adam steps
        "log_memory": _clip(math.log(max(physics.memory_share, 1e-3)), 4.0),
        "log_seconds": _clip((math.log(max(physics.seconds, 1e-2)) - 6.0) / 1.5, 4.0),
        "log_updates": _clip(math.log10(max(physics.updates, 1.0)) - 3.0, 4.0),
    }


def _model(model: ModelInfo) -> dict[str, float]:
    known = {f"family_{names[0]}": float(model.family in names) for names in FAMILIES}
    return known | {
        "log_parameters": (math.log10(max(model.parameters, 1e6)) - 8.0) / 0.6,
        "layers": model.layers / 12.0 - 1.0,
        "hidden": (model.hidden - 768.0) / 256.0,
        "depth_share": model.layers / model.full_layers if model.is_cut else 1.0,
        "generative": float(model.architecture != "encoder"),
        "english": float(model.languages in ((), ("en",))),
    }


def _method(config: Config, physics: Physics, model: ModelInfo) -> dict[str, float]:
    method = str(config["method"])
    rank = _number(config, "lora_rank", 8.0)
    return {
        "partial": float(method == "partial"),
        "lora": float(method == "lora"),
        "head": float(method == "head"),
        "trained_share": math.sqrt(min(1.0, physics.trainable_parameters / max(model.parameters, 1.0))),
        "lora_rank": _clip(math.log2(max(rank, 1.0)) - 3.0, 5.0) / 2,
        "lora_scale": _clip(math.log2(max(_number(config, "lora_scale", 2.0), 0.05)) - 1.0, 5.0) / 2,
        "lora_dropout": _number(config, "lora_dropout", 0.05) / 0.15,
        "all_linear": float(config.get("lora_targets", "all-linear") == "all-linear"),
        "pissa": float(config.get("lora_init") == "pissa"),
    }


def _training(config: Config, context: Context) -> dict[str, float]:
    optimizer, schedule = str(config["optimizer"]), str(config.get("schedule", "linear"))
    return {
        "log_learning_rate": _clip(math.log10(max(_number(config, "learning_rate", 5e-5), 1e-9)) + 4.3, 4.0),
        "epochs": math.log2(max(_number(config, "epochs", 3.0), 1.0)) - 1.6,
        "adagrad": float(optimizer == "adagrad"),
        "sgd": float(optimizer == "sgd"),
        "batch": (math.log2(max(_number(config, "batch_size", 16.0), 1.0)) - 4.0) / 1.5,
        "weight_decay": math.log10(_number(config, "weight_decay", 0.0) + 1e-4) + 2.0,
        "dropout": _number(config, "dropout", 0.1) / 0.15,
        "constant_schedule": float(schedule == "constant"),
        "cosine_schedule": float(schedule == "cosine"),
        "warmup": _clip(_number(config, "warmup_ratio", 0.1) / 0.15, 4.0),
        "class_weights": float(bool(config.get("class_weights", False))),
        "max_length": _clip(math.log2(max(_number(config, "max_length", _usual_length(context)), 8.0)) - 7.0, 3.0),
        "mixed_precision": float(bool(config.get("mixed_precision", context.system.device != "cpu"))),
        "early_stopping": float(bool(config.get("early_stopping", False))),
    }


def _usual_length(context: Context) -> float:
    """Where the engine cuts when the configuration does not say: the longest rows of the data."""
    return float(context.task.extra.get("tokens_p99", 128.0))


def _number(config: Mapping[str, object], name: str, otherwise: float) -> float:
    value = config.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def _clip(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


FEATURES: tuple[str, ...] = (
    *("travel", "log_memory", "log_seconds", "log_updates"),
    *("log_parameters", "layers", "hidden", "depth_share", "generative", "english"),
    *(f"family_{names[0]}" for names in FAMILIES),
    *("partial", "lora", "head", "trained_share", "lora_rank", "lora_scale", "lora_dropout", "all_linear", "pissa"),
    *("log_learning_rate", "epochs", "adagrad", "sgd", "batch", "weight_decay", "dropout"),
    *("constant_schedule", "cosine_schedule", "warmup", "class_weights", "max_length"),
    *("mixed_precision", "early_stopping"),
)
"""Names of the columns, in order; `travel` is first because the score kernel treats it apart."""
