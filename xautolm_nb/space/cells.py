"""Which fine-tuning method goes with which architecture on which kind of task; every other cell has a reason."""

from collections.abc import Mapping

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import TaskKind

METHODS = ("full", "partial", "lora", "head", "dora", "rslora", "ia3", "prompt", "prefix", "qlora")
"""Every method there is."""
DEFAULT_METHODS = ("full", "partial", "lora", "head")
"""Searched unless others are asked for."""
LORA_METHODS = ("lora", "dora", "rslora", "qlora")
"""Methods with the parameters of LoRA."""
PROMPT_METHODS = ("prompt", "prefix")
"""Methods with learned tokens."""

IA3_FAMILIES = frozenset(
    {
        "bart", "bert", "bloom", "deberta", "deberta-v2", "falcon", "gemma", "gemma2", "gemma3_text", "gpt2",
        "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "llama", "mistral", "mixtral", "mt5", "opt", "phi", "qwen2",
        "qwen3", "roberta", "t5",
    }
)  # fmt: skip
"""Families for which PEFT knows where the scales of IA3 go."""
NO_HEAD = frozenset({"phi3small", "mamba", "rwkv"})
"""Families without a classification head in Transformers."""
CONV1D = frozenset({"gpt2", "openai-gpt"})
"""Families built of Conv1D modules, whose weights PiSSA cannot split."""

_NOT_FOR: Mapping[tuple[TaskKind, str], str] = {
    ("classification", "encoder_decoder"): "classification is run with encoders and decoders here",
    ("extractive_qa", "decoder"): "answers are marked by encoders; let it write them with kind='generation'",
    ("extractive_qa", "encoder_decoder"): "answers are marked by encoders; let it write them with kind='generation'",
    ("generation", "encoder"): "only decoders and encoder-decoders write",
}
_WORDS = {"encoder": "an encoder", "decoder": "a decoder", "encoder_decoder": "an encoder-decoder"}


def why_not(method: str, model: ModelInfo, kind: TaskKind) -> str | None:
    """Say why a method cannot fine-tune a model on a kind of task; None for a cell that is supported."""
    return why_not_model(model, kind) or _why_not_method(method, model, kind)


def why_not_model(model: ModelInfo, kind: TaskKind) -> str | None:
    """Say why a model cannot learn a kind of task whatever the method, or None."""
    reason = _NOT_FOR.get((kind, model.architecture))
    if reason is not None:
        return f"Model '{model.id}' is {_WORDS[model.architecture]}; {reason}."
    if model.family in NO_HEAD:
        return f"Transformers has no classification head for the family '{model.family}' of '{model.id}'."
    return None


def _why_not_method(method: str, model: ModelInfo, kind: TaskKind) -> str | None:
    if method not in METHODS:
        return f"Method '{method}' is not one of {', '.join(METHODS)}."
    reasons = {
        "partial": 0 < model.layers < 2
        and f"Model '{model.id}' has {model.layers} layer, too few to train only a part of them.",
        "head": kind == "generation"
        and "A model that writes has no new head to train; its output layer is the pretrained one.",
        "ia3": model.family not in IA3_FAMILIES
        and f"PEFT does not know where IA3 goes in the family '{model.family}' of '{model.id}'.",
        "prompt": model.architecture == "decoder"
        and kind == "classification"
        and "A decoder classifies at its last token, which it cannot find behind a learned prompt.",
        "prefix": kind != "generation" and "Prefix tuning adds to the keys of a decoder's cache; encoders keep none.",
    }
    return reasons.get(method) or None
