from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from run.cells import save_model, write_task
from torch import nn

from xautolm_nb.core.model import Architecture
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.data import read_tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.methods import load_model
from xautolm_nb.run.predicting import best_spans, predict_classes, predict_spans, write
from xautolm_nb.run.tokens import Tokens

CPU = Precision(device=torch.device("cpu"))


class FirstToken(nn.Module):
    """Says class 1 where the first token is odd; NaN for token 99."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        odd = (input_ids[:, 0] % 2).float()
        logits = torch.stack([1 - odd, odd], dim=1)
        return SimpleNamespace(logits=torch.where(input_ids[:, :1] == 99, torch.nan, logits))


class Pointer(nn.Module):
    """Points at the tokens 7 as the start and 8 as the end, the more so the longer the row is."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        length = attention_mask.sum(dim=1, keepdim=True)
        return SimpleNamespace(
            start_logits=(input_ids == 7).float() * length, end_logits=(input_ids == 8).float() * length
        )


def rows(*texts: list[int], **changes: object) -> Tokens:
    return Tokens(
        ids=np.concatenate(texts).astype(np.int32),
        offsets=np.cumsum([0, *map(len, texts)]),
        labels=np.zeros(len(texts), dtype=np.int64),
        **changes,  # type: ignore[arg-type]
    )


def test_predictions_come_in_the_order_of_the_rows() -> None:
    assert predict_classes(FirstToken(), rows([1], [2, 2, 2], [3, 3], [4]), CPU, batch_size=2).tolist() == [1, 0, 1, 0]


def test_an_output_that_is_not_finite_is_named() -> None:
    with pytest.raises(TrialError) as caught:
        predict_classes(FirstToken(), rows([1], [99]), CPU, batch_size=2)
    assert caught.value.kind is FailureKind.NOT_FINITE


def test_the_best_span_starts_before_it_ends_and_is_short() -> None:
    start = torch.tensor([[0.0, 1.0, 0.0, 5.0]])
    end = torch.tensor([[9.0, 0.0, 3.0, 2.0]])
    allowed = torch.tensor([[False, True, True, True]])
    score, place = best_spans(start, end, allowed)
    assert (float(score), place.tolist()) == (7.0, [[3, 3]])
    score, place = best_spans(start, end, torch.tensor([[True, True, True, False]]), longest=2)
    assert (float(score), place.tolist()) == (9.0, [[0, 0]])


def test_the_surest_window_of_a_context_answers() -> None:
    # Two windows of "abcdef" (two characters a token) and one of "xy"; the question is token 1.
    places = [[-1, -1], [0, 2], [2, 4], [-1, -1], [2, 4], [4, 6], [4, 6], [-1, -1], [0, 2]]
    tokens = rows(
        [1, 7, 8], [1, 7, 5, 8], [1, 7],
        owners=np.asarray([0, 0, 1]), places=np.asarray(places, dtype=np.int32),
    )  # fmt: skip
    assert predict_spans(Pointer(), tokens, ["abcdef", "xy"], CPU, batch_size=2) == ["cdef", "xy"]


@pytest.mark.parametrize("architecture", ["decoder", "encoder_decoder"])
def test_what_is_written_does_not_depend_on_the_batch(architecture: Architecture, tmp_path: Path) -> None:
    info = save_model(tmp_path / "model", architecture)
    task = write_task(tmp_path / "task", "generation", {"train": 16, "validation": 6})
    model = load_model(info, {"method": "full"}, task, seed=0)
    tokenizer = load_tokenizer(info)
    tokens = replace(read_tokens(task, "validation", info, lambda: tokenizer, None), write_limit=4)
    is_decoder = architecture == "decoder"
    together = write(model, tokens, tokenizer, CPU, batch_size=6, is_decoder=is_decoder)
    alone = write(model, tokens, tokenizer, CPU, batch_size=1, is_decoder=is_decoder)
    assert together == alone and len(together) == 6
    assert all(len(text.split()) <= 4 and "[PAD]" not in text for text in together)
    assert any(together)
