from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from xautolm_nb.core.trial import CurvePoint, FailureKind, Measures
from xautolm_nb.run import checkpoint
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.keeper import Keeper
from xautolm_nb.run.protocol import Job

MakeJob = Callable[..., Job]
COST = Measures(seconds_train=5.0)


def packed() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    return {"weight.a": torch.ones(2)}, {"step": 3}


def test_what_is_saved_is_loaded(make_job: MakeJob) -> None:
    job = make_job()
    keeper = Keeper(job)
    assert keeper.load() is None and not keeper.has_checkpoint
    keeper.save(packed, COST)
    saved = Keeper(job).load()
    assert saved is not None and saved[1]["step"] == 3 and saved[0]["weight.a"].tolist() == [1, 1]
    assert keeper.has_checkpoint


@pytest.mark.parametrize("change", ["config", "seed", "data", "model"])
def test_a_checkpoint_of_anything_else_is_not_loaded(change: str, make_job: MakeJob) -> None:
    job = make_job()
    Keeper(job).save(packed, COST)
    others = {
        "config": make_job(config={"epochs": 9}),
        "seed": make_job(seed=8),
        "data": replace(job, task=replace(job.task, fingerprint="other")),
        "model": replace(job, model=replace(job.model, layers=1)),
    }
    assert Keeper(others[change]).load() is None


def test_the_cost_before_is_the_larger_of_record_and_checkpoint(make_job: MakeJob) -> None:
    job = make_job()
    Keeper(job).save(packed, COST)
    keeper = Keeper(job)
    assert keeper.cost_before(None) == Measures()
    assert keeper.cost_before(keeper.load()) == COST
    recorded = Measures(seconds_train=9.0)
    later = Keeper(make_job(measures=recorded))
    assert later.cost_before(later.load()) == recorded


def test_checkpoints_on_the_way_take_a_small_share_of_the_time(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("xautolm_nb.run.keeper.time.monotonic", lambda: now[0])

    def slow() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        now[0] += 3.0
        return packed()

    keeper = Keeper(replace(make_job(), checkpoint_seconds=30.0))
    assert keeper.is_cheap() and not keeper.is_time()
    now[0] = 30.0
    assert keeper.is_time()
    keeper.save(slow, COST)
    now[0] += 59.0
    assert not keeper.is_time() and not keeper.is_cheap()
    now[0] += 1.0
    assert keeper.is_time()


def test_the_best_weights_lie_beside_with_their_score(make_job: MakeJob) -> None:
    job = make_job()
    Keeper(job).keep_best({"a": torch.zeros(1)}, CurvePoint(fidelity=0.5, score=0.7, seconds=1.0))
    saved = checkpoint.read(Path(job.folder) / "best")
    assert saved is not None and saved[1]["point"]["score"] == 0.7


def test_a_disk_that_takes_no_more_is_named_and_the_checkpoint_before_stands(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(make_job())
    keeper.save(packed, COST)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    for write in (
        lambda: keeper.save(lambda: ({"a": torch.ones(1)}, {"step": 4}), COST),
        lambda: keeper.keep_best({"a": torch.ones(1)}, CurvePoint(fidelity=0.5, score=0.7, seconds=1.0)),
    ):
        with pytest.raises(TrialError, match="No space left on device") as caught:
            write()
        assert caught.value.kind is FailureKind.DISK
    saved = keeper.load()
    assert saved is not None and saved[1]["step"] == 3
