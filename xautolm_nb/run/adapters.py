"""Adapters by PEFT: LoRA and its variants, IA3, prompt and prefix tuning; and the 4-bit loading of QLoRA."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.layers import stacks

ATTENTION = re.compile(r"(^|\.)\w*(attn|attention)\w*(\.|$)", re.IGNORECASE)
LORA_INITS: Mapping[str, bool | str] = {"default": True, "gaussian": "gaussian", "pissa": "pissa"}
LORA_METHODS = ("lora", "dora", "rslora", "qlora")
PROMPT_METHODS = ("prompt", "prefix")
ADAPTER_METHODS = (*LORA_METHODS, "ia3", *PROMPT_METHODS)
TASK_TYPES = {
    "classification": "SEQ_CLS",
    "extractive_qa": "QUESTION_ANS",
    "decoder": "CAUSAL_LM",
    "encoder_decoder": "SEQ_2_SEQ_LM",
}


def add_adapter(model: nn.Module, config: Mapping[str, ConfigValue], head_kind: str) -> nn.Module:
    """Put the adapter of the config's method on a frozen model.

    Args:
        model: The pretrained model.
        config: Names the `method` and its parameters.
        head_kind: What the model ends in (`loading.head_kind`); prompts are wired in accordingly.

    Raises:
        TrialError: The adapter does not fit the model.
    """
    from peft import get_peft_model

    method = str(config["method"])
    if method in LORA_METHODS:
        settings = lora_settings(model, config)
    elif method == "ia3":
        settings = _ia3_settings(model)
    else:
        settings = _prompt_settings(config, head_kind)
    try:
        return get_peft_model(model, settings)
    except (ValueError, RuntimeError, TypeError, AttributeError) as error:
        raise TrialError(FailureKind.ADAPTER_MISMATCH, f"PEFT cannot adapt {type(model).__name__}: {error}") from error


def lora_targets(model: nn.Module, targets: str) -> list[str]:
    """Names of the linear layers inside the Transformer layers: all, or those of the attention only."""
    return [
        f"{prefix}.{name}"
        for prefix, layers in stacks(model)
        for name, module in layers.named_modules()
        if is_linear(module) and (targets == "all-linear" or ATTENTION.search(name))
    ]


def is_linear(module: nn.Module) -> bool:
    """Whether a module multiplies by a weight matrix, in whichever of its forms."""
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | Conv1D)


def lora_settings(model: nn.Module, config: Mapping[str, ConfigValue]) -> Any:
    """LoRA (Hu et al. 2021), with weights split into size and direction (DoRA), or scaled by the root (rsLoRA).

    Raises:
        TrialError: The model has no layer the adapter could go to.
    """
    from peft import LoraConfig

    names = lora_targets(model, str(config["lora_targets"]))
    rank, method = int(config["lora_rank"]), str(config["method"])
    if not names:
        raise TrialError(
            FailureKind.ADAPTER_MISMATCH,
            f"LoRA expects linear layers for {config['lora_targets']!r}, but {type(model).__name__} has none.",
            hint="Use another method for this model.",
        )
    return LoraConfig(
        r=rank,
        lora_alpha=float(config["lora_scale"]) * rank,  # LoRA divides it by the rank, rsLoRA by the root of the rank
        lora_dropout=float(config["lora_dropout"]),
        target_modules=names,
        init_lora_weights=LORA_INITS[str(config["lora_init"])],
        fan_in_fan_out=not isinstance(model.get_submodule(names[0]), nn.Linear),
        use_dora=method == "dora",
        use_rslora=method == "rslora",
    )


def merge_adapters(model: Any) -> Any:
    """Fold adapters into the weights; prompts cannot be folded in and stay beside them, as other models come back."""
    from peft import PeftModel

    is_foldable = isinstance(model, PeftModel) and not model.active_peft_config.is_prompt_learning
    return model.merge_and_unload() if is_foldable else model


def virtual_tokens(config: Mapping[str, ConfigValue]) -> int:
    """Positions that learned prompts take from the text."""
    return int(config["virtual_tokens"]) if str(config["method"]) in PROMPT_METHODS else 0


def quantisation(config: Mapping[str, ConfigValue]) -> dict[str, Any]:
    """Options of `from_pretrained` that load a model in 4 bits for QLoRA (Dettmers et al. 2023); none otherwise."""
    if str(config["method"]) != "qlora":
        return {}
    from transformers import BitsAndBytesConfig

    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": settings, "dtype": torch.bfloat16}


def _ia3_settings(model: nn.Module) -> Any:
    """IA3 (Liu et al. 2022): learned scales of keys, values and feed-forward outputs, at PEFT's places for a family."""
    from peft import IA3Config
    from transformers.pytorch_utils import Conv1D

    has_conv = any(isinstance(module, Conv1D) for module in model.modules())
    return IA3Config(fan_in_fan_out=has_conv)


def _prompt_settings(config: Mapping[str, ConfigValue], head_kind: str) -> Any:
    """Prompt tuning (Lester et al. 2021) or prefix tuning (Li and Liang 2021)."""
    from peft import PrefixTuningConfig, PromptTuningConfig

    make = PromptTuningConfig if config["method"] == "prompt" else PrefixTuningConfig
    return make(task_type=TASK_TYPES[head_kind], num_virtual_tokens=int(config["virtual_tokens"]))
