"""Why a configuration cannot run here, found before it is run (XAutoLM 11, P1 and P2: 65 % of recorded failures)."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.cells import CONV1D, LORA_METHODS, why_not
from xautolm_nb.space.physics import GIB, MEMORY_SHARE, estimate, fit_micro_batch, memory_bytes, memory_limit_gib


def check(
    config: Config, context: Context, models: Mapping[str, ModelInfo], *, seconds_limit: float | None = None
) -> str | None:
    """Say in one sentence why a configuration cannot run, or None when nothing speaks against it.

    Args:
        config: A configuration in the names of `xautolm-nb/1`.
        context: Task and machine.
        models: The pool by id.
        seconds_limit: What one full run may take; None for no limit.
    """
    model = models.get(str(config.get("model")))
    if model is None:
        return f"Model '{config.get('model')}' is not in the pool ({', '.join(models) or 'which is empty'})."
    return (
        _reachable(model)
        or why_not(str(config.get("method")), model, context.task.kind)
        or _quantised(config, context)
        or _length_fits(config, model)
        or _lora_works(config, model)
        or _memory_fits(config, model, context)
        or _time_fits(config, model, context, seconds_limit)
    )


def _reachable(model: ModelInfo) -> str | None:
    if model.gated and model.where == "hub":
        return f"Model '{model.id}' is gated: accept its licence on the hub and log in, or use a local copy."
    return None


@lru_cache(maxsize=1)
def has_bitsandbytes() -> bool:
    """Whether the library for 4-bit weights is installed."""
    return find_spec("bitsandbytes") is not None


def _quantised(config: Config, context: Context) -> str | None:
    if config.get("method") != "qlora":
        return None
    if context.system.device != "cuda":
        return f"QLoRA needs a GPU, but training runs on {context.system.device}."
    if not has_bitsandbytes():
        return "QLoRA needs the package bitsandbytes, which is not installed."
    return None


def _length_fits(config: Config, model: ModelInfo) -> str | None:
    learned = int(config.get("virtual_tokens", 0))
    if int(config.get("max_length", 0)) > (model.max_positions or 512):
        return f"Model '{model.id}' reads {model.max_positions} tokens, fewer than max_length={config['max_length']}."
    if learned >= (model.max_positions or 512) / 2:
        return f"Learned prompts of {learned} tokens leave too few of the {model.max_positions} of '{model.id}'."
    return None


def _lora_works(config: Config, model: ModelInfo) -> str | None:
    init = config.get("lora_init", "default")
    if init == "pissa" and config.get("method") == "qlora":
        return "PiSSA initialisation splits full-precision weights, which QLoRA does not keep."
    if init not in ("default", "gaussian", "pissa"):
        return f"LoRA initialisation '{init}' needs a quantised model, which is not used here."
    if init == "pissa" and model.family in CONV1D:
        return f"PiSSA initialisation needs linear layers; '{model.id}' is built of Conv1D layers."
    if config.get("method") in LORA_METHODS and model.hidden and int(config.get("lora_rank", 1)) > model.hidden:
        return f"LoRA rank {config['lora_rank']} exceeds the width {model.hidden} of '{model.id}'."
    return None


def _memory_fits(config: Config, model: ModelInfo, context: Context) -> str | None:
    if fit_micro_batch(config, model, context) is not None:
        return None
    need, limit = memory_bytes(config, model, context, 1, checkpointing=True) / GIB, memory_limit_gib(context)
    return (
        f"Predicted memory of '{model.id}' with {config['method']} fine-tuning is {need:.1f} GiB "
        f"even at one row a pass, activations recomputed; "
        f"{MEMORY_SHARE:.0%} of the {limit:.1f} GiB of this {_device(context)} may be used."
    )


def _device(context: Context) -> str:
    return context.system.gpu_name or {"cpu": "machine", "cuda": "GPU"}.get(
        context.system.device, context.system.device
    )


def _time_fits(config: Config, model: ModelInfo, context: Context, limit: float | None) -> str | None:
    if limit is None:
        return None
    seconds = estimate(config, model, context).seconds
    if seconds <= limit:
        return None
    return f"A full run is predicted to take {seconds:.0f} s, more than the {limit:.0f} s one trial may take."
