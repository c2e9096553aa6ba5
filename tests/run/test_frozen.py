from typing import Any

import numpy as np
import pytest
import torch
from run.families import FAMILIES, tiny_of

from xautolm_nb.run.device import Precision
from xautolm_nb.run.frozen import Body
from xautolm_nb.run.methods import apply_method, train_mode
from xautolm_nb.run.tokens import Tokens, lay_out

CPU = Precision(device=torch.device("cpu"))
PARTS = {"gpt2": "last", "albert": None}
"""Albert pools outside of its pooler, which cannot be answered for; all others read the first token."""


@pytest.fixture
def tokens() -> Tokens:
    draw = np.random.default_rng(0)
    rows = [draw.integers(5, 50, size=length).tolist() for length in draw.integers(3, 12, size=40)]
    ids, offsets = lay_out(rows)
    return Tokens(ids=ids, offsets=offsets, labels=np.zeros(len(rows), dtype=np.int64))


def model_of(family: str) -> Any:
    """A random classifier whose outputs differ from row to row."""
    model = tiny_of(family)
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.2)
    return apply_method(model, {"method": "head"})


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_head_reads_is_found_by_trying(family: str, tokens: Tokens) -> None:
    assert Body(model_of(family), CPU).part_read(tokens) == PARTS.get(family, "first")


def test_a_head_that_averages_reads_all(tokens: Tokens) -> None:
    model = model_of("modernbert")
    model.config.classifier_pooling = "mean"
    assert Body(model, CPU).part_read(tokens) == "all"


def test_a_head_that_marks_answers_reads_all(tokens: Tokens) -> None:
    from transformers import BertForQuestionAnswering

    config = model_of("bert").config
    torch.manual_seed(0)
    assert Body(BertForQuestionAnswering(config), CPU).part_read(tokens) == "all"


def test_a_head_that_says_the_same_of_all_rows_tells_nothing(tokens: Tokens) -> None:
    model = model_of("bert")
    torch.nn.init.zeros_(model.classifier.weight)
    assert Body(model, CPU).part_read(tokens) is None


def test_finding_out_changes_neither_the_model_nor_the_random_numbers(tokens: Tokens) -> None:
    model, before = model_of("bert"), torch.get_rng_state()
    forward = model.bert.forward
    Body(model, CPU).part_read(tokens)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.bert.forward == forward


def test_the_pooler_trains_on_what_is_answered(tokens: Tokens) -> None:
    model = model_of("bert")
    body = Body(model, CPU)
    body.part_read(tokens)
    hidden = torch.randn(2, 5, 16)
    body.replace(lambda *_, **__: body.answer(hidden))
    train_mode(model, "head")
    model(input_ids=torch.ones(2, 5, dtype=torch.long)).logits.sum().backward()
    assert model.bert.pooler.dense.weight.grad.abs().sum() > 0
    assert model.bert.embeddings.word_embeddings.weight.grad is None
