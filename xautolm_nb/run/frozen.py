"""A body that does not train: which of its outputs the head reads, and how to answer in its place."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import nn

from xautolm_nb.run.data import collate
from xautolm_nb.run.device import Precision
from xautolm_nb.run.tokens import Tokens

PROBED = 16
"""Rows, short and long, on which it is tried what the head reads."""

Part = Literal["first", "last", "all"]
"""The tokens of a row that a head reads: that of most encoders the first, that of decoders the last."""


class Body:
    """The part of a model below its head, which may answer with outputs that are known.

    Args:
        model: A Transformers model with a head.
        precision: Device and number format.
    """

    def __init__(self, model: nn.Module, precision: Precision) -> None:
        self._model, self.precision = model, precision
        self._body: Any = getattr(model, str(model.base_model_prefix))
        self._kind: Any = None
        self._pools = False
        self.run: Callable[..., Any] = self._body.forward

    def part_read(self, tokens: Tokens) -> Part | None:
        """Find out which outputs the head reads: those with which it says the same as with all that the body says.

        None where there are none: a head that reads otherwise, or that says the same of every row.
        """
        order = np.argsort(tokens.prompt_lengths, kind="stable")
        inputs = collate(tokens, order[:: max(1, len(order) // PROBED)], self.precision.device)
        self._model.eval()
        with torch.inference_mode(), self.precision.forward():
            outputs = self.run(**inputs)
            self._kind, self._pools = type(outputs), getattr(outputs, "pooler_output", None) is not None
            hidden, mask = outputs.last_hidden_state, inputs["attention_mask"]
            wanted = _said(self._model(**inputs), mask)
            error = 0.01 * float(wanted.std(dim=0).max())
            for part in get_args(Part):
                said = self._said_of(_cut(hidden, mask, part), inputs)
                if said is None or said.shape != wanted.shape or error == 0:
                    continue
                if float((said - wanted).abs().max()) <= error:
                    return part
        return None

    def answer(self, hidden: torch.Tensor) -> Any:
        """What the body returns, made of its last hidden states, shape `(rows, length, width)`; the pooler trains."""
        pooled = {"pooler_output": self._body.pooler(hidden)} if self._pools else {}
        return self._kind(last_hidden_state=hidden, **pooled)

    def replace(self, forward: Callable[..., Any]) -> None:
        """Have the model call `forward` where it calls its body; `run` stays the body's own."""
        self._body.forward = forward

    def _said_of(self, hidden: torch.Tensor, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
        """What the head says when the body answers with `hidden`; None where that is no answer to it."""
        self.replace(lambda *_, **__: self.answer(hidden))
        try:
            return _said(self._model(**inputs), inputs["attention_mask"])
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
            return None
        finally:
            del self._body.forward


def _cut(hidden: torch.Tensor, mask: torch.Tensor, part: Part) -> torch.Tensor:
    """The part of the outputs, repeated over the length, so that whichever token a head reads is that part."""
    if part == "all":
        return hidden * mask[..., None]
    places = torch.zeros_like(mask[:, 0]) if part == "first" else mask.sum(dim=1) - 1
    chosen = hidden[torch.arange(len(hidden), device=hidden.device), places]
    return chosen[:, None].expand_as(hidden)


def _said(outputs: Any, mask: torch.Tensor) -> torch.Tensor:
    """Logits of the rows; of marked answers those of tokens that are no padding."""
    if "logits" in outputs:
        return outputs.logits.float()
    return torch.stack([logits.float() * mask for logits in (outputs.start_logits, outputs.end_logits)], dim=1)
