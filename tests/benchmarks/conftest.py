"""A made-up table of each kind, and problems and searches small enough to be followed by hand."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from worlds import CONTEXT

from benchmarks.problem import Problem, Step
from benchmarks.recorded import read_trials
from benchmarks.simulated import make_problem
from benchmarks.summary import Run, write
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.space import MODEL_IDS, Float, SearchSpace, original_space

LEVELS = (0.25, 0.5, 1.0)
SPACE = SearchSpace(name="line/1", parameters=(Float(name="a", low=0.0, high=1.0, default=0.5),), models={})
BEGIN = datetime(2024, 10, 28, 10, 0, 0)
NAMES = {"method_class": "method", "model": "model"}
CLASS_NAMES = {id_: name for name, id_ in MODEL_IDS.items()}


@pytest.fixture
def context() -> Context:
    """A task whose constant prediction scores .2."""
    return replace(CONTEXT, task=replace(CONTEXT.task, extra={"constant_f1": 0.2}))


@pytest.fixture
def line() -> Callable[..., Problem]:
    """A search over a line: a run of `a` scores `a` times its fidelity, and 100 s."""

    def make(values: Sequence[float] = (0.2, 0.4, 0.8), **changes: Any) -> Problem:
        def run(trial: Trial, fidelity: float) -> Outcome:
            score = float(trial.config["a"])
            if score < 0.1:
                why = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
                return Outcome(fidelity=0.0, measures=Measures(seconds_train=7.0), failure=why)
            points = (CurvePoint(fidelity=fidelity, score=score * fidelity, seconds=100 * fidelity),)
            return Outcome(fidelity=fidelity, curve=points, measures=Measures(seconds_train=100 * fidelity))

        space = replace(SPACE, only=tuple({"a": value} for value in values))
        problem = Problem(
            name="line", context=CONTEXT, space=space, metric=Metric(name="f1"), run=run, levels=LEVELS
        )  # fmt: skip
        return replace(problem, **changes)

    return make


@pytest.fixture
def step() -> Callable[..., Step]:
    """A decision that ended with a score (none: it failed) after so many seconds, at such a clock."""

    def make(number: int, score: float | None, *, seconds: float, hours: float, fidelity: float = 1.0) -> Step:
        curve = () if score is None else (CurvePoint(fidelity=fidelity, score=score, seconds=seconds),)
        why = Failure(kind=FailureKind.TIMEOUT, message="too long") if score is None else None
        trial = Trial(
            number=number, config={"a": number / 10}, seed=0, curve=curve, failure=why, fidelity=fidelity,
            measures=Measures(seconds_train=seconds),
        )  # fmt: skip
        proposal = Proposal(config=trial.config, fidelity=fidelity)
        return Step(trial=trial, clock=3600.0 * hours, proposal=proposal)

    return make


@pytest.fixture
def experience(context: Context) -> Callable[..., Experience]:
    """A record of a task: a score, or a failure of some kind."""

    def make(
        a: float, score: float | None, *, task: str = "rain", kind: FailureKind = FailureKind.TIMEOUT
    ) -> Experience:
        curve = ()
        if score is not None:
            curve = (
                CurvePoint(fidelity=0.5, score=score - 0.05, seconds=50.0),
                CurvePoint(fidelity=1.0, score=score, seconds=100.0),
            )
        return Experience(
            task_name=task, metric=Metric(name="f1"), context=context, space="line/1", config={"a": a}, fidelity=1.0,
            score=score, seconds=None if score is None else 100.0, curve=curve,
            failure=Failure(kind=kind, message=kind.value) if score is None else None,
        )  # fmt: skip

    return make


def recorded_row(
    config: Mapping[str, Any], task: str, finished_at: datetime, f1: float | None, seconds: float | None, kind: str
) -> dict[str, Any]:
    given = {f"hp_{name}": value for name, value in config.items() if name not in NAMES}
    return {
        "task": task,
        "finished_at": finished_at.strftime("%Y-%m-%d %H:%M:%S"),
        "method": config["method_class"],
        "model": CLASS_NAMES[str(config["model"])],
        "state": "complete" if f1 is not None else "failed",
        "macro_f1": f1,
        "accuracy": f1,
        "evaluation_seconds": seconds,
        "error": None if f1 is not None else f"it was {kind}",
        "failure": None if f1 is not None else kind,
        **given,
    }


MINUTES = (0, 10, 130, 140, 150, 155)
"""Ends of the records of each task; the gaps are 10, 120, 10, 10 and 5 minutes."""
ENDS = (
    (None, None, "out_of_memory"),  # the first: its gap is not known
    (0.8, 100.0, ""),
    (None, None, "timeout"),
    (0.6, 50.0, ""),
    (None, None, "framework_bug"),
    (0.7, 200.0, ""),
)


@pytest.fixture(scope="session")
def trials_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recorded trials of each of two tasks that nobody knows, with the columns of the recorded XAutoLM trials.

    The rows are not in the order of their ends.
    """
    rng = np.random.default_rng(0)
    space = original_space()
    rows = [
        recorded_row(space.sample(rng), task, BEGIN + timedelta(minutes=minutes), *end)
        for task in ("rain", "snow")
        for minutes, end in zip(MINUTES, ENDS, strict=True)
    ]
    path = tmp_path_factory.mktemp("recorded") / "trials.parquet"
    pd.DataFrame(rows[::-1]).to_parquet(path)
    return path


@pytest.fixture(scope="session")
def curves_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve runs of ten epochs on each of three tasks, with the columns of TaskSet; each third diverges."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(12):
        shared = {"learning_rate": 10.0 ** -(1 + number / 3), "beta1": 0.9, "beta2": float(rng.uniform(0.9, 0.999))}
        for task, ease in (("a", 0.5), ("b", 0.6), ("c", 0.7)):
            final = 0.2 + ease * abs(number - 4.7) / 12
            losses = final + 0.6 * np.exp(-np.arange(10) / 2)
            if number % 3 == 0:
                losses[4:] = np.nan
            row = {"task": task, "config_id": number, **shared}
            rows.append({**row, "valid_loss": losses.tolist(), "test_loss": losses.tolist()})
    path = tmp_path_factory.mktemp("curves") / "taskset_made_up.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.fixture
def known_table(tmp_path: Path) -> Path:
    """A table of twenty recorded trials of two known tasks, every fifth of them out of memory."""
    rng = np.random.default_rng(0)
    path = tmp_path / "trials.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["task", "score", "seconds", "failure", "message", "space", "config", "created_at"])
        for number in range(20):
            config = json.dumps(original_space().sample(rng))
            end = ["", "", "out_of_memory", "no memory"] if number % 5 == 0 else [0.6, 300.0 + number, "", ""]
            when = f"2024-10-28T{number:02}:00:00+00:00"
            rows.writerow([("sst2", "meld")[number % 2], *end, "xautolm-original/1", config, when])
    return path


@pytest.fixture
def made_up(known_table: Path) -> Problem:
    """A new task near one of these, the default models, and twenty experiences."""
    return make_problem(read_trials(known_table), 20, np.random.default_rng(0))


@pytest.fixture
def written() -> Callable[[Path], dict[str, Any]]:
    """Reads what a benchmark wrote; strictly, so that NaN is an error."""

    def refuse(name: str) -> float:
        raise ValueError(f"{name} is not JSON")

    return lambda path: json.loads(path.read_text(), parse_constant=refuse)


@pytest.fixture
def settings() -> dict[str, dict[str, Any]]:
    """Benchmark to the settings of its result in `folder`."""
    return {
        "replay": {"data": "trials.parquet", "pool": "full", "store": "honest", "steps": 25, "tasks": "all"},
        "curves": {"data": "taskset.parquet", "store": "thin", "budgets": [2, 5], "tasks": "all"},
        "overhead": {"data": "trials.parquet", "threads": 2},
        "live": {"seconds": 180.0, "device": None},
    }


def runs_of(method: str, tasks: str, seeds: int, figures: Callable[[int], Mapping[str, float]]) -> list[Run]:
    return [
        Run(method=method, task=task, seed=seed, figures=figures(seed)) for task in tasks for seed in range(seeds)
    ]  # fmt: skip


@pytest.fixture
def replayed() -> Callable[..., list[Run]]:
    """Runs of `replay` whose figures differ a little by seed."""

    def make(method: str, area: float, *, tasks: str = "ab", seeds: int = 3) -> list[Run]:
        given = {"area": area, "error@10": 1 - area, "regret@20": (1 - area) / 2, "hours_to_95": 8 * (1 - area)}
        return runs_of(method, tasks, seeds, lambda seed: {name: value + 0.01 * seed for name, value in given.items()})

    return make


@pytest.fixture
def curved() -> Callable[[str, float], list[Run]]:
    """Runs of `curves` whose first regret differs a little by seed."""

    def make(method: str, regret: float) -> list[Run]:
        return runs_of(method, "ab", 3, lambda seed: {"regret@2": regret + 0.01 * seed, "regret@5": regret / 2})

    return make


def cell(method: str, trials: int, experiences: int, median: float) -> dict[str, Any]:
    times = {"first": 2 * median, "median": median, "p90": 1.5 * median, "seconds": [median]}
    return {"method": method, "trials": trials, "experiences": experiences, **times}


@pytest.fixture
def folder(
    tmp_path: Path,
    settings: Mapping[str, Mapping[str, Any]],
    replayed: Callable[..., list[Run]],
    curved: Callable[[str, float], list[Run]],
) -> Path:
    """One result of each kind, under names that say nothing."""

    def lived(method: str, best: float, tasks: str) -> list[Run]:
        return runs_of(method, tasks, 2, lambda seed: {"best": best, "evaluation_seconds": 30.0 + seed})

    place = tmp_path / "results"
    write(place / "1.json", "replay", settings["replay"], replayed("random", 0.5) + replayed("ours", 0.8))
    told = replayed("ours", 0.6) + replayed("ours_no_store", 0.7)
    write(place / "deep" / "2.json", "replay", {**settings["replay"], "store": "inverted"}, told)
    write(place / "3.json", "curves", settings["curves"], curved("asha", 0.4) + curved("ours", 0.0))
    cells = [cell("ours", n, k, 0.001 * n + 0.0001 * k) for k in (0, 1000) for n in (10, 100)]
    write(place / "4.json", "overhead", settings["overhead"], [], cells=[cell("optuna_tpe", 10, 0, 0.01), *cells])
    write(place / "5.json", "live", settings["live"], lived("ours", 0.9, "xy") + lived("random", 0.8, "x"))
    return place
