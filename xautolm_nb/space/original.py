"""The space of XAutoLM by its own names, `xautolm-original/1`, and its translation into the mended one.

The values are those of XAutoLM 2.1 (classification) and 2.4 (generation), including what the recorded runs of 2024
still searched: the early-stopping switch, its patience, and all cores as a worker count.
"""

from collections.abc import Mapping
from typing import Literal

from xautolm_nb.core.config import Config, ConfigValue
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import TaskKind
from xautolm_nb.space.parameters import Categorical, Condition, Integer, Ordinal, Parameter
from xautolm_nb.space.pool import DEFAULT_POOL, pool_entry, pool_of
from xautolm_nb.space.space import SearchSpace

SPACE = "xautolm-original/1"
Era = Literal["2024", "2025"]

ENCODER_CLASSES = (
    "FineTuneLLMEmbeddingClassifier",
    "PartialFineTuneLLMEmbeddingClassifier",
    "LoraLLMEmbeddingClassifier",
)
GENERATIVE_CLASSES = ("FineTuneGenLLMClassifier", "PartialFineTuneGenLLMClassifier", "LoraGenLLMClassifier")
TASK_CLASSES = ("FineTuneGenLLMTask", "PartialFineTuneGenLLMTask", "LoraGenLLMTask")
_SCHEDULES = {
    "linear": "linear",
    "cosine": "cosine",
    "cosine_with_restarts": "cosine",  # one cycle, so no restart
    "polynomial": "linear",  # power 1
    "constant": "constant",
}


def class_suffix(id_: str) -> str:
    """How the original named a model in its logs: `google-t5/t5-11b` is `Google_T5_T5_11B`."""
    return id_.replace(".", "").replace("/", "_").replace("-", "_").title()


def _class_name(model: ModelInfo) -> str:
    return ("WORD_EMB_" if model.architecture == "encoder" else "TEXT_GEN_") + class_suffix(model.id)


MODEL_IDS: Mapping[str, str] = {_class_name(model): model.id for model in DEFAULT_POOL}
"""Class name in the original's logs to hub id: `WORD_EMB_Bert_Base_Uncased` to `bert-base-uncased`."""

CLASS_NAMES: Mapping[str, str] = {id_: name for name, id_ in MODEL_IDS.items()}
"""Hub id to class name in the original's logs."""


def original_space(kind: TaskKind = "classification", *, era: Era = "2024") -> SearchSpace:
    """Build the original space, defects and all, for reproduction.

    Args:
        kind: Classification has six method classes over encoders and generative models; the other kinds have three
            over generative models.
        era: Which list of generative models: that of the recorded classification runs (2024) or of May 2025.
    """
    generative = pool_of(f"generative_{era}")
    if kind == "classification":
        pools = {ENCODER_CLASSES: pool_of("encoder"), GENERATIVE_CLASSES: generative}
    else:
        pools = {TASK_CLASSES: generative}
    classes = tuple(name for group in pools for name in group)
    parameters = (
        Categorical(name="method_class", values=classes, default=classes[0]),
        *(_models(group, models, alone=len(pools) == 1) for group, models in pools.items()),
        *_shared(),
        *(_classification(classes) if kind == "classification" else _generation()),
        *_by_method(classes, init=kind == "classification"),
    )
    return SearchSpace(
        name=SPACE, parameters=parameters, models={model.id: model for models in pools.values() for model in models}
    )


def _models(classes: tuple[str, ...], models: tuple[ModelInfo, ...], *, alone: bool) -> Parameter:
    ids = tuple(model.id for model in models)
    when: Condition = {} if alone else {"method_class": classes}
    return Categorical(name="model", values=ids, default=ids[0], when=when)


def _shared() -> tuple[Parameter, ...]:
    """What every method class has."""
    return (
        Ordinal(name="batch_size", values=(2, 4, 8, 16, 32, 64, 128, 256), default=16),
        Ordinal(name="max_length", values=(64, 128, 256, 512, 1024, 2048, 4096), default=512),
        Ordinal(name="learning_rate", values=(5e-6, 1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 1e-4), default=5e-5),
        Integer(name="epochs", low=1, high=10, default=3),
        Ordinal(name="warmup_steps", values=(0, 100, 500, 1000, 1500, 2000), default=0),
        Ordinal(name="weight_decay", values=(0.0, 0.001, 0.005, 0.01, 0.1), default=0.01),
        Categorical(name="optimizer", values=("adamw", "adam", "sgd", "adagrad"), default="adamw"),
        Ordinal(name="gradient_accumulation_steps", values=(1, 2, 4, 8, 16), default=1),
        Categorical(name="lr_scheduler", values=tuple(_SCHEDULES), default="linear"),
        Ordinal(name="early_stopping_delta", values=(0.0, 0.001, 0.005, 0.01), default=0.001),
        Integer(name="early_stopping_patience", low=1, high=10, default=2),
        Categorical(name="use_mixed_precision", values=(False, True), default=True),
        Categorical(name="use_gradient_clipping", values=(False, True), default=True),
        Ordinal(name="gradient_clipping_max_norm", values=(0.5, 1.0, 5.0), default=1.0),
        Categorical(name="num_workers", values=("default", "1/4", "half", "3/4", "all"), default="default"),
    )


def _classification(classes: tuple[str, ...]) -> tuple[Parameter, ...]:
    full_or_partial = tuple(name for name in classes if not name.startswith("Lora"))
    return (
        Categorical(name="use_early_stopping", values=(False, True), default=True),
        Categorical(name="class_weighted_loss", values=(False, True), default=False),
        Ordinal(
            name="dropout_rate", values=(0.1, 0.2, 0.3, 0.4, 0.5), default=0.1, when={"method_class": full_or_partial}
        ),
    )


def _generation() -> tuple[Parameter, ...]:
    return (Categorical(name="verbose", values=(False, True), default=False),)


def _by_method(classes: tuple[str, ...], *, init: bool) -> tuple[Parameter, ...]:
    """What partial fine-tuning and LoRA have of their own; a null LoRA initialisation is written `none`."""
    partial: Condition = {"method_class": tuple(name for name in classes if name.startswith("Partial"))}
    lora: Condition = {"method_class": tuple(name for name in classes if name.startswith("Lora"))}
    common: tuple[Parameter, ...] = (
        Ordinal(name="num_trainable_layers", values=(1, 2, 4, 8, 16, 32, 64), default=2, when=partial),
        Integer(name="lora_r", low=1, high=32, default=8, when=lora),
        Ordinal(name="lora_alpha", values=(8, 16, 32, 64), default=16, when=lora),
        Ordinal(name="lora_dropout", values=(0.0, 0.1, 0.2, 0.3), default=0.1, when=lora),
    )
    if not init:
        return (*common, _bias(("LoraGenLLMTask",), ("none", "all", "lora_only")))
    return (
        *common,
        _bias(("LoraLLMEmbeddingClassifier",), ("none", "all", "lora_only")),
        _bias(("LoraGenLLMClassifier",), ("none", "all")),
        Categorical(name="model_save", values=("classifier", "all"), default="classifier", when=lora),
        Categorical(name="init_lora_weights", values=("gaussian", "pissa", "loftq", "none"), default="none", when=lora),
        Categorical(name="fan_in_fan_out", values=(False, True), default=False, when=lora),
    )


def _bias(classes: tuple[str, ...], values: tuple[str, ...]) -> Parameter:
    return Categorical(name="lora_bias", values=values, default="none", when={"method_class": classes})


def original_model(config: Config) -> ModelInfo | None:
    """The pool's record of an original configuration's model, named by hub id or by class name."""
    name = str(config.get("model", ""))
    return pool_entry(MODEL_IDS.get(name, name))


def to_mended(config: Config, rows: int) -> dict[str, ConfigValue]:
    """Translate an original configuration into the names of `xautolm-nb/1`, as far as it has a meaning there.

    The result is for features, not for running: learning rates and batch sizes may lie outside the mended ranges, and
    extra keys tell what the original run did that ours never does: `padding`, `micro_batch_size`,
    `gradient_accumulation`, `mixed_precision`, `early_stopping`, `warmup_steps`, `gradient_clipping`,
    `lora_save_all`, `generative`, and the LoRA initialisations `loftq` and `none`.

    Args:
        config: In original names; missing ones take the original's defaults.
        rows: Rows of the task (70 % of them train in each split).
    """
    name = str(config.get("method_class", ""))
    method = "partial" if name.startswith("Partial") else "lora" if name.startswith("Lora") else "full"
    model = original_model(config)
    micro, accumulation = _int(config, "batch_size", 16), _int(config, "gradient_accumulation_steps", 1)
    epochs, warmup = _int(config, "epochs", 3), _int(config, "warmup_steps", 0)
    updates = max(0.7 * rows * epochs / (micro * accumulation), 1.0)
    optimizer = str(config.get("optimizer", "adamw"))
    result: dict[str, ConfigValue] = {
        "model": model.id if model else str(config.get("model", "")),
        "method": method,
        "epochs": epochs,
        "batch_size": micro * accumulation,
        "max_length": _int(config, "max_length", 512),
        "learning_rate": float(config.get("learning_rate", 5e-5)),
        "optimizer": "adamw" if optimizer == "adam" else optimizer,
        "schedule": _SCHEDULES.get(str(config.get("lr_scheduler", "linear")), "linear"),
        "warmup_ratio": min(warmup / updates, 1.0),
        "class_weights": bool(config.get("class_weighted_loss", False)),
        "padding": "max_length",
        "micro_batch_size": micro,
        "gradient_accumulation": accumulation,
        "warmup_steps": warmup,
        "mixed_precision": bool(config.get("use_mixed_precision", False)),
        "early_stopping": bool(config.get("use_early_stopping", True)),
        "gradient_clipping": bool(config.get("use_gradient_clipping", False)),
        "generative": "Gen" in name,
    }
    if "weight_decay" in config and optimizer in ("adam", "adamw"):
        result["weight_decay"] = float(config["weight_decay"])
    return result | _own(config, method, model)


def _own(config: Config, method: str, model: ModelInfo | None) -> dict[str, ConfigValue]:
    """The parameters of one method."""
    if method == "lora":
        rank = _int(config, "lora_r", 8)
        return {
            "lora_rank": rank,
            "lora_scale": float(config.get("lora_alpha", 16)) / rank,
            "lora_dropout": float(config.get("lora_dropout", 0.0)),
            "lora_targets": "attention",
            "lora_init": str(config.get("init_lora_weights", "none")),
            "lora_save_all": config.get("model_save") == "all",
        }
    own: dict[str, ConfigValue] = {}
    if "dropout_rate" in config:
        own["dropout"] = float(config["dropout_rate"])
    if method == "partial":
        layers = model.layers if model and model.layers else 12
        own["layer_share"] = min(float(config.get("num_trainable_layers", 2)) / layers, 1.0)
    return own


def _int(config: Config, name: str, default: int) -> int:
    return int(config.get(name, default))
