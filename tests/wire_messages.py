"""The golden messages of `protocol/`, made from a study that never changes by the code that makes the real ones.

`python tests/wire_messages.py` writes them anew; a test compares them with the files, jest reads the same files.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyRecord, StudyState
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.jupyter import messages, objects, present, protocol
from xautolm_nb.jupyter.messages import Message
from xautolm_nb.jupyter.protocol import VERSION, encode
from xautolm_nb.plots import reference_front

FOLDER = Path(__file__).resolve().parent.parent / "protocol"
STUDY = "20260102-030405-abcdef"
HOSTILE = "<img src=x onerror=alert('xautolm')>"
"""Text that must stay text wherever it is shown."""


def _trial(number: int, model: str, scores: tuple[float, ...], **changes: Any) -> Trial:
    rungs = (0.25, 0.5, 1.0)[: len(scores)]
    curve = tuple(
        CurvePoint(fidelity=rung, score=score, seconds=40.0 * rung + number, step=int(400 * rung), loss=1.0 - score / 2)
        for rung, score in zip(rungs, scores, strict=True)
    )
    done = rungs[-1] if rungs else 0.0
    trial = Trial(
        number=number,
        config={"model": model, "method": "lora", "learning_rate": 0.0002, "epochs": 3, "lora_rank": 8},
        seed=number,
        state=TrialState.COMPLETE if done == 1.0 else TrialState.PAUSED,
        fidelity=done,
        curve=curve,
        measures=Measures(
            seconds_load=1.5,
            seconds_train=40.0 * done,
            peak_memory_gib=1.25,
            energy_kwh=0.002,
            energy_source="measured",
        ),
        reason=f"expected f1 0.800±0.050 at the end\nfor it (40%): {model} scored .81 on a similar task",
        expected={"score": 0.8, "score_sd": 0.05, "seconds": 42.0, "success": 0.95, "gain": 0.01},
        created_at=f"2026-01-02T03:0{number}:00+00:00",
        finished_at=f"2026-01-02T03:0{number}:50+00:00",
    )
    return replace(trial, **changes)


TRIALS = (
    _trial(0, "all-MiniLM-L6-v2", (0.61, 0.7, 0.78)),
    _trial(1, "all-MiniLM-L6-v2[:3]", (0.55,)),
    _trial(
        2,
        HOSTILE,
        (),
        state=TrialState.FAILED,
        measures=Measures(seconds_load=3.0),
        failure=Failure(
            kind=FailureKind.OUT_OF_MEMORY,
            message=f"2.0 GiB were wanted, 1.2 GiB were free {HOSTILE}",
            detail="Traceback (most recent call last):\n  ...\nMemoryError",
        ),
        expected={},
    ),
    _trial(3, "all-MiniLM-L6-v2", (0.64,), state=TrialState.RUNNING, target=1.0, finished_at=""),
)
TASK = Task(
    name="reviews",
    kind="classification",
    text=("sentence",),
    label="sentiment",
    metric=Metric(name="f1"),
    labels=("bad", "good", HOSTILE),
    rows={"train": 800, "validation": 200, "test": 200},
    folder="studies/data",
    fingerprint="0123456789abcdef",
)
RECORD = StudyRecord(
    id=STUDY,
    name="reviews",
    task=TASK,
    request={"objectives": ["f1", "seconds"], "budget_seconds": 600.0},
    folder="studies/reviews",
    state=StudyState.RUNNING,
    spent_seconds=125.5,
    budget_seconds=600.0,
    created_at="2026-01-02T03:04:05+00:00",
    message="trial 3: expected f1 0.800±0.050 at the end",
    progress=TrialProgress(
        number=3,
        phase="train",
        step=120,
        total=400,
        fidelity=0.3,
        loss=0.41,
        score=0.64,
        seconds=14.0,
        seconds_left=28.5,
        peak_memory_gib=1.25,
        tokens_per_second=5200.0,
    ),
    stopped=(1,),
)
INFO = present.study_info(RECORD, TRIALS, here=True, store="store.sqlite")
DEVICE = objects.Device(
    kind="cuda",
    name="NVIDIA A100",
    host_memory_gib=64.0,
    host_used_gib=12.5,
    gpu_memory_gib=40.0,
    gpu_used_gib=9.75,
    gpu_utilisation=0.83,
    energy_kwh=0.006,
    energy_source="measured",
)
CPU = objects.Device(
    kind="cpu",
    name="8 cores",
    host_memory_gib=24.0,
    host_used_gib=6.5,
    gpu_memory_gib=None,
    gpu_used_gib=None,
    gpu_utilisation=None,
    energy_kwh=None,
    energy_source="unknown",
)
CHARTS = present.charts_of(
    RECORD, TRIALS, present.reference_of(reference_front("without experience (reviews)", TRIALS[:2]))
)
SNAPSHOT = present.snapshot_of(INFO, RECORD, TRIALS, CHARTS, device=DEVICE, seq=41)
PREVIEW = objects.Preview(
    columns=[objects.Column(name="sentence", dtype="str"), objects.Column(name="sentiment", dtype="str")],
    rows=1000,
    text=["sentence"],
    label="sentiment",
    kind="classification",
    classes=[objects.ClassCount(label="good", count=620), objects.ClassCount(label=HOSTILE, count=380)],
    class_total=2,
    lengths=objects.Histogram(edges=[1.0, 10.5, 20.0], counts=[700, 300], unit="words"),
    samples=[["a fine film"], [HOSTILE]],
    warnings=["12 rows repeat an earlier row and will be left out before the split."],
    splits={"train": 1000},
)
OPTIONS: dict[str, Any] = {"text": ["sentence"], "label": "sentiment", "budget": "10m", "objectives": ["f1", "seconds"]}
SOURCE_CODE = """%load_ext xautolm_nb
from xautolm_nb import tune

session = tune(
    reviews,
    text='sentence',
    label='sentiment',
    budget='10m',
    objectives=('f1', 'seconds'),
)
"""


def _events() -> dict[str, Message]:
    running = next(trial for trial in TRIALS if trial.state is TrialState.RUNNING)
    failed = next(trial for trial in TRIALS if trial.failure)
    assert SNAPSHOT.progress is not None
    return {
        "events.hello": messages.Hello(v=VERSION, seq=0, package="0.1.0", study=None),
        "events.study": messages.StudyChanged(v=VERSION, seq=1, study=INFO),
        "events.trial": messages.TrialChanged(v=VERSION, seq=2, study=STUDY, trial=present.trial_row(running)),
        "events.trial.failed": messages.TrialChanged(v=VERSION, seq=3, study=STUDY, trial=present.trial_row(failed)),
        "events.progress": messages.ProgressMade(v=VERSION, seq=4, study=STUDY, progress=SNAPSHOT.progress),
        "events.charts": messages.ChartsChanged(v=VERSION, seq=5, study=STUDY, charts=SNAPSHOT.charts),
        "events.device": messages.DeviceRead(v=VERSION, seq=6, study=STUDY, device=DEVICE),
        "events.finished": messages.StudyEnded(v=VERSION, seq=7, study=STUDY, reason="the budget is spent"),
    }


def _requests() -> dict[str, Message]:
    data: dict[str, Any] = {"v": VERSION, "data": "reviews", "source": "variable", "request": OPTIONS}
    return {
        "control.sync": messages.Sync(v=VERSION, id="r1"),
        "control.variables": messages.Variables(v=VERSION, id="r2"),
        "control.preview": messages.PreviewData(v=VERSION, id="r3", data="reviews", source="variable"),
        "control.models": messages.Models(v=VERSION, id="r4"),
        "control.start": messages.Start(id="r5", **data),
        "control.code": messages.Code(id="r6", **data),
        "control.pause": messages.Pause(v=VERSION, id="r7", study=STUDY),
        "control.resume": messages.Resume(v=VERSION, id="r8", study=STUDY, budget="10m"),
        "control.stop": messages.Stop(v=VERSION, id="r9", study=STUDY),
        "control.stop_trial": messages.StopTrial(v=VERSION, id="r10", study=STUDY, number=3),
        "control.trial": messages.ReadTrial(v=VERSION, id="r11", study=STUDY, number=2),
        "control.studies": messages.Studies(v=VERSION, id="r12", limit=20),
        "control.open": messages.Open(v=VERSION, id="r13", study=STUDY),
        "control.experiences": messages.Experiences(v=VERSION, id="r14", study=STUDY, limit=20),
        "control.export": messages.Export(v=VERSION, id="r15", study=STUDY, folder="my-model"),
    }


def _answers() -> dict[str, Message]:
    failed = next(trial for trial in TRIALS if trial.failure)
    assert failed.failure is not None
    model = objects.ModelRow(
        id="all-MiniLM-L6-v2",
        family="bert",
        parameters_millions=22.7,
        size_mb=90.9,
        licence="apache-2.0",
        fits=True,
        reason="local; full, partial, lora, head",
    )
    large = objects.ModelRow(
        id="roberta-large",
        family="roberta",
        parameters_millions=355.4,
        size_mb=1421.5,
        licence="mit",
        fits=False,
        reason="needs 9.2 GiB, 4.0 GiB are there",
    )
    task = objects.TaskSummary(
        name="stars",
        kind="classification",
        similarity=0.82,
        trials=31,
        failed=4,
        best=0.79,
        metric="f1",
        best_config="all-MiniLM-L6-v2, lora, learning_rate=0.0002",
    )
    return {
        "control.sync.ack": messages.SyncAck(v=VERSION, id="r1", snapshot=SNAPSHOT, seq=41, package="0.1.0"),
        "control.sync.ack.empty": messages.SyncAck(v=VERSION, id="r1", snapshot=None, seq=0, package="0.1.0"),
        "control.variables.ack": messages.VariablesAck(
            v=VERSION,
            id="r2",
            variables=[
                objects.Variable(name="reviews", kind="DataFrame", rows=1000, columns=["sentence", "sentiment"]),
                objects.Variable(name="splits", kind="DatasetDict", rows=1200, columns=["text", HOSTILE]),
            ],
        ),
        "control.preview.ack": messages.PreviewAck(v=VERSION, id="r3", preview=PREVIEW),
        "control.models.ack": messages.ModelsAck(v=VERSION, id="r4", models=[model, large], machine=CPU),
        "control.start.ack": messages.StartAck(v=VERSION, id="r5", study=INFO),
        "control.code.ack": messages.CodeAck(v=VERSION, id="r6", code=SOURCE_CODE),
        "control.pause.ack": messages.Ack(v=VERSION, id="r7"),
        "control.resume.ack": messages.Ack(v=VERSION, id="r8"),
        "control.stop.ack": messages.Ack(v=VERSION, id="r9"),
        "control.stop_trial.ack": messages.Ack(v=VERSION, id="r10"),
        "control.trial.ack": messages.TrialAck(
            v=VERSION,
            id="r11",
            trial=present.trial_row(failed),
            why=failed.reason,
            detail=failed.failure.detail,
            curve=present.curve_of(TRIALS[0]),
        ),
        "control.studies.ack": messages.StudiesAck(v=VERSION, id="r12", studies=[INFO]),
        "control.open.ack": messages.OpenAck(v=VERSION, id="r13", snapshot=SNAPSHOT),
        "control.experiences.ack": messages.ExperiencesAck(
            v=VERSION, id="r14", tasks=[task], total=1, store="store.sqlite"
        ),
        "control.export.ack": messages.ExportAck(v=VERSION, id="r15", folder="my-model"),
        "control.error": messages.ErrorAnswer(
            v=VERSION,
            id="r5",
            message="The task names a column 'lable', but the data has ['sentence', 'sentiment'].",
            hint="Did you mean 'label'?",
        ),
        "control.error.unreadable": messages.ErrorAnswer(
            v=VERSION, id=None, message="A message is an object with v, id and type, but got a list.", hint=""
        ),
    }


EVENTS, REQUESTS, ANSWERS = _events(), _requests(), _answers()
MESSAGES: dict[str, Message] = {**EVENTS, **REQUESTS, **ANSWERS}


def golden(name: str) -> str:
    """Text of the golden file of a message."""
    return json.dumps(encode(MESSAGES[name]), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the golden messages and the schema."""
    FOLDER.mkdir(exist_ok=True)
    for name in MESSAGES:
        (FOLDER / f"{name}.json").write_text(golden(name), encoding="utf-8")
    (FOLDER / "schema.json").write_text(json.dumps(protocol.schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
