"""How many weights a fine-tuning method trains, and how many of a model do work for each token."""

from xautolm_nb.core.config import Config
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.cells import LORA_METHODS

SHARED_LAYERS = frozenset({"albert"})
"""Families whose layers share one set of weights: fewer to store, none fewer to compute."""
FUSED_ATTENTION = frozenset({"bloom", "falcon", "gpt2", "gpt_bigcode", "gpt_neox", "modernbert", "phi3"})
"""Families with query, key and value in one module."""
GATED = frozenset(
    {
        "deepseek_v2", "deepseek_v3", "gemma", "gemma2", "gemma3", "gemma3_text", "llama", "mistral", "modernbert",
        "mt5", "phi3", "qwen2", "qwen3", "smollm3", "stablelm", "umt5",
    }
)  # fmt: skip
"""Families whose feed-forward part has a third matrix, the gate (T5 in its later versions only)."""


def layer_weights(model: ModelInfo) -> float:
    """Weights of one layer: four attention projections, two feed-forward matrices, biases and norms."""
    h, wide = model.hidden, model.intermediate or 4 * model.hidden
    return 4.0 * h * h + 2.0 * h * wide + 9.0 * h + wide


def body_parameters(model: ModelInfo) -> float:
    """Weights that multiply each token: all but the embeddings; ALBERT's shared layer counts once per layer."""
    if model.family in SHARED_LAYERS:
        return 12.0 * model.layers * model.hidden**2
    body = float(model.parameters - model.embedding_parameters)
    return body if model.embedding_parameters and body > 0 else 0.8 * model.parameters


def trained_share(config: Config, model: ModelInfo) -> float:
    """Share of the layers that is trained (top layers first): 1 for full, 0 for a frozen body.

    Layers are whole, and at least one is trained: a share of .125 of 6 layers is one layer.
    """
    method = str(config["method"])
    if method == "full":
        return 1.0
    if method != "partial":
        return 0.0
    layers = max(model.layers, 1)
    return max(round(float(config.get("layer_share", 1.0)) * layers), 1) / layers


def trainable_parameters(config: Config, model: ModelInfo) -> float:
    """Weights that get gradients and optimizer state, the classification head included."""
    method, head = str(config["method"]), float(model.hidden * model.hidden)
    if method == "full":
        return model.parameters + head
    if method == "partial":
        own = layer_weights(model) * _stored_layers(model)
        return trained_share(config, model) * min(own, float(model.parameters)) + head
    return _adapter_weights(method, config, model) + head


def _adapter_weights(method: str, config: Config, model: ModelInfo) -> float:
    if method in LORA_METHODS:
        return _lora_weights(config, model)
    if method == "ia3":  # at most: keys, values, the attention's output where it bears the same name, feed-forward
        return (3.0 * model.hidden + (model.intermediate or 4 * model.hidden)) * _stored_layers(model)
    learned = float(config.get("virtual_tokens", 16)) * model.hidden
    is_pair = model.architecture == "encoder_decoder"
    if method == "prompt":
        return learned * (2 if is_pair else 1)  # each half gets one
    return 2.0 * learned * model.layers / (2 if is_pair else 1) if method == "prefix" else 0.0


def _lora_weights(config: Config, model: ModelInfo) -> float:
    """A factor of the rank for each side of each adapted matrix: those of the attention, or every linear layer.

    DoRA adds a size for each output.
    """
    rank = float(config.get("lora_rank", 8))
    shapes = linear_shapes(model, all_linear=config.get("lora_targets") == "all-linear")
    sizes = sum(wide for _, wide in shapes) if config.get("method") == "dora" else 0.0
    return (rank * sum(narrow + wide for narrow, wide in shapes) + sizes) * _stored_layers(model)


def linear_shapes(model: ModelInfo, *, all_linear: bool) -> list[tuple[float, float]]:
    """Inputs and outputs of the linear modules of one layer, as PEFT would find them.

    GPT-2 keeps query, key and value in one module. The layers of LLaMA and its like have a gate in the feed-forward
    part; their keys and values may be narrower than said here (grouped queries), so the count is an upper bound.
    Decoder layers of an encoder-decoder attend twice; half of the layers are such.
    """
    h, wide = float(model.hidden), float(model.intermediate or 4 * model.hidden)
    attention = [(h, 3 * h), (h, h)] if model.family in FUSED_ATTENTION else [(h, h)] * 4
    if model.architecture == "encoder_decoder":
        attention += [(h, h)] * 2  # four in an encoder layer and eight in a decoder layer
    forward = [(h, wide), (wide, h)] + ([(h, wide)] if model.family in GATED else [])
    return attention + (forward if all_linear else [])


def _stored_layers(model: ModelInfo) -> int:
    return 1 if model.family in SHARED_LAYERS else model.layers
