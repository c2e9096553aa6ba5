"""What is learned from a batch, by kind of task: the inputs, and the loss as a share of the batch's mean."""

import inspect
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xautolm_nb.run.data import IGNORED, collate, collate_answers, to_device
from xautolm_nb.run.device import Precision
from xautolm_nb.run.optim import class_weights, weighted_loss
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.tokens import Tokens

Rows = NDArray[np.int64]


class Objective(Protocol):
    """The loss of a task kind, so cut that the shares of micro-batches add up to the mean of their batch."""

    def whole(self, rows: Rows) -> float:
        """What the losses of a batch are divided by: its rows, weights or tokens."""
        ...

    def share(self, model: nn.Module, rows: Rows, whole: float) -> tuple[torch.Tensor, int]:
        """Forward pass of a micro-batch: its share of the mean loss, and the tokens read, padding included."""
        ...


def choose_objective(job: Job, tokens: Tokens, precision: Precision) -> Objective:
    """The objective of the job's task."""
    if job.task.kind == "classification":
        return Classes(tokens, len(job.task.labels), precision, balanced=bool(job.trial.config.get("class_weights")))
    if job.task.kind == "extractive_qa":
        return Spans(tokens, precision)
    return Writing(tokens, precision, is_decoder=job.model.architecture == "decoder")


class Classes:
    """Cross-entropy over classes, maybe weighted.

    Args:
        tokens: The training rows.
        classes: Classes of the task.
        precision: Device and number format.
        balanced: Whether rare classes weigh more.
    """

    def __init__(self, tokens: Tokens, classes: int, precision: Precision, *, balanced: bool) -> None:
        self._tokens, self._precision = tokens, precision
        by_class = class_weights(tokens.labels, classes, balanced=balanced)
        self._row_weights = by_class[tokens.labels]
        self._class_weights = torch.from_numpy(by_class).to(precision.device)

    def whole(self, rows: Rows) -> float:
        """Sum of the rows' class weights."""
        return float(self._row_weights[rows].sum())

    def share(self, model: nn.Module, rows: Rows, whole: float) -> tuple[torch.Tensor, int]:
        """Weighted cross-entropy of a micro-batch."""
        inputs = collate(self._tokens, rows, self._precision.device, multiple=self._precision.padding)
        with self._precision.forward():
            logits = model(**inputs).logits
        return self.loss(logits, rows, whole), inputs["input_ids"].numel()

    def loss(self, logits: torch.Tensor, rows: Rows, whole: float) -> torch.Tensor:
        """The share of rows whose logits are known; shape `(rows, classes)`."""
        labels = to_device(self._tokens.labels[rows], self._precision.device)
        return weighted_loss(logits, labels, self._class_weights, whole)


class Spans:
    """Cross-entropy over the places where an answer starts and ends; a window without answer points at its first."""

    def __init__(self, tokens: Tokens, precision: Precision) -> None:
        self._tokens, self._precision = tokens, precision

    def whole(self, rows: Rows) -> float:
        """Windows of the batch."""
        return float(len(rows))

    def share(self, model: nn.Module, rows: Rows, whole: float) -> tuple[torch.Tensor, int]:
        """Mean of the losses of start and end."""
        inputs = collate(self._tokens, rows, self._precision.device, multiple=self._precision.padding)
        with self._precision.forward():
            outputs = model(**inputs)
        labels = to_device(self._tokens.labels[rows], self._precision.device)
        losses = [
            nn.functional.cross_entropy(logits.float(), labels[:, side], reduction="sum")
            for side, logits in enumerate(span_logits(outputs, inputs))
        ]
        return (losses[0] + losses[1]) / (2 * whole), inputs["input_ids"].numel()


class Writing:
    """Cross-entropy over the tokens to write: the prompt and the padding teach nothing.

    Args:
        tokens: The training rows.
        precision: Device and number format.
        is_decoder: Whether prompt and answer are one row (else the answer is the decoder's half).
    """

    def __init__(self, tokens: Tokens, precision: Precision, *, is_decoder: bool) -> None:
        self._tokens, self._precision, self._is_decoder = tokens, precision, is_decoder
        self._written = tokens.target_lengths

    def whole(self, rows: Rows) -> float:
        """Tokens to write."""
        return float(self._written[rows].sum())

    def share(self, model: nn.Module, rows: Rows, whole: float) -> tuple[torch.Tensor, int]:
        """Cross-entropy of the written tokens, each given those before it."""
        device, padding = self._precision.device, self._precision.padding
        inputs, labels = collate_answers(self._tokens, rows, device, is_decoder=self._is_decoder, multiple=padding)
        with self._precision.forward():
            logits = next_token_logits(model, inputs, labels.shape[1]) if self._is_decoder else model(**inputs).logits
        loss = nn.functional.cross_entropy(
            logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        return loss / whole, inputs["input_ids"].numel() + labels.numel() * (not self._is_decoder)


def span_logits(outputs: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Start and end logits of the text, shape `(rows, length)`: learned prompts before it and padding drop out."""
    mask = inputs["attention_mask"]
    width = mask.shape[1]
    start, end = (logits[:, -width:].float() for logits in (outputs.start_logits, outputs.end_logits))
    lowest = torch.finfo(torch.float32).min
    return start.masked_fill(mask == 0, lowest), end.masked_fill(mask == 0, lowest)


def next_token_logits(model: nn.Module, inputs: dict[str, Any], written: int) -> torch.Tensor:
    """Logits for the last `written` places of rows padded on the left, shape `(rows, written, vocabulary)`.

    Where the model can leave out the output layer for the prompt it does: with a large vocabulary that layer is most
    of the work and of the memory.
    """
    from peft import PeftModel

    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    known = inspect.signature(base.forward).parameters
    options: dict[str, Any] = {}
    if "position_ids" in known and base is model:
        options["position_ids"] = (inputs["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)
    if "logits_to_keep" in known:
        options["logits_to_keep"] = written + 1
    logits: torch.Tensor = model(**inputs, **options).logits
    return logits[:, -(written + 1) : -1]
