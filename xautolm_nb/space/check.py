"""Why a configuration cannot run here, found before it is run (XAutoLM 11, P1 and P2: 65 % of recorded failures)."""

from collections.abc import Mapping

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.physics import GIB, MEMORY_SHARE, estimate, fit_micro_batch, memory_bytes, memory_limit_gib

_CONV1D = frozenset({"gpt2", "openai-gpt"})
"""Families built of Conv1D modules, whose weights PiSSA cannot split."""
_NO_HEAD = frozenset({"phi3small", "mamba", "rwkv"})


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
        or _method_fits(config, model)
        or _lora_works(config, model)
        or _memory_fits(config, model, context)
        or _time_fits(config, model, context, seconds_limit)
    )


def _reachable(model: ModelInfo) -> str | None:
    if model.gated and model.where == "hub":
        return f"Model '{model.id}' is gated: accept its licence on the hub and log in, or use a local copy."
    return None


def _method_fits(config: Config, model: ModelInfo) -> str | None:
    method = str(config.get("method"))
    if method not in ("full", "partial", "lora", "head"):
        return f"Method '{method}' is not one of full, partial, lora, head."
    if model.architecture == "encoder_decoder":
        return f"Model '{model.id}' is an encoder-decoder; classification is run with encoders and decoders here."
    if model.family in _NO_HEAD:
        return f"Transformers has no classification head for the family '{model.family}' of '{model.id}'."
    if method == "partial" and 0 < model.layers < 2:
        return f"Model '{model.id}' has {model.layers} layer, too few to train only a part of them."
    if int(config.get("max_length", 0)) > (model.max_positions or 512):
        return f"Model '{model.id}' reads {model.max_positions} tokens, fewer than max_length={config['max_length']}."
    return None


def _lora_works(config: Config, model: ModelInfo) -> str | None:
    init = config.get("lora_init", "default")
    if init not in ("default", "gaussian", "pissa"):
        return f"LoRA initialisation '{init}' needs a quantised model, which is not used here."
    if init == "pissa" and model.family in _CONV1D:
        return f"PiSSA initialisation needs linear layers; '{model.id}' is built of Conv1D layers."
    if config.get("method") == "lora" and model.hidden and int(config.get("lora_rank", 1)) > model.hidden:
        return f"LoRA rank {config['lora_rank']} exceeds the width {model.hidden} of '{model.id}'."
    return None


def _memory_fits(config: Config, model: ModelInfo, context: Context) -> str | None:
    if fit_micro_batch(config, model, context) is not None:
        return None
    need, limit = memory_bytes(config, model, context, 1) / GIB, memory_limit_gib(context)
    return (
        f"Predicted memory of '{model.id}' with {config['method']} fine-tuning is {need:.1f} GiB "
        f"even at one row a pass; {MEMORY_SHARE:.0%} of the {limit:.1f} GiB of this {_device(context)} may be used."
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
