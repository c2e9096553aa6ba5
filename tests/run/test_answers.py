"""Tasks of answers, end to end: pausing, stopping, failing and exporting, as classifications do."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from contracts.runner import never
from run.cells import make_context, save_model, write_task

from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.core.task import Task, TaskKind
from xautolm_nb.core.trial import FailureKind, Outcome, Trial
from xautolm_nb.run import ProcessRunner, WorkerOptions, checkpoint
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.protocol import Job
from xautolm_nb.space import build_space

BROKEN = Path(__file__).parent / "broken_worker.py"
CASES: list[tuple[TaskKind, Architecture, str]] = [
    ("extractive_qa", "encoder", "full"),
    ("generation", "decoder", "lora"),
    ("generation", "encoder_decoder", "partial"),
    ("generation", "encoder_decoder", "prompt"),
]
RUNGS = (0.25, 0.5, 1.0)
CONFIG: dict[str, Any] = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3}


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: object) -> None: ...

    def rung(self, outcome: Outcome) -> None: ...


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("answers")
    architectures: tuple[Architecture, ...] = ("encoder", "decoder", "encoder_decoder")
    found: dict[str, Any] = {name: save_model(folder / name, name) for name in architectures}
    kinds: tuple[TaskKind, ...] = ("extractive_qa", "generation")
    rows = {"train": 128, "validation": 24, "test": 24}
    return found | {kind: write_task(folder / kind, kind, rows) for kind in kinds}


def make_job(world: dict[str, Any], kind: TaskKind, architecture: Architecture, method: str, folder: Path) -> Job:
    context, model = make_context(kind), world[architecture]
    config = {**build_space(context, [model], methods=(method,)).default(method=method), **CONFIG}
    trial = Trial(number=0, config=config, seed=3)
    return Job(task=world[kind], trial=trial, model=model, context=context, rungs=RUNGS, folder=str(folder))


def run(job: Job, target: float, before: Outcome | None = None, *, stop_after: int | None = None) -> Outcome:
    trial = replace(job.trial, target=target)
    if before is not None:
        own = {"fidelity": before.fidelity, "curve": before.curve, "measures": before.measures}
        trial = replace(trial, checkpoint=before.checkpoint, **own)
    asked = iter(range(10**6))
    outcome = fine_tune(replace(job, trial=trial), Deaf(), lambda: stop_after is not None and next(asked) >= stop_after)
    assert outcome.failure is None, outcome.failure
    return outcome


def tensors(folder: Path, part: str) -> dict[str, torch.Tensor]:
    saved = checkpoint.read(folder / part)
    assert saved is not None
    return saved[0]


@pytest.mark.parametrize(("kind", "architecture", "method"), CASES)
def test_a_paused_and_stopped_trial_equals_the_uninterrupted_one_bit_for_bit(
    kind: TaskKind, architecture: Architecture, method: str, world: dict[str, Any], tmp_path: Path
) -> None:
    whole, parts = (make_job(world, kind, architecture, method, tmp_path / name) for name in ("whole", "parts"))
    expected = run(whole, 0.75)
    paused = run(parts, 0.25)
    resumed = run(parts, 0.75, run(parts, 0.75, paused, stop_after=3))
    assert [(p.fidelity, p.score, p.loss) for p in resumed.curve] == [
        (p.fidelity, p.score, p.loss) for p in expected.curve
    ]
    for part in ("best", "checkpoint"):
        one, other = tensors(tmp_path / "parts", part), tensors(tmp_path / "whole", part)
        assert one.keys() == other.keys()
        assert [name for name in one if not torch.equal(one[name], other[name])] == []


@pytest.fixture
def runner(world: dict[str, Any], tmp_path: Path) -> Iterator[Any]:
    """Make a runner for a case; `way` makes its workers misbehave."""
    made: list[ProcessRunner] = []

    def make(kind: TaskKind, models: dict[str, ModelInfo], way: str | None = None) -> ProcessRunner:
        options = WorkerOptions(command=(sys.executable, str(BROKEN), way)) if way else WorkerOptions()
        folder = tmp_path / f"study-{len(made)}"
        context = make_context(kind)
        made.append(ProcessRunner(folder=folder, models=models, context=context, rungs=RUNGS, options=options))
        return made[-1]

    yield make
    for own in made:
        own.close()


@pytest.mark.parametrize(("kind", "architecture", "method"), CASES[:3])
def test_a_worker_trains_scores_and_exports_what_writes_or_marks_answers(
    kind: TaskKind, architecture: Architecture, method: str, world: dict[str, Any], runner: Any, tmp_path: Path
) -> None:
    import transformers

    job = make_job(world, kind, architecture, method, tmp_path)
    own = runner(kind, {job.model.id: job.model})
    outcome = own.run(job.task, job.trial, emit=lambda _: None, should_stop=never)
    assert outcome.failure is None and outcome.curve[-1].fidelity == 1.0
    scores = own.evaluate(job.task, job.trial, "test")
    assert set(scores) == {"f1", "exact_match"}
    own.export(job.task, job.trial, str(tmp_path / "out"))
    auto = {"encoder": "QuestionAnswering", "decoder": "CausalLM", "encoder_decoder": "Seq2SeqLM"}[architecture]
    loaded, report = getattr(transformers, f"AutoModelFor{auto}").from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not report["missing_keys"] and loaded is not None


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("oom", FailureKind.OUT_OF_MEMORY),
        ("nan", FailureKind.NOT_FINITE),
        ("disk", FailureKind.DISK),
        ("exit", FailureKind.CRASH),
        ("sigkill", FailureKind.HOST_MEMORY),
        ("hang", FailureKind.TIMEOUT),
        ("no tokenizer", FailureKind.MODEL_UNAVAILABLE),
        ("unreadable", FailureKind.MODEL_UNAVAILABLE),
    ],
)
def test_every_way_to_fail_is_typed_and_leaves_no_process(
    way: str, kind: FailureKind, world: dict[str, Any], runner: Any, tmp_path: Path
) -> None:
    job = make_job(world, "generation", "decoder", "full", tmp_path)
    model: ModelInfo = job.model
    if way in ("no tokenizer", "unreadable"):
        model = replace(model, path=str(copy_of(model, tmp_path / "copy", without=way)))
    task: Task = replace(job.task, folder=str(copy_of_task(job.task, tmp_path / "data")))
    own = runner("generation", {model.id: model}, None if way in ("no tokenizer", "unreadable") else way)
    timeout = 5.0 if way == "hang" else None
    trial = replace(job.trial, target=0.5)  # to be paused, so that a checkpoint is written
    outcome = own.run(task, trial, emit=lambda _: None, should_stop=never, timeout=timeout)
    assert outcome.failure is not None and outcome.failure.kind is kind, outcome.failure
    assert outcome.fidelity < 1.0
    if way == "disk":
        assert "No space left" in outcome.failure.message
    own.close()
    assert not [child for child in psutil.Process().children() if "broken_worker" in " ".join(child.cmdline())]


def copy_of(model: ModelInfo, folder: Path, *, without: str) -> Path:
    """The model's files, the weights cut short or the tokenizer left out."""
    folder.mkdir()
    for file in Path(model.path).iterdir():
        is_token = file.name.startswith("tokenizer") or file.name == "special_tokens_map.json"
        if not (is_token and without == "no tokenizer"):
            is_cut = file.suffix == ".safetensors" and without == "unreadable"
            (folder / file.name).write_bytes(file.read_bytes()[: 500 if is_cut else None])
    return folder


def copy_of_task(task: Task, folder: Path) -> Path:
    """The task's rows without the cached tokens."""
    folder.mkdir()
    for split in task.rows:
        (folder / f"{split}.parquet").write_bytes((Path(task.folder) / f"{split}.parquet").read_bytes())
    return folder


@pytest.mark.slow
@pytest.mark.shared
def test_forty_random_configurations_have_no_untyped_failure(
    shared: Path, world: dict[str, Any], tmp_path: Path
) -> None:
    from xautolm_nb.core.context import Context
    from xautolm_nb.metafeatures import describe_task
    from xautolm_nb.tasks import prepare_task

    system = make_context("classification").system
    rng = np.random.default_rng(0)
    methods = ("full", "partial", "lora", "head", "dora", "rslora", "ia3", "prompt")
    failures = []
    for name, architecture, count in (("sms_spam", "encoder", 20), ("subj", "decoder", 10), ("squad", "encoder", 10)):
        import pandas as pd

        train = pd.read_parquet(shared / "datasets" / name / "train.parquet")[:160]
        task, _ = prepare_task(train, folder=tmp_path / name, test=False)
        context = Context(task=describe_task(task, landmark_rows=100), system=system)
        space = build_space(context, [world[architecture]], methods=methods, max_epochs=1)
        for number in range(count):
            config = space.sample(rng)
            while space.check(config, context) is not None:
                config = space.sample(rng)
            job = Job(
                task=task, trial=Trial(number=number, config=config, seed=number), model=world[architecture],
                context=context, rungs=(1.0,), folder=str(tmp_path / f"{name}-{number}"),
            )  # fmt: skip
            failures.append(fine_tune(job, Deaf(), lambda: False).failure)
    assert len(failures) == 40
    assert [failure for failure in failures if failure and failure.kind is not FailureKind.NOT_FINITE] == []
