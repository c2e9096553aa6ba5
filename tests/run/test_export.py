import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.run.export import evaluate, export
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.protocol import Job

MakeJob = Callable[..., Job]
LORA = {"lora_rank": 4, "lora_scale": 1.0, "lora_dropout": 0.0, "lora_targets": "attention", "lora_init": "default"}
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "partial": {"method": "partial", "layer_share": 0.5},
    "lora": {"method": "lora", **LORA},
    "pissa": {"method": "lora", **LORA, "lora_init": "pissa"},
    "head": {"method": "head", "learning_rate": 1e-2},
    "short": {"max_length": 8},
}


def score_with_transformers(folder: Path, job: Job) -> dict[str, float]:
    """Load the folder as a stranger would and score the test rows."""
    import pyarrow.parquet as pq
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from xautolm_nb.tasks.metrics import score

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = pq.read_table(job.task.file("test"))
    inputs = tokenizer(rows.column("text").to_pylist(), truncation=True, padding=True, return_tensors="pt")
    with torch.inference_mode():
        predicted = model(**inputs).logits.argmax(dim=-1)
    return score("f1", predicted.numpy(), rows.column("label").to_numpy())


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_export_scores_what_the_trial_scored(
    variant: str, make_job: MakeJob, schooled: ModelInfo, tmp_path: Path
) -> None:
    job = make_job(config=VARIANTS[variant], model=schooled)
    assert fine_tune(job, Deaf(), lambda: False).failure is None
    export(job, tmp_path / "out")
    assert score_with_transformers(tmp_path / "out", job) == evaluate(job, "test")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    assert settings["id2label"] == {"0": "bad", "1": "good"}


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: object) -> None: ...

    def rung(self, outcome: object) -> None: ...


def test_a_cut_is_exported_as_a_small_model(make_job: MakeJob, tiny: ModelInfo, tmp_path: Path) -> None:
    job = make_job(model=replace(tiny, id="tiny[:1]", layers=1), target=0.25)
    assert fine_tune(job, Deaf(), lambda: False).failure is None
    export(job, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "config.json").read_text())["num_hidden_layers"] == 1
    assert score_with_transformers(tmp_path / "out", job) == evaluate(job, "test")


def test_the_tokenizer_remembers_the_length_of_training(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(config={"max_length": 8}, target=0.25)
    fine_tune(job, Deaf(), lambda: False)
    export(job, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["model_max_length"] == 8


def test_a_trial_without_weights_and_a_split_that_is_not_there_are_refused(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    with pytest.raises(StudyError, match="no kept weights"):
        export(job, tmp_path / "out")
    with pytest.raises(StudyError, match="splits"):
        evaluate(replace(job, task=replace(job.task, rows={"train": 1})), "test")
    assert [path for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
