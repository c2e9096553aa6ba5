"""The card says what a model is, and its example runs."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from run.cells import make_context, save_model, write_task
from worlds import Scripted, config, make_study, start

from xautolm_nb.card import model_card
from xautolm_nb.core.model import Architecture
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.task import Task, TaskKind
from xautolm_nb.core.trial import CurvePoint, Outcome, Trial, TrialState
from xautolm_nb.run.data import read_tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.export import export
from xautolm_nb.run.finetune import fine_tune
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.predicting import predict_spans
from xautolm_nb.run.protocol import Job
from xautolm_nb.space import build_space, inspect_folder
from xautolm_nb.store import ExperienceStore
from xautolm_nb.tasks import read_split

CELLS: list[tuple[TaskKind, Architecture]] = [
    ("classification", "encoder"),
    ("extractive_qa", "encoder"),
    ("generation", "decoder"),
    ("generation", "encoder_decoder"),
]


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: object) -> None: ...

    def rung(self, outcome: Outcome) -> None: ...


def a_trial(**changes: Any) -> Trial:
    point = CurvePoint(fidelity=1.0, score=0.8, seconds=3.0)
    return replace(
        Trial(number=1, config=config(4), seed=1, state=TrialState.COMPLETE, fidelity=1.0, curve=(point,)), **changes
    )


def a_record(task: Task | None = None) -> StudyRecord:
    with ExperienceStore.open(":memory:") as store:
        record = make_study(store, Scripted([start(config(4))])).record
    return record if task is None else replace(record, task=task)


def test_the_card_says_config_scores_data_and_how_to_load() -> None:
    record = a_record()
    card = model_card(record, a_trial(), {"test rouge_l": 0.79}, "my-model")
    for part in (
        'pipeline("text-classification", "my-model")',
        "| validation f1 | 0.8 |",
        "| test rouge_l | 0.79 |",
        "learning_rate",
        record.task.fingerprint,
    ):
        assert part in card


def test_pairs_are_shown_as_pairs() -> None:
    record = a_record()
    card = model_card(replace(record, task=replace(record.task, text=("a", "b"))), a_trial(), {}, "m")
    assert '"text_pair"' in card


def exported_example(kind: TaskKind, architecture: Architecture, tmp_path: Path) -> tuple[Task, str]:
    """Fine-tune and export a tiny model; gives its task and the example of its card, to be run in `tmp_path`."""
    task, context = write_task(tmp_path / "data", kind, {"train": 16, "validation": 8}), make_context(kind)
    model = save_model(tmp_path / "model", architecture)
    own = {**build_space(context, [model]).default(), "epochs": 1, "batch_size": 8}
    job = Job(task=task, trial=a_trial(config=own, curve=(), fidelity=0.0), model=model, context=context, rungs=(1.0,),
              folder=str(tmp_path / "trial"))  # fmt: skip
    outcome = fine_tune(job, Deaf(), lambda: False)
    assert outcome.failure is None
    export(job, tmp_path / "out")
    best = a_trial(config=own, curve=outcome.curve)
    card = model_card(a_record(task), best, {}, "out", is_encoder_decoder=architecture == "encoder_decoder")
    example = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert example is not None
    return task, example[1]


@pytest.mark.parametrize(("kind", "architecture"), CELLS, ids=["-".join(cell) for cell in CELLS])
def test_the_example_of_the_card_runs_on_the_exported_model(
    kind: TaskKind,
    architecture: Architecture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, example = exported_example(kind, architecture, tmp_path)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    exec(compile(example, "card", "exec"), {})
    assert capsys.readouterr().out.endswith("\n")


def test_the_example_marks_the_spans_that_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoModelForQuestionAnswering

    task, example = exported_example("extractive_qa", "encoder", tmp_path)
    table, info = read_split(task, "validation"), inspect_folder(tmp_path / "out")
    model = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "out")
    tokens = read_tokens(task, "validation", info, lambda: load_tokenizer(info), None)
    device = Precision(device=torch.device("cpu"))
    scored = predict_spans(model, tokens, table["text_pair"].tolist(), device, batch_size=8)
    monkeypatch.chdir(tmp_path)
    said = []
    for row in table.itertuples():
        own = example.replace('"some question"', repr(row.text))
        own = own.replace('"a text that holds the answer"', repr(row.text_pair))
        capsys.readouterr()
        exec(compile(own, "card", "exec"), {})
        said.append(capsys.readouterr().out.removesuffix("\n"))
    assert said == scored and all(said)
