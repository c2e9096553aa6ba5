import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run.cells import make_context, save_model, write_task
from run.test_finetune import assert_same_bits, figures, run, tensors, thaw

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Trial
from xautolm_nb.run import features
from xautolm_nb.run.data import collate, read_tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.features import Table, keep_features
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.methods import load_model
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.tokens import Tokens
from xautolm_nb.space import build_space

CPU = Precision(device=torch.device("cpu"))
HEAD = {"method": "head", "learning_rate": 1e-2}
MakeJob = Callable[..., Job]


@pytest.fixture
def own_task(task: Task, tmp_path: Path) -> Task:
    """The task in a folder of its own, where nothing is kept yet."""
    shutil.copytree(task.folder, tmp_path / "task", ignore=shutil.ignore_patterns("features"))
    return replace(task, folder=str(tmp_path / "task"))


@pytest.fixture
def job(make_job: MakeJob, own_task: Task, schooled: ModelInfo) -> Job:
    return replace(make_job(config=HEAD, model=schooled), task=own_task)


def tokens_of(job: Job, split: Any = "train") -> Tokens:
    return read_tokens(job.task, split, job.model, lambda: load_tokenizer(job.model), None)


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every forward pass of a BERT body."""
    from transformers import BertModel

    forward, rows = BertModel.forward, []

    def counted(self: Any, input_ids: Any, **inputs: Any) -> Any:
        rows.append(len(input_ids))
        return forward(self, input_ids, **inputs)

    monkeypatch.setattr(BertModel, "forward", counted)
    return rows


def test_what_is_kept_is_what_the_body_says(job: Job) -> None:
    model, tokens = load_model(job.model, job.trial.config, job.task, seed=1), tokens_of(job)
    model.eval()
    rows = np.array([5, 90, 17])
    with torch.inference_mode():
        expected = model(**collate(tokens, rows, CPU.device)).logits
        kept = keep_features(job, model, {"train": tokens}, CPU)
        assert kept is not None
        list(kept.compute())
        assert torch.allclose(model(**collate(tokens, rows, CPU.device)).logits, expected, atol=1e-5)


def test_the_body_runs_once_for_all_epochs_and_trials(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = count_runs(monkeypatch)
    first = run(job)
    assert first.failure is None
    assert 220 <= sum(rows) <= 220 + 2 * features.BLOCK + 4  # 160 + 60 rows, and those that were tried
    rows.clear()
    other = run(replace(job, trial=replace(job.trial, seed=8), folder=f"{job.folder}-other"))
    assert sum(rows) <= 2 * features.BLOCK + 4
    assert other.curve[-1].loss != first.curve[-1].loss


def test_a_trial_from_kept_features_ends_as_one_without(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = run(job)
    monkeypatch.setattr(features, "LARGEST_BYTES", 0)
    plain = run(replace(job, folder=f"{job.folder}-plain"))
    assert [point.score for point in kept.curve] == [point.score for point in plain.curve]
    for one, other in zip(kept.curve, plain.curve, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)
    assert kept.measures.tokens == plain.measures.tokens
    one, other = tensors(job, "best"), tensors(replace(job, folder=f"{job.folder}-plain"), "best")
    assert all(torch.allclose(one[name], other[name], atol=1e-4) for name in other)


def test_a_paused_trial_from_kept_features_equals_the_uninterrupted_one_bit_for_bit(job: Job) -> None:
    whole = replace(job, trial=replace(job.trial, target=0.75), folder=f"{job.folder}-whole")
    expected = run(whole)
    shutil.rmtree(Path(job.task.folder) / "features")
    paused = run(thaw(job, run(replace(job, trial=replace(job.trial, target=0.25))), 0.25))
    stopped = run(thaw(job, paused, 0.75), stop_after=3)
    assert 0.25 < stopped.fidelity < 0.5
    shutil.rmtree(Path(job.task.folder) / "features")
    resumed = run(thaw(job, stopped, 0.75))
    assert figures(resumed) == figures(expected)
    assert_same_bits(tensors(job, "best"), tensors(whole, "best"))
    assert_same_bits(tensors(job, "checkpoint"), tensors(whole, "checkpoint"))


def test_a_stop_while_features_are_computed_pauses_the_trial(job: Job) -> None:
    stopped = run(job, stop_after=2)
    assert stopped.failure is None and stopped.fidelity == 0.0 and stopped.checkpoint
    assert len(list((Path(job.task.folder) / "features").iterdir())) == 1
    assert run(thaw(job, stopped, 1.0)).fidelity == 1.0


def test_what_was_known_when_it_stopped_is_not_computed_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job, stop_after=2)
    rows = count_runs(monkeypatch)
    run(job)
    assert sum(rows) <= 220 - 2 * features.BLOCK + 2 * 20  # and those that are tried


def test_a_damaged_file_is_made_anew(job: Job) -> None:
    expected = run(job)
    for file in (Path(job.task.folder) / "features").iterdir():
        file.write_bytes(b"nothing")
    again = run(replace(job, folder=f"{job.folder}-again"))
    assert figures(again) == figures(expected)


@pytest.mark.parametrize("method", ["full", "partial"])
def test_a_body_that_trains_is_left_alone(method: str, job: Job) -> None:
    config = {**job.trial.config, "method": method, "layer_share": 0.5}
    trained = replace(job, trial=replace(job.trial, config=config))
    model = load_model(job.model, config, job.task, seed=1)
    assert keep_features(trained, model, {"train": tokens_of(job)}, CPU) is None
    assert "forward" not in vars(model.bert)


def test_rows_that_no_table_knows_go_through_the_body(job: Job) -> None:
    model, tokens = load_model(job.model, job.trial.config, job.task, seed=1), tokens_of(job)
    other = tokens_of(job, "validation")
    model.eval()
    with torch.inference_mode():
        expected = model(**collate(other, np.arange(4), CPU.device)).logits
        kept = keep_features(job, model, {"train": tokens}, CPU)
        assert kept is not None
        assert torch.equal(model(**collate(other, np.arange(4), CPU.device)).logits, expected)


def test_a_half_known_table_answers_nothing(job: Job) -> None:
    tokens = tokens_of(job)
    table = Table(Path(job.folder) / "none.safetensors", tokens, "first")
    table.put(0, np.ones((features.BLOCK, 30, 8), dtype=np.float32))
    assert table.row(int(table.blocks[0][0])) is None


def test_answers_are_marked_from_kept_features(tmp_path: Path) -> None:
    task = write_task(tmp_path / "data", "extractive_qa", {"train": 48, "validation": 24})
    context = make_context("extractive_qa")
    model = save_model(tmp_path / "model", "encoder")
    config = {**build_space(context, [model]).default(method="head"), "epochs": 2, "batch_size": 8}
    trial = Trial(number=0, config=config, seed=1)
    job = Job(task=task, trial=trial, model=model, context=context, rungs=(1.0,), folder=str(tmp_path / "kept"))
    kept = run(job)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "LARGEST_BYTES", 0)
        plain = run(replace(job, folder=str(tmp_path / "plain")))
    assert (tmp_path / "data" / "features").is_dir()
    assert kept.curve[-1].score == pytest.approx(plain.curve[-1].score, abs=1e-3)
    assert kept.curve[-1].loss == pytest.approx(plain.curve[-1].loss, rel=1e-4)
