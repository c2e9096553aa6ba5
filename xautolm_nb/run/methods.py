"""Pretrained model + fine-tuning method → a model that knows which of its weights to train.

Architecture-free: the layers are the longest `ModuleList` of the body, the head is what lies outside the body (plus
the pooler and any weight the checkpoint did not bring), linear layers are found by type.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError

ATTENTION = re.compile(r"(^|\.)\w*(attn|attention)\w*(\.|$)", re.IGNORECASE)
DROPOUT = re.compile(r"(dropout(_prob)?|pdrop|dropout_p)$")
LORA_INITS: Mapping[str, bool | str] = {"default": True, "gaussian": "gaussian", "pissa": "pissa"}


def load_model(info: ModelInfo, config: Mapping[str, ConfigValue], task: Task, *, seed: int) -> nn.Module:
    """Load a pretrained model with a classification head and make it ready for the config's method.

    The head and the adapters start from `seed`. A cut loads the first `info.layers` layers only.

    Raises:
        TrialError: The model cannot be had, has no classification head, or does not take the adapter.
    """
    torch.manual_seed(seed)
    model, new = load_pretrained(info, config, task)
    return apply_method(model, config, new)


def load_tokenizer(info: ModelInfo) -> Any:
    """Load the tokenizer of a model; without a pad token the end-of-text token pads.

    Raises:
        TrialError: There is no tokenizer that can be read.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(info.path, **_source(info))
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise _unavailable(info, "tokenizer", error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def load_pretrained(info: ModelInfo, config: Mapping[str, ConfigValue], task: Task) -> tuple[nn.Module, frozenset[str]]:
    """Load checkpoint and head in float32; returns the model and the names of weights the checkpoint lacked."""
    from safetensors import SafetensorError
    from transformers import AutoModelForSequenceClassification

    settings = model_settings(info, config, task)
    try:
        model, report = AutoModelForSequenceClassification.from_pretrained(
            info.path,
            config=settings,
            dtype=torch.float32,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # a head for other labels is replaced; the body is checked below
            output_loading_info=True,
            **_source(info),
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise _unavailable(info, "model", error) from error
    new = frozenset(report["missing_keys"]) | {str(entry[0]) for entry in report["mismatched_keys"]}
    _check_body(info, model, new)
    return model, new


def model_settings(info: ModelInfo, config: Mapping[str, ConfigValue], task: Task) -> Any:
    """The Transformers config of a trial: labels, layers of a cut, dropout, pad token.

    Raises:
        TrialError: The config cannot be read, or the architecture has no sequence classification head.
    """
    from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoConfig

    names = dict(enumerate(task.labels))
    try:
        settings = AutoConfig.from_pretrained(
            info.path, id2label=names, label2id={name: index for index, name in names.items()}, **_source(info)
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unavailable(info, "config", error) from error
    if type(settings) not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise TrialError(
            FailureKind.NO_CLASSIFICATION_HEAD,
            f"{info.id} ({settings.model_type}) has no sequence classification head in Transformers.",
            hint="Choose another model.",
        )
    settings.problem_type = "single_label_classification"
    if settings.pad_token_id is None:
        settings.pad_token_id = settings.eos_token_id
    if info.is_cut:
        _cut(settings, info.layers)
    if "dropout" in config:
        set_dropout(settings, float(config["dropout"]))
    return settings


def set_dropout(settings: Any, rate: float) -> None:
    """Set every dropout rate that a Transformers config names; an unset head rate follows the others."""
    for name, value in settings.to_dict().items():
        if DROPOUT.search(name) and isinstance(value, int | float) and not isinstance(value, bool):
            setattr(settings, name, rate)


def apply_method(model: nn.Module, config: Mapping[str, ConfigValue], new: frozenset[str] = frozenset()) -> nn.Module:
    """Decide which weights train: all, the top layers, adapters, or the head; the head trains always.

    Args:
        model: A Transformers model for sequence classification.
        config: Names the `method` and its parameters.
        new: Names of weights that the checkpoint did not bring; they train whatever the method.

    Returns:
        The model itself, or for LoRA a PEFT model round it.
    """
    method = str(config["method"])
    head = head_parameters(model, new)
    if method == "full":
        model.requires_grad_(True)
        return model
    model.requires_grad_(False)
    if method == "lora":
        model = add_lora(model, config)
    elif method == "partial":
        for block in top_blocks(model, float(config["layer_share"])):
            block.requires_grad_(True)
    for parameter in head:
        parameter.requires_grad_(True)
    return model


def head_parameters(model: nn.Module, new: frozenset[str] = frozenset()) -> list[nn.Parameter]:
    """Weights of the head: outside the body, in its pooler, or missing from the checkpoint."""
    body = f"{model.base_model_prefix}."
    pooler = f"{body}pooler."
    return [
        parameter
        for name, parameter in model.named_parameters()
        if not name.startswith(body) or name.startswith(pooler) or name in new
    ]


def blocks(model: nn.Module) -> nn.ModuleList:
    """The Transformer layers: the longest list of modules in the model, bottom first."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=len) if lists else nn.ModuleList()


def top_blocks(model: nn.Module, share: float) -> list[nn.Module]:
    """The topmost `share` of the layers, at least one (partial fine-tuning, XAutoLM 2.1)."""
    layers = list(blocks(model))
    return layers[len(layers) - max(1, round(share * len(layers))) :]


def lora_targets(model: nn.Module, targets: str) -> list[str]:
    """Names of the linear layers inside the Transformer layers: all, or those of the attention only."""
    from transformers.pytorch_utils import Conv1D

    layers = blocks(model)
    prefix = next((name for name, module in model.named_modules() if module is layers), "")
    return [
        f"{prefix}.{name}"
        for name, module in layers.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and (targets == "all-linear" or ATTENTION.search(name))
    ]


def add_lora(model: nn.Module, config: Mapping[str, ConfigValue]) -> nn.Module:
    """Put LoRA adapters on a model (Hu et al. 2021) by PEFT.

    Raises:
        TrialError: The model has no layer the adapter could go to, or its shapes do not take the rank.
    """
    from peft import LoraConfig, get_peft_model

    names = lora_targets(model, str(config["lora_targets"]))
    rank = int(config["lora_rank"])
    if not names:
        raise TrialError(
            FailureKind.ADAPTER_MISMATCH,
            f"LoRA expects linear layers for {config['lora_targets']!r}, but {type(model).__name__} has none.",
            hint="Use another method for this model.",
        )
    settings = LoraConfig(
        r=rank,
        lora_alpha=float(config["lora_scale"]) * rank,
        lora_dropout=float(config["lora_dropout"]),
        target_modules=names,
        init_lora_weights=LORA_INITS[str(config["lora_init"])],
        fan_in_fan_out=not isinstance(model.get_submodule(names[0]), nn.Linear),
    )
    try:
        return get_peft_model(model, settings)
    except (ValueError, RuntimeError, TypeError) as error:
        raise TrialError(FailureKind.ADAPTER_MISMATCH, f"PEFT cannot adapt {type(model).__name__}: {error}") from error


def merge_adapters(model: Any) -> Any:
    """Fold LoRA adapters into the weights; other models come back as they are."""
    from peft import PeftModel

    return model.merge_and_unload() if isinstance(model, PeftModel) else model


def train_mode(model: nn.Module, method: str) -> None:
    """Switch to training. What is frozen by `head` and `partial` stays in evaluation mode, free of dropout noise."""
    model.train()
    if method in ("head", "partial"):
        for module in model.modules():
            parameters = list(module.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                module.eval()


def trainable_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """The weights that train, by name: all that a checkpoint has to hold."""
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def load_trainable(model: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Put back what `trainable_state` gave.

    Raises:
        ValueError: The names differ: the weights are of another configuration.
    """
    own = trainable_state(model)
    if own.keys() != state.keys():
        odd = sorted(own.keys() ^ state.keys())[:3]
        raise ValueError(
            f"kept weights do not belong to this model: {len(own)} expected, {len(state)} found, e.g. {odd}"
        )
    for name, weight in own.items():
        weight.copy_(state[name])


def _source(info: ModelInfo) -> dict[str, Any]:
    return {"revision": info.revision or "main", "trust_remote_code": False, "local_files_only": info.where != "hub"}


def _cut(settings: Any, layers: int) -> None:
    settings.num_hidden_layers = layers
    for name in ("layer_types", "mlp_layer_types"):  # newer configs say the kind of each layer
        kinds = getattr(settings, name, None)
        if isinstance(kinds, list):
            setattr(settings, name, kinds[:layers])


def _check_body(info: ModelInfo, model: nn.Module, new: frozenset[str]) -> None:
    body = f"{model.base_model_prefix}."
    lacking = [name for name in new if name.startswith(body) and not name.startswith(f"{body}pooler.")]
    if lacking:
        raise TrialError(
            FailureKind.MODEL_UNAVAILABLE,
            f"The checkpoint of {info.id} lacks {len(lacking)} weights of its own architecture, such as {lacking[0]}.",
            hint="Download the model again, or choose another.",
        )


def _unavailable(info: ModelInfo, part: str, error: Exception) -> TrialError:
    lines = str(error).strip().splitlines()
    return TrialError(
        FailureKind.MODEL_UNAVAILABLE,
        f"The {part} of {info.id} cannot be loaded: {lines[0] if lines else type(error).__name__}",
        hint="Weights load from safetensors only, and no code of a model is run.",
    )
