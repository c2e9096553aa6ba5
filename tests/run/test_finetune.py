import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.trial import FailureKind, Outcome
from xautolm_nb.run import checkpoint
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.scoring import Judge, Score

MakeJob = Callable[..., Job]

LORA = {
    "method": "lora",
    "lora_rank": 4,
    "lora_scale": 2.0,
    "lora_dropout": 0.1,
    "lora_targets": "attention",
    "lora_init": "default",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {"method": "full"},
    "full, adagrad, cosine": {"optimizer": "adagrad", "schedule": "cosine", "learning_rate": 1e-2},
    "full, sgd, constant": {"optimizer": "sgd", "schedule": "constant", "learning_rate": 1e-1},
    "partial, class weights": {"method": "partial", "layer_share": 0.5, "class_weights": True},
    "lora": LORA,
    "lora, pissa, all-linear": {**LORA, "lora_init": "pissa", "lora_targets": "all-linear"},
    "head": {"method": "head", "learning_rate": 1e-2},
}


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: TrialProgress) -> None: ...

    def rung(self, outcome: Outcome) -> None: ...


def run(job: Job, *, stop_after: int | None = None) -> Outcome:
    """Run a job, asked to stop before step `stop_after` of this call."""
    asked = iter(range(10**9))
    outcome = fine_tune(job, Deaf(), lambda: stop_after is not None and next(asked) >= stop_after)
    if outcome.failure:
        print(outcome.failure.detail)
    return outcome


def thaw(job: Job, outcome: Outcome, target: float) -> Job:
    trial = replace(
        job.trial,
        target=target,
        fidelity=outcome.fidelity,
        curve=outcome.curve,
        measures=outcome.measures,
        checkpoint=outcome.checkpoint,
    )
    return replace(job, trial=trial)


def figures(outcome: Outcome) -> list[tuple[float, float, int, float | None]]:
    return [(point.fidelity, point.score, point.step, point.loss) for point in outcome.curve]


def tensors(job: Job, part: str) -> dict[str, torch.Tensor]:
    saved = checkpoint.read(Path(job.folder) / part)
    assert saved is not None
    return saved[0]


def assert_same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_trial_that_was_paused_and_stopped_equals_the_uninterrupted_one_bit_for_bit(
    variant: str, make_job: MakeJob
) -> None:
    whole = make_job(config=VARIANTS[variant], folder="whole", target=0.75)
    parts = make_job(config=VARIANTS[variant], folder="parts", target=0.25)
    expected = run(whole)
    paused = run(parts)
    stopped = run(thaw(parts, paused, 0.75), stop_after=3)  # in the middle of an epoch, between two rungs
    resumed = run(thaw(parts, stopped, 0.75))

    assert paused.fidelity == 0.25 and paused.checkpoint
    assert 0.25 < stopped.fidelity < 0.5 and stopped.checkpoint and stopped.failure is None
    assert figures(resumed) == figures(expected)
    assert_same_bits(tensors(parts, "best"), tensors(whole, "best"))
    assert_same_bits(tensors(parts, "checkpoint"), tensors(whole, "checkpoint"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_method_learns(variant: str, make_job: MakeJob, schooled: ModelInfo) -> None:
    outcome = run(make_job(config={"epochs": 4, **VARIANTS[variant]}, model=schooled))
    first, last = outcome.curve[0], outcome.curve[-1]
    assert outcome.failure is None
    assert first.loss is not None and last.loss is not None
    assert last.loss < first.loss
    assert last.score > 0.8


def test_a_full_run_validates_at_every_rung_and_ends_without_a_checkpoint(make_job: MakeJob) -> None:
    outcome = run(make_job())
    assert [point.fidelity for point in outcome.curve] == [0.25, 0.5, 1.0]
    assert [point.step for point in outcome.curve] == [5, 10, 20]
    assert outcome.fidelity == 1.0 and not outcome.checkpoint
    assert set(outcome.curve[-1].metrics) >= {"f1", "accuracy"}


def test_costs_add_up_over_the_parts_of_a_trial(make_job: MakeJob) -> None:
    job = make_job(target=0.5)
    half = run(job)
    full = run(thaw(job, half, 1.0))
    assert half.measures.steps == 10 and full.measures.steps == 20
    assert full.measures.seconds > half.measures.seconds > 0
    assert full.measures.tokens > half.measures.tokens > 0
    seconds = [point.seconds for point in full.curve]
    assert seconds == sorted(seconds) and seconds[-1] <= full.measures.seconds


def test_work_that_a_killed_process_had_saved_is_not_done_twice(make_job: MakeJob) -> None:
    job = make_job(target=0.5)
    run(job)
    again = run(make_job(target=1.0))  # the record knows nothing of the first half
    assert [point.fidelity for point in again.curve] == [0.25, 0.5, 1.0]
    assert again.measures.steps == 20


def test_a_finished_trial_that_was_not_recorded_is_told_again_without_training(make_job: MakeJob) -> None:
    first = run(make_job())
    again = run(make_job())
    assert figures(again) == figures(first)
    assert again.measures.steps == first.measures.steps


def test_a_checkpoint_of_another_configuration_is_not_used(make_job: MakeJob) -> None:
    run(make_job(target=0.5))
    other = run(make_job(config={"learning_rate": 1e-3}, target=0.25))
    assert other.measures.steps == 5


def test_a_damaged_checkpoint_means_starting_over(make_job: MakeJob) -> None:
    job = make_job(target=0.5)
    first = run(job)
    for file in (Path(job.folder) / "checkpoint").glob("*.safetensors"):
        file.write_bytes(b"nothing")
    assert figures(run(job)) == figures(first)


def test_rungs_that_share_a_step_share_a_score(make_job: MakeJob) -> None:
    outcome = run(make_job(config={"batch_size": 128, "epochs": 1}))  # two steps in all
    assert [(point.fidelity, point.step) for point in outcome.curve] == [(0.25, 1), (0.5, 1), (1.0, 2)]
    assert outcome.curve[0].score == outcome.curve[1].score


def test_the_best_weights_are_kept_not_the_last(make_job: MakeJob) -> None:
    job = make_job(config={"epochs": 4})
    outcome = run(job)
    best = max(outcome.curve, key=lambda point: point.score)
    saved = checkpoint.read(Path(job.folder) / "best")
    assert saved is not None and saved[1]["point"]["score"] == best.score


def test_a_divergence_is_named(make_job: MakeJob) -> None:
    outcome = run(make_job(config={"optimizer": "sgd", "learning_rate": 1e30}))
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.NOT_FINITE
    assert outcome.fidelity < 1.0


def test_a_missing_model_folder_is_named(make_job: MakeJob, tiny: Any, tmp_path: Path) -> None:
    gone = replace(tiny, id="gone", path=str(tmp_path / "gone"))
    outcome = run(make_job(model=gone))
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.MODEL_UNAVAILABLE
    assert "gone" in outcome.failure.message


def test_a_full_disk_is_a_failure_and_the_checkpoint_before_still_stands(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(target=0.25)
    paused = run(job)

    def no_space(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", no_space)
        failed = run(thaw(job, paused, 0.5))
    assert failed.failure is not None and "No space left" in failed.failure.message
    assert figures(run(thaw(job, paused, 0.5)))[0] == figures(paused)[0]


def test_progress_tells_phases_steps_and_what_is_left(make_job: MakeJob, ear: Any) -> None:
    outcome = fine_tune(make_job(), ear, lambda: False)
    assert ear.heard[0].phase == "load" and "evaluate" in {progress.phase for progress in ear.heard}
    assert all(progress.total == 20 for progress in ear.heard[1:])
    assert [len(rung.curve) for rung in ear.rungs] == [1, 2, 3]
    assert ear.rungs[-1].curve == outcome.curve
    assert all(progress.seconds_left is None or math.isfinite(progress.seconds_left) for progress in ear.heard)


def test_the_batch_size_decides_the_steps_and_the_micro_batch_does_not_change_them(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"dropout": 0.0}  # dropout draws per micro-batch
    whole = run(make_job(config=config, folder="whole"))
    monkeypatch.setattr("xautolm_nb.run.finetune.fit_micro_batch", lambda *_, **__: (4, 4))
    cut = run(make_job(config=config, folder="cut"))
    assert [point.step for point in cut.curve] == [point.step for point in whole.curve]
    losses = zip(cut.curve, whole.curve, strict=True)
    assert all(one.loss == pytest.approx(other.loss, rel=1e-3) for one, other in losses)


def test_a_trial_that_cannot_fit_is_refused_by_prediction(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xautolm_nb.run.finetune.fit_micro_batch", lambda *_, **__: None)
    outcome = run(make_job())
    assert outcome.failure is not None and outcome.failure.kind is FailureKind.OUT_OF_MEMORY


def falling_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every validation come out worse than the one before, whatever the model learned."""
    score, worse = Judge.score, iter(range(100))

    def falling(judge: Judge, *args: Any, **options: Any) -> Score:
        found = score(judge, *args, **options)
        return replace(found, value=0.9 - 0.3 * next(worse))

    monkeypatch.setattr(Judge, "score", falling)


def test_a_run_that_only_gets_worse_ends_early_and_is_complete(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = replace(make_job(config={"epochs": 4}), rungs=(0.1, 0.2, 0.3, 0.5, 1.0))
    falling_scores(monkeypatch)
    outcome = run(job)
    assert [point.fidelity for point in outcome.curve] == [0.1, 0.2, 0.3, 1.0]
    assert outcome.curve[-1].step == 12 and outcome.measures.steps == 12
    assert outcome.fidelity == 1.0 and not outcome.checkpoint
    saved = checkpoint.read(Path(job.folder) / "best")
    assert saved is not None and saved[1]["point"]["step"] == outcome.curve[0].step
    assert figures(run(job)) == figures(outcome)  # taken up again it stays ended


def test_a_paused_run_ends_early_where_the_uninterrupted_one_does(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    rungs = (0.1, 0.2, 0.3, 0.5, 1.0)
    whole, parts = (replace(make_job(config={"epochs": 4}, folder=name), rungs=rungs) for name in ("whole", "parts"))
    with monkeypatch.context() as patch:
        falling_scores(patch)
        expected = run(whole)
    falling_scores(monkeypatch)
    paused = run(thaw(parts, Outcome(fidelity=0.0), 0.2))
    assert paused.fidelity == 0.2 and paused.checkpoint
    resumed = run(thaw(parts, paused, 1.0))
    assert figures(resumed) == figures(expected)
    assert_same_bits(tensors(parts, "best"), tensors(whole, "best"))
