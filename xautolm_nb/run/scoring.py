"""Predicting a split with a model, and scoring it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Split, Task
from xautolm_nb.run.device import Precision
from xautolm_nb.run.predicting import predict_classes, predict_spans, write
from xautolm_nb.run.tokens import Tokens
from xautolm_nb.tasks.answers import is_of_spans, references, split_spans
from xautolm_nb.tasks.files import read_split
from xautolm_nb.tasks.metrics import score


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a model did on a split."""

    value: float
    """The task's metric."""
    metrics: dict[str, float]
    """The metric and its companions, by name."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Scores models on one split of a task."""

    task: Task
    split: Split
    tokens: Tokens
    info: ModelInfo
    precision: Precision
    tokenizer: Callable[[], Any]
    """Loads the tokenizer; called only where texts are written."""

    def score(self, model: nn.Module, *, batch_size: int) -> Score:
        """Predict the split and score it by the task's metric.

        Raises:
            TrialError: An output is not finite (`not_finite`).
        """
        name, kind = self.task.metric.name, self.task.kind
        if kind == "classification":
            predictions: Any = predict_classes(model, self.tokens, self.precision, batch_size=batch_size)
            values = score(name, predictions, self.tokens.labels)
        else:
            table = read_split(self.task, self.split)
            predictions = self._texts(model, table["text_pair"].tolist() if "text_pair" in table else [], batch_size)
            if is_of_spans(self.task):
                predictions = [split_spans(text) for text in predictions]
            values = score(name, predictions, references(table, self.task), kind=kind)
        metrics = {metric: float(value) for metric, value in values.items()}
        return Score(value=metrics[name], metrics=metrics)

    def _texts(self, model: nn.Module, contexts: list[str], batch_size: int) -> list[str]:
        if self.task.kind == "extractive_qa":
            return predict_spans(model, self.tokens, contexts, self.precision, batch_size=batch_size)
        is_decoder = self.info.architecture == "decoder"
        return write(model, self.tokens, self.tokenizer(), self.precision, batch_size=batch_size, is_decoder=is_decoder)
