from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.run.device import Precision
from xautolm_nb.run.scoring import Judge
from xautolm_nb.run.tokens import Tokens

CPU = Precision(device=torch.device("cpu"))


class FirstToken(nn.Module):
    """Says class 1 where the first token is odd."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        odd = (input_ids[:, 0] % 2).float()
        return SimpleNamespace(logits=torch.stack([1 - odd, odd], dim=1))


class Parrot(nn.Module):
    """Writes the words of its prompt again."""

    def generate(self, input_ids: torch.Tensor, **options: object) -> SimpleNamespace:
        logits = (torch.zeros(len(input_ids), 9),)
        return SimpleNamespace(sequences=torch.cat([input_ids, input_ids], dim=1), logits=logits)


class Spelling:
    """Says what the token ids 1 to 5 stand for."""

    eos_token_id = 0

    def batch_decode(self, rows: torch.Tensor, **options: object) -> list[str]:
        return ["".join(" Ann | Bob ".split(" ")[int(token)] + " " for token in row if token) for row in rows]


def judge(task: Task, tokens: Tokens) -> Judge:
    info = ModelInfo(id="m", path="m", architecture="decoder" if task.kind == "generation" else "encoder")
    return Judge(task=task, split="validation", tokens=tokens, info=info, precision=CPU, tokenizer=Spelling)


def make_task(metric: str, folder: Path, **changes: object) -> Task:
    options = {"kind": "classification", "labels": ("a", "b"), **changes}
    return Task(
        name="t", text=("text",), label="label", metric=Metric(name=metric), rows={"validation": 2},
        folder=str(folder), fingerprint="t", **options,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_score_is_the_metric_of_the_task(tmp_path: Path) -> None:
    tokens = Tokens(
        ids=np.asarray([1, 2, 2, 3, 4], dtype=np.int32),
        offsets=np.asarray([0, 1, 3, 4, 5]),
        labels=np.asarray([1, 0, 1, 1]),
    )
    found = judge(make_task("accuracy", tmp_path), tokens).score(FirstToken(), batch_size=3)
    assert found.value == 0.75 and set(found.metrics) >= {"f1", "accuracy"}


@pytest.mark.parametrize(("metric", "value"), [("drop_f1", 1.0), ("exact_match", 0.0)])
def test_several_spans_are_compared_one_by_one_where_the_metric_does(metric: str, value: float, tmp_path: Path) -> None:
    pd.DataFrame({"text": ["?"], "answers": [[["Bob", "Ann"]]]}).to_parquet(tmp_path / "validation.parquet")
    tokens = Tokens(
        ids=np.asarray([1, 2, 3], dtype=np.int32),
        offsets=np.asarray([0, 3]),
        labels=np.zeros(1, dtype=np.int64),
        targets=np.asarray([3], dtype=np.int32),
        target_offsets=np.asarray([0, 1]),
        write_limit=3,
    )
    task = make_task(metric, tmp_path, kind="generation", labels=())
    found = judge(task, tokens).score(Parrot(), batch_size=1)
    assert found.value == value
