"""The table of cells: each supported one is trained and improves over its start, the others refuse with a reason."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from run.cells import ARCHITECTURES, KINDS, make_context, save_model, write_task

from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.core.task import Task, TaskKind
from xautolm_nb.core.trial import Outcome, Trial
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.protocol import Job
from xautolm_nb.space import build_space, check
from xautolm_nb.space.cells import METHODS, why_not

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "cells.md"
LEARNING_RATES = {
    "full": 3e-3, "partial": 5e-3, "lora": 5e-3, "dora": 5e-3, "rslora": 2e-3, "ia3": 3e-2, "prompt": 5e-2,
    "prefix": 5e-2, "head": 5e-3,
}  # fmt: skip
CELLS = [(kind, architecture, method) for kind in KINDS for architecture in ARCHITECTURES for method in METHODS]
RUNGS = (0.1, 1.0)


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: object) -> None: ...

    def rung(self, outcome: Outcome) -> None: ...


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Architecture, ModelInfo]:
    folder = tmp_path_factory.mktemp("cells")
    return {architecture: save_model(folder / architecture, architecture) for architecture in ARCHITECTURES}


@pytest.fixture(scope="session")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[TaskKind, Task]:
    folder = tmp_path_factory.mktemp("cell-tasks")
    return {kind: write_task(folder / kind, kind) for kind in KINDS}


def config_of(model: ModelInfo, kind: TaskKind, method: str, **changes: Any) -> dict[str, Any]:
    space = build_space(make_context(kind), [model], methods=(method,))
    own = {"epochs": 12, "batch_size": 16, "learning_rate": LEARNING_RATES[method], **changes}
    own |= {"warmup_ratio": 0.0, "schedule": "constant"}
    return {**space.default(method=method), **own}


@pytest.mark.parametrize(("kind", "architecture", "method"), CELLS, ids=["-".join(cell) for cell in CELLS])
def test_a_cell_learns_or_says_why_not(
    kind: TaskKind,
    architecture: Architecture,
    method: str,
    models: dict[Architecture, ModelInfo],
    tasks: dict[TaskKind, Task],
    tmp_path: Path,
) -> None:
    model, context = models[architecture], make_context(kind)
    reason = why_not(method, model, kind)
    if reason is not None or method == "qlora":
        told = check({"model": model.id, "method": method, "batch_size": 8}, context, {model.id: model})
        assert told == (reason or "QLoRA needs a GPU, but training runs on cpu.")
        return
    trial = Trial(number=0, config=config_of(model, kind, method), seed=1)
    assert check(trial.config, context, {model.id: model}) is None
    job = Job(task=tasks[kind], trial=trial, model=model, context=context, rungs=RUNGS, folder=str(tmp_path))
    outcome = fine_tune(job, Deaf(), lambda: False)
    assert outcome.failure is None, outcome.failure
    first, last = outcome.curve
    assert first.loss is not None and last.loss is not None
    assert last.loss < 0.97 * first.loss
    if method in ("full", "partial", "lora", "dora", "rslora"):
        assert last.score > first.score or first.score == 1.0


def test_the_table_in_the_documents_is_the_one_of_the_code(models: dict[Architecture, ModelInfo]) -> None:
    text = table(models)
    if os.environ.get("XAUTOLM_WRITE_TABLES"):
        TABLE.write_text(text)
    assert TABLE.read_text() == text, "run this test with XAUTOLM_WRITE_TABLES=1"


def table(models: dict[Architecture, ModelInfo]) -> str:
    """What is trained and what is refused, as Markdown."""
    names = [f"{kind}, {architecture.replace('_', '-')}" for kind in KINDS for architecture in ARCHITECTURES]
    lines = ["| method | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    notes: list[str] = []
    for method in METHODS:
        marks = []
        for kind in KINDS:
            for architecture in ARCHITECTURES:
                reason = why_not(method, replace(models[architecture], id="MODEL"), kind)
                if reason is not None and reason not in notes:
                    notes.append(reason)
                marks.append("yes" if reason is None else f"no ({notes.index(reason) + 1})")
        lines.append(f"| {method} | " + " | ".join(marks) + " |")
    reasons = [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join([HEADING, *lines, "", *reasons, "", FOOTING, ""])


HEADING = """# Methods, architectures and tasks

Every `yes` is trained by `tests/run/test_cells.py` on a tiny random model (BERT, LLaMA, T5) and lowers its loss; every
`no` is refused by `space.check` with the reason below. This page is written by that test.
"""
FOOTING = """`qlora` needs a GPU and the package bitsandbytes; without them `space.check` refuses it, which is tested.
`ia3` is offered for the families for which PEFT knows its places, `pissa` not for models built of Conv1D."""
