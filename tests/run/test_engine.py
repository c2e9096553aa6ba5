from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from xautolm_nb.run.data import read_tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.engine import Engine
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.optim import MAX_GRADIENT_NORM
from xautolm_nb.run.protocol import Job

CPU = Precision(device=torch.device("cpu"))
MakeJob = Callable[..., Job]


def build(job: Job, *, micro_batch: int = 16, precision: Precision = CPU) -> Engine:
    tokens = read_tokens(job.task, "train", job.model, lambda: load_tokenizer(job.model), None)
    engine = Engine(job, tokens, precision, micro_batch=micro_batch, total=20)
    engine.train_mode()
    return engine


def weights(engine: Engine) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in engine.pack()[0].items() if name.startswith("weight.")}


def test_a_step_lowers_the_loss_on_its_own_batch(make_job: MakeJob) -> None:
    engine = build(make_job(config={"dropout": 0.0, "warmup_ratio": 0.0}))
    rows = np.arange(16)
    losses = [float(engine.step(rows)[0]) for _ in range(8)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("class_weights", [False, True])
def test_a_batch_in_micro_batches_makes_the_same_step(class_weights: bool, make_job: MakeJob) -> None:
    job = make_job(config={"dropout": 0.0, "class_weights": class_weights, "optimizer": "sgd", "warmup_ratio": 0.0})
    rows = np.asarray([0, 1, 2, 3, 4, 6, 8, 10, 12, 14])
    whole, cut = build(job), build(job, micro_batch=3)
    losses = [float(engine.step(rows)[0]) for engine in (whole, cut)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    one, other = weights(whole), weights(cut)
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)


def test_tokens_count_padding(make_job: MakeJob) -> None:
    job = make_job()
    engine = build(job)
    tokens = read_tokens(job.task, "train", job.model, lambda: load_tokenizer(job.model), None)
    rows = np.arange(6)
    assert engine.step(rows)[1] == 6 * tokens.lengths[rows].max()


@pytest.mark.parametrize("optimizer", ["adamw", "adagrad", "sgd"])
def test_what_is_packed_goes_on_bit_for_bit(optimizer: str, make_job: MakeJob) -> None:
    job = make_job(config={"optimizer": optimizer})
    engine = build(job)
    engine.step(np.arange(16))
    tensors, plain = engine.pack()
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    engine.step(np.arange(16, 32))

    other = build(job)
    other.unpack(tensors, plain, step=1)
    other.step(np.arange(16, 32))
    one, two = weights(engine), weights(other)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_is_packed_holds_only_what_trains(make_job: MakeJob) -> None:
    tensors, _ = build(make_job(config={"method": "head"})).pack()
    names = {name for name in tensors if name.startswith("weight.")}
    assert names == {
        "weight.bert.pooler.dense.weight",
        "weight.bert.pooler.dense.bias",
        "weight.classifier.weight",
        "weight.classifier.bias",
    }


def test_gradients_are_clipped(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[Any] = []
    clip = torch.nn.utils.clip_grad_norm_

    def spy(parameters: Any, limit: float) -> torch.Tensor:
        norm = clip(parameters, limit)
        after = torch.stack([parameter.grad.norm() for parameter in parameters if parameter.grad is not None]).norm()
        norms.append((float(norm), float(after)))
        return norm

    assert MAX_GRADIENT_NORM == 1.0
    monkeypatch.setattr("xautolm_nb.run.engine.MAX_GRADIENT_NORM", 0.01)
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", spy)
    build(make_job()).step(np.arange(16))
    before, after = norms[0]
    assert before > 0.02 and after <= 0.0101


def test_mixed_precision_keeps_float32_weights(make_job: MakeJob) -> None:
    mixed = Precision(device=torch.device("cpu"), autocast=torch.bfloat16)
    engine = build(make_job(), precision=mixed)
    loss, _ = engine.step(np.arange(16))
    assert loss.dtype is torch.float32 and torch.isfinite(loss)
    assert {tensor.dtype for tensor in weights(engine).values()} == {torch.float32}


def test_memory_that_runs_out_halves_the_micro_batch_once(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(config={"dropout": 0.0})
    expected = float(build(job).step(np.arange(16))[0])
    engine = build(job)
    share = engine._objective.share

    def scarce(model: Any, rows: Any, whole: float) -> Any:
        if len(rows) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return share(model, rows, whole)

    monkeypatch.setattr(engine._objective, "share", scarce)
    assert float(engine.step(np.arange(16))[0]) == pytest.approx(expected, rel=1e-5)
    assert engine.micro_batch == 8
    monkeypatch.setattr(engine._objective, "share", lambda *_: scarce(None, np.arange(9), 1.0))
    with pytest.raises(torch.OutOfMemoryError):
        engine.step(np.arange(16))
    assert engine.micro_batch == 8


def test_other_errors_are_not_taken_for_lack_of_memory(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = build(make_job())
    monkeypatch.setattr(engine._objective, "share", lambda *_: (_ for _ in ()).throw(RuntimeError("shapes differ")))
    with pytest.raises(RuntimeError, match="shapes differ"):
        engine.step(np.arange(16))
    assert engine.micro_batch == 16


@pytest.mark.parametrize("method", ["full", "lora"])
def test_checkpointing_changes_nothing_but_memory(method: str, make_job: MakeJob) -> None:
    lora = {"lora_rank": 4, "lora_scale": 1.0, "lora_dropout": 0.0, "lora_targets": "attention", "lora_init": "default"}
    job = make_job(config={"dropout": 0.0, "method": method, **lora})
    tokens = read_tokens(job.task, "train", job.model, lambda: load_tokenizer(job.model), None)
    made = [Engine(job, tokens, CPU, micro_batch=16, total=20, checkpointing=on) for on in (False, True)]
    for engine in made:
        engine.train_mode()
    assert any(getattr(module, "gradient_checkpointing", False) for module in made[1].model.modules())
    losses = [[float(engine.step(np.arange(16))[0]) for _ in range(2)] for engine in made]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
