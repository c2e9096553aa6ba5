"""Predicting a split with a model, and scoring it."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.data import Tokens, collate, sorted_batches
from xautolm_nb.run.device import Precision
from xautolm_nb.run.failures import TrialError
from xautolm_nb.tasks.metrics import score


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a model did on a split."""

    value: float
    """The task's metric."""
    metrics: dict[str, float]
    """All metrics of the task kind, by name."""


def predict(model: nn.Module, tokens: Tokens, precision: Precision, *, batch_size: int) -> NDArray[np.int64]:
    """Most probable class by row, in the order of the rows.

    Raises:
        TrialError: An output is not finite (`not_finite`).
    """
    predictions = np.zeros(len(tokens), dtype=np.int64)
    model.eval()
    with torch.inference_mode():
        for rows in sorted_batches(tokens.lengths, batch_size):
            with precision.forward():
                logits = model(**collate(tokens, rows, precision.device, multiple=precision.padding)).logits
            if not bool(torch.isfinite(logits).all()):
                raise not_finite("outputs in validation")
            predictions[rows] = logits.argmax(dim=-1).cpu().numpy()
    return predictions


def score_model(model: nn.Module, tokens: Tokens, metric: Metric, precision: Precision, *, batch_size: int) -> Score:
    """Predict a split and score it by the task's metric."""
    predictions = predict(model, tokens, precision, batch_size=batch_size)
    metrics = {name: float(value) for name, value in score(metric.name, predictions, tokens.labels).items()}
    return Score(value=metrics[metric.name], metrics=metrics)


def not_finite(what: str) -> TrialError:
    """The failure of a training that has diverged."""
    return TrialError(
        FailureKind.NOT_FINITE,
        f"Training expects finite numbers, but got {what} that are not.",
        hint="A lower learning rate or a longer warm-up helps.",
    )
