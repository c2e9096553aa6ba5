"""How many weights a fine-tuning method trains, and how many of a model do work for each token."""

from xautolm_nb.core.config import Config
from xautolm_nb.core.model import ModelInfo

SHARED_LAYERS = frozenset({"albert"})
"""Families whose layers share one set of weights: fewer to store, none fewer to compute."""


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
    head = float(model.hidden * model.hidden)
    match str(config["method"]):
        case "full":
            return model.parameters + head
        case "partial":
            own = layer_weights(model) * model.layers
            own = own if model.family not in SHARED_LAYERS else layer_weights(model)
            return trained_share(config, model) * min(own, float(model.parameters)) + head
        case "lora":
            return _lora_weights(config, model) + head
    return head


def _lora_weights(config: Config, model: ModelInfo) -> float:
    """Two factors of the rank for each adapted matrix: the four of the attention, or every linear layer."""
    rank, h = float(config.get("lora_rank", 8)), model.hidden
    per_layer = 8.0 * h
    if config.get("lora_targets") == "all-linear":
        per_layer += 2.0 * (h + (model.intermediate or 4 * h))
    copies = 1 if model.family in SHARED_LAYERS else model.layers
    return rank * per_layer * copies
