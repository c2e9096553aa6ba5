"""Where the Transformer layers of a model lie, whatever its architecture."""

from typing import Any

from torch import nn


def stacks(model: Any) -> list[tuple[str, nn.ModuleList]]:
    """The lists of Transformer layers with their names: one, or for an encoder-decoder the encoder's and the decoder's.

    A stack is the longest outermost `ModuleList`: lists inside a layer (T5 keeps attention and feed-forward so) are
    parts of it.
    """
    settings = getattr(model, "config", None)
    if getattr(settings, "is_encoder_decoder", False):
        halves = [module for module in (model.get_encoder(), model.get_decoder()) if module is not None]
        return [found for half in halves if (found := _stack(model, half)) is not None]
    found = _stack(model, model)
    return [] if found is None else [found]


def blocks(model: nn.Module) -> list[nn.Module]:
    """The Transformer layers, bottom first; the decoder's lie above the encoder's."""
    return [layer for _, layers in stacks(model) for layer in layers]


def top_blocks(model: nn.Module, share: float) -> list[nn.Module]:
    """The topmost `share` of the layers, at least one (partial fine-tuning, XAutoLM 2.1)."""
    layers = blocks(model)
    return layers[len(layers) - max(1, round(share * len(layers))) :]


def _stack(model: nn.Module, part: nn.Module) -> tuple[str, nn.ModuleList] | None:
    lists = [(name, module) for name, module in part.named_modules() if isinstance(module, nn.ModuleList)]
    names = [name for name, _ in lists]
    outermost = [
        module for name, module in lists if not any(name.startswith(f"{other}.") for other in names if other != name)
    ]
    if not outermost:
        return None
    longest = max(outermost, key=len)
    return next(name for name, module in model.named_modules() if module is longest), longest
