from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.data import Tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.scoring import predict, score_model

CPU = Precision(device=torch.device("cpu"))


class FirstToken(nn.Module):
    """Says class 1 where the first token is odd; NaN for token 99."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        odd = (input_ids[:, 0] % 2).float()
        logits = torch.stack([1 - odd, odd], dim=1)
        return SimpleNamespace(logits=torch.where(input_ids[:, :1] == 99, torch.nan, logits))


def rows(*texts: list[int], labels: list[int]) -> Tokens:
    return Tokens(
        ids=np.concatenate(texts).astype(np.int32),
        offsets=np.cumsum([0, *map(len, texts)]),
        labels=np.asarray(labels),
    )


def test_predictions_come_in_the_order_of_the_rows() -> None:
    tokens = rows([1], [2, 2, 2], [3, 3], [4], labels=[1, 0, 1, 0])
    assert predict(FirstToken(), tokens, CPU, batch_size=2).tolist() == [1, 0, 1, 0]


def test_the_score_is_the_metric_of_the_task() -> None:
    tokens = rows([1], [2, 2], [3], [4], labels=[1, 0, 1, 1])
    score = score_model(FirstToken(), tokens, Metric(name="accuracy"), CPU, batch_size=3)
    assert score.value == 0.75 and set(score.metrics) >= {"f1", "accuracy"}


def test_an_output_that_is_not_finite_is_named() -> None:
    with pytest.raises(TrialError) as caught:
        predict(FirstToken(), rows([1], [99], labels=[0, 1]), CPU, batch_size=2)
    assert caught.value.kind is FailureKind.NOT_FINITE
