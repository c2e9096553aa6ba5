"""Pretrained model + fine-tuning method → a model that knows which of its weights to train.

Architecture-free: layers are found as lists of modules, the head is what lies outside the body (plus the pooler and any
weight the checkpoint did not bring), linear layers are found by type.
"""

from collections.abc import Mapping

import torch
from torch import nn

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.run.adapters import ADAPTER_METHODS, add_adapter, quantisation
from xautolm_nb.run.layers import top_blocks
from xautolm_nb.run.loading import head_kind, load_pretrained


def load_model(info: ModelInfo, config: Mapping[str, ConfigValue], task: Task, *, seed: int) -> nn.Module:
    """Load a pretrained model with the task's head and make it ready for the config's method.

    The head and the adapters start from `seed`. A cut loads the first `info.layers` layers only.

    Raises:
        TrialError: The model cannot be had, has no such head, or does not take the adapter.
    """
    torch.manual_seed(seed)
    model, new = load_pretrained(info, config, task, **quantisation(config))
    return apply_method(model, config, new, kind=head_kind(info, task))


def apply_method(
    model: nn.Module,
    config: Mapping[str, ConfigValue],
    new: frozenset[str] = frozenset(),
    *,
    kind: str = "classification",
) -> nn.Module:
    """Decide which weights train: all, the top layers, adapters, or the head; a new head trains always.

    Args:
        model: A Transformers model with a head.
        config: Names the `method` and its parameters.
        new: Names of weights that the checkpoint did not bring; they train whatever the method.
        kind: What the model ends in (`loading.head_kind`).

    Returns:
        The model itself, or for adapters a PEFT model round it.
    """
    method = str(config["method"])
    # A model that writes keeps the output layer it was pretrained with, often the embedding table itself.
    head = head_parameters(model, new) if kind in ("classification", "extractive_qa") else []
    if method == "full":
        model.requires_grad_(True)
        return model
    model.requires_grad_(False)
    if method in ADAPTER_METHODS:
        model = add_adapter(model, config, kind)
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
