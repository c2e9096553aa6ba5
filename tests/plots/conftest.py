from collections.abc import Callable, Mapping
from typing import Any

import pytest

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.study import StudyRecord, StudyView
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]

CONTEXT = Context(
    task=TaskMetaFeatures(
        kind="classification",
        paper=(1000.0,),
        extra={"tokens_p50": 18.0, "tokens_p90": 35.0, "tokens_p95": 40.0, "tokens_p99": 50.0, "tokens_max": 60.0},
    ),
    system=SystemMetaFeatures(paper=(2.0, 2.0, 2.5, 24.0, 0.0)),
)
HOSTILE = "meta/$x^2$_{a}-<script>alert('1')</script>-with-a-very-long-name-100%-instruct-v0.1"


def _trial(
    number: int,
    curve: list[tuple[float, float, float]],
    *,
    seconds: float | None = None,
    failed: FailureKind | bool = False,
    created: str = "",
    finished: str = "",
    maximize: bool = True,
    config: Mapping[str, Any] | None = None,
    expected: Mapping[str, float] | None = None,
    target: float | None = None,
) -> Trial:
    """A trial with curve points (fidelity, score, cumulative seconds)."""
    points = tuple(CurvePoint(fidelity=f, score=s, seconds=t) for f, s, t in curve)
    spent = seconds if seconds is not None else (curve[-1][2] if curve else 0.0)
    reached = curve[-1][0] if curve else 0.0
    state = TrialState.FAILED if failed else TrialState.COMPLETE if reached >= 1 else TrialState.PAUSED
    kind = failed if isinstance(failed, FailureKind) else FailureKind.TIMEOUT
    return Trial(
        number=number,
        config=dict(config or {"model": "m"}),
        seed=0,
        state=state,
        target=target if target is not None else reached or 1.0,
        fidelity=reached,
        curve=points,
        measures=Measures(seconds_train=spent),
        failure=Failure(kind=kind, message="too long") if failed else None,
        created_at=created,
        finished_at=finished,
        maximize=maximize,
        expected=dict(expected or {}),
    )


def _view(
    *trials: Trial, metric: str = "macro-F1", context: Context | None = CONTEXT, prior: Mapping[str, Any] | None = None
) -> StudyView:
    """A study of these trials."""
    maximize = all(trial.maximize for trial in trials)
    task = Task(
        name="t", kind="classification", text=("text",), label="label", metric=Metric(name=metric, maximize=maximize),
        labels=("no", "yes"), rows={"train": 800}, folder="", fingerprint="f",
    )  # fmt: skip
    record = StudyRecord(id="s", name="n", task=task, context=context, prior=dict(prior or {}))
    best = next((trial.number for trial in ranking(trials)), None)
    return StudyView(record=record, trials=trials, best=best, pareto=pareto_front(trials))


def _busy(
    count: int = 24, *, maximize: bool = True, models: tuple[str, ...] = ("tiny", "small", "base")
) -> list[Trial]:
    """Trials of all kinds: whole runs, runs stopped early, two kinds of failure, mixed parameters, expectations."""
    rungs = (0.0625, 0.125, 0.25, 0.5, 1.0)
    trials = []
    for number in range(count):
        model, batch = number % len(models), 8 * 2 ** (number % 5)
        final = 0.5 + 0.1 * model + 0.02 * ((7 * number) % 11)
        scores = [final * (0.6 + 0.4 * rung) for rung in rungs]
        depth = 0 if number % 8 == 5 else 1 + (3 * number) % 5
        curve = [(r, s if maximize else 1 - s, 2.0 + 40 * r * (model + 1)) for r, s in zip(rungs, scores, strict=True)]
        config: dict[str, Any] = {
            "model": models[model],
            "method": ("full", "lora")[number % 2],
            "batch_size": batch,
            "learning_rate": 10.0 ** (-5 + (number % 7) / 2),
            "class_weights": number % 3 == 0,
        }
        if number % 2:
            config["lora_rank"] = 2 + number
        expected = {"score": final if maximize else 1 - final, "score_sd": 0.03, "seconds": 4.0 + model + depth * 3}
        trials.append(
            _trial(
                number,
                curve[:depth],
                seconds=None if depth else 1.5,
                failed=(FailureKind.OUT_OF_MEMORY if not depth else number % 11 == 9 and FailureKind.NOT_FINITE),
                maximize=maximize,
                config=config,
                expected={**expected, **{f"start_{name}": value for name, value in expected.items()}},
            )
        )
    return trials


@pytest.fixture
def make_trial() -> MakeTrial:
    return _trial


@pytest.fixture
def make_view() -> MakeView:
    return _view


@pytest.fixture
def busy() -> Callable[..., list[Trial]]:
    return _busy


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def context() -> Context:
    return CONTEXT


@pytest.fixture
def trials() -> list[Trial]:
    return [
        _trial(0, [(0.25, 0.4, 3.0), (1.0, 0.6, 10.0)]),
        _trial(1, [(0.25, 0.5, 2.0)]),
        _trial(2, [], seconds=4.0, failed=True),
        _trial(3, [(0.25, 0.55, 20.0), (1.0, 0.8, 90.0)]),
    ]
