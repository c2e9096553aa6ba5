"""Pretrained models and tokenizers, with the head that a kind of task needs.

Safetensors only, and no code but that of Transformers, unless the user allowed a model's own (`own_code`).
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
from xautolm_nb.run.own_code import source_of

DROPOUT = re.compile(r"(dropout(_prob)?|dropout_rate|pdrop|dropout_p)$")
HEADS = {
    "classification": ("SequenceClassification", "sequence classification"),
    "extractive_qa": ("QuestionAnswering", "question answering"),
    "decoder": ("CausalLM", "language modelling"),
    "encoder_decoder": ("Seq2SeqLM", "sequence to sequence"),
}
"""Automatic class of Transformers (its last part) and the head in words, by kind of task, or by architecture where the
task is to write."""


def head_kind(info: ModelInfo, task: Task) -> str:
    """The key of `HEADS` for a model and a task; an encoder cannot write, which `space.check` says."""
    if task.kind != "generation":
        return task.kind
    return "encoder_decoder" if info.architecture == "encoder_decoder" else "decoder"


def load_tokenizer(info: ModelInfo) -> Any:
    """Load the tokenizer of a model; without a pad token the end-of-text token pads.

    Raises:
        TrialError: There is no tokenizer that can be read.
    """
    from transformers import AutoTokenizer

    try:
        place, source = source_of(info)
        tokenizer = AutoTokenizer.from_pretrained(place, **source)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise _unavailable(info, "tokenizer", error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


def load_pretrained(
    info: ModelInfo, config: Mapping[str, ConfigValue], task: Task, **options: Any
) -> tuple[nn.Module, frozenset[str]]:
    """Load checkpoint and head in float32; returns the model and the names of weights the checkpoint lacked.

    Args:
        info: The model.
        config: May set the dropout.
        task: Its kind chooses the head, its labels size it.
        **options: For `from_pretrained`, such as a quantisation.

    Raises:
        TrialError: The model cannot be had, or has no such head.
    """
    import transformers
    from safetensors import SafetensorError

    settings = model_settings(info, config, task)
    place, source = source_of(info)
    auto = getattr(transformers, f"AutoModelFor{HEADS[head_kind(info, task)][0]}")
    try:
        model, report = auto.from_pretrained(
            place,
            config=settings,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # a head for other labels is replaced; the body is checked below
            output_loading_info=True,
            **{"dtype": torch.float32, **source, **options},
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        raise _unavailable(info, "model", error) from error
    new = frozenset(report["missing_keys"]) | {str(entry[0]) for entry in report["mismatched_keys"]}
    _check_body(info, model, new, is_writer=task.kind == "generation")
    return model, new


def model_settings(info: ModelInfo, config: Mapping[str, ConfigValue], task: Task) -> Any:
    """The Transformers config of a trial: labels, layers of a cut, dropout, pad token.

    Raises:
        TrialError: The config cannot be read, or the architecture has no head for the task.
    """
    from transformers import AutoConfig

    names = dict(enumerate(task.labels))
    labels = {"id2label": names, "label2id": {name: index for index, name in names.items()}} if names else {}
    try:
        place, source = source_of(info)
        settings = AutoConfig.from_pretrained(place, **labels, **source)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise _unavailable(info, "config", error) from error
    _refuse_kernels(info, settings)
    _require_head(info, task, settings)
    if task.kind == "classification":
        settings.problem_type = "single_label_classification"
    if getattr(settings, "pad_token_id", None) is None:
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


def _refuse_kernels(info: ModelInfo, settings: Any) -> None:
    """A config may name compiled code of the hub that is to compute the attention (`ORG/NAME`)."""
    parts = [getattr(settings, name, None) for name in getattr(settings, "sub_configs", None) or {}]
    named = [str(getattr(part, "_attn_implementation", None) or "") for part in (settings, *parts)]
    kernel = next((name for name in named if "/" in name), None)
    if kernel is not None:
        raise TrialError(
            FailureKind.MODEL_UNAVAILABLE,
            f"The config of {info.id} asks for compiled code of the hub, {kernel!r}, which is not run.",
            hint="Remove attn_implementation from its config.json, or choose another model.",
        )


def _require_head(info: ModelInfo, task: Task, settings: Any) -> None:
    import transformers

    auto, words = HEADS[head_kind(info, task)]
    if info.code and f"AutoModelFor{auto}" in (getattr(settings, "auto_map", None) or {}):
        return
    snake = {"Seq2SeqLM": "SEQ_TO_SEQ_CAUSAL_LM", "CausalLM": "CAUSAL_LM"}
    mapping = snake.get(auto) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", auto).upper()
    if type(settings) not in getattr(transformers, f"MODEL_FOR_{mapping}_MAPPING"):
        raise TrialError(
            FailureKind.NO_CLASSIFICATION_HEAD,
            f"{info.id} ({settings.model_type}) has no {words} head in Transformers.",
            hint="Choose another model.",
        )


def _cut(settings: Any, layers: int) -> None:
    settings.num_hidden_layers = layers
    for name in ("layer_types", "mlp_layer_types"):  # newer configs say the kind of each layer
        kinds = getattr(settings, name, None)
        if isinstance(kinds, list):
            setattr(settings, name, kinds[:layers])


def _check_body(info: ModelInfo, model: nn.Module, new: frozenset[str], *, is_writer: bool) -> None:
    """Only heads may start at random, and a model that is to write brings even that."""
    if info.code and not getattr(model, str(model.base_model_prefix), None):
        raise TrialError(
            FailureKind.MODEL_UNAVAILABLE,
            f"The code of {info.id} does not say which part of the model is its body (base_model_prefix).",
            hint="Choose another model.",
        )
    body = f"{model.base_model_prefix}."
    lacking = [name for name in new if is_writer or (name.startswith(body) and not name.startswith(f"{body}pooler."))]
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
        hint="Weights load from safetensors only, and a model's own code runs only where trust_code allows it.",
    )
