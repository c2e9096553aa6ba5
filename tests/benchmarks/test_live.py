import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_frame

from benchmarks import live
from benchmarks.live_run import Told, figures, kept, validations
from benchmarks.methods import METHODS
from benchmarks.problem import Problem
from benchmarks.summary import Run
from xautolm_nb.core.events import TrialFinished, TrialStarted
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.optimize.baselines import RandomSearch
from xautolm_nb.store import ExperienceStore, describe_starter
from xautolm_nb.store.importing import export_parquet

FIGURES = {
    "best", "best_full", "area", "trials", "completed", "failed", "error_ratio", "evaluation_seconds",
    "completed_seconds", "first_score_seconds", "proposing", "spent", "test",
}  # fmt: skip
Read = Callable[[Path], dict[str, Any]]


def trial(number: int, state: TrialState, *points: tuple[float, float, float], seconds: float) -> Trial:
    """A trial that has worked so many seconds; points are fidelity, score, seconds of work until then."""
    failed = state is TrialState.FAILED
    return Trial(
        number=number, config={}, seed=0, state=state, measures=Measures(seconds_train=seconds),
        curve=tuple(CurvePoint(fidelity=fidelity, score=score, seconds=at) for fidelity, score, at in points),
        failure=Failure(kind=FailureKind.TIMEOUT, message="too long") if failed else None,
    )  # fmt: skip


def told(*stays: tuple[float, float, Trial]) -> list[Told]:
    """Events of trials that were at work from one time to another."""
    return [
        Told(clock=clock, event=event)
        for begin, end, one in stays
        for clock, event in ((begin, TrialStarted(trial=one)), (end, TrialFinished(trial=one)))
    ]


def test_a_score_counts_from_the_time_it_was_known_and_none_counts_past_the_end() -> None:
    whole_run = ((0.25, 0.5, 8.0), (0.5, 0.6, 18.0), (1.0, 0.55, 28.0))
    events = told(
        (1.0, 11.0, trial(0, TrialState.PAUSED, *whole_run[:1], seconds=8.0)),
        # thawed: its validations are 10 s and 0 s before its end
        (20.0, 40.0, trial(0, TrialState.COMPLETE, *whole_run, seconds=28.0)),
        (41.0, 60.0, trial(1, TrialState.FAILED, (0.25, 0.9, 5.0), seconds=15.0)),
        (79.0, 110.0, trial(2, TrialState.COMPLETE, (0.25, 0.7, 10.0), (1.0, 0.8, 30.0), seconds=30.0)),
    )  # fmt: skip
    assert [one.clock for one in validations(events)] == [11.0, 30.0, 40.0, 90.0, 110.0]
    found = figures(events, seconds=100.0, constant=0.2)
    assert (found["best"], found["best_full"]) == (0.7, 0.6)
    # the constant for 11 s, .5 for 19 s, .6 for 60 s, .7 for the last 10 s
    assert found["area"] == pytest.approx((0.2 * 11 + 0.5 * 19 + 0.6 * 60 + 0.7 * 10) / 100)
    assert (found["trials"], found["completed"], found["failed"]) == (3, 2, 1)
    assert found["error_ratio"] == pytest.approx(1 / 3)
    assert found["evaluation_seconds"] == pytest.approx((28 + 15 + 30) / 3)
    assert (found["completed_seconds"], found["first_score_seconds"]) == (29.0, 11.0)


def test_a_search_keeps_what_tells_its_story() -> None:
    config = {"model": "small", "method": "full", "epochs": 2}
    events = told(
        (1.0, 11.0, trial(0, TrialState.COMPLETE, (0.5, 0.15, 4.0), (1.0, 0.4, 10.0), seconds=10.0)),
        (12.0, 20.0, trial(1, TrialState.FAILED, (0.5, 0.9, 5.0), seconds=8.0)),
        (21.0, 70.0, trial(2, TrialState.PAUSED, (0.25, 0.3, 5.0), (0.5, 0.6, 19.0), (0.75, 0.7, 49.0), seconds=49.0)),
    )
    events = [replace(one, event=replace(one.event, trial=replace(one.event.trial, config=config))) for one in events]
    found = kept(events, seconds=60.0, constant=0.2)
    # .15 is worse than the constant, .9 failed, .3 is worse than .4, and .7 came too late
    assert found["curve"] == [[0.0, 0.2], [11.0, 0.4], [40.0, 0.6]]
    assert found["trials"] == [
        ["small", "full", 0.0, 0.4, 10.0, None],
        ["small", "full", 0.0, None, 8.0, "timeout"],
        ["small", "full", 0.0, 0.7, 49.0, None],
    ]
    assert found["chosen"] == config
    assert kept(events[:0], seconds=60.0, constant=0.2) == {"curve": [[0.0, 0.2]], "trials": [], "chosen": None}


def test_a_store_is_told_by_its_tasks_and_failures(experience: Callable[..., Experience], tmp_path: Path) -> None:
    one, two, other = experience(0.5, 0.5, task="rain"), experience(0.6, None, task="rain"), experience(0.5, 0.4)
    half = replace(one, study="s", trial=1, fidelity=0.5)
    with ExperienceStore.open(":memory:") as store:
        store.append(
            half, replace(one, study="s", trial=1), replace(two, study="s", trial=2), replace(other, trial=None)
        )
        store.append(replace(other, task_name="snow", study="t", trial=1))
        store.append(replace(other, task_name="hail"), replace(other, task_name="hail", score=0.3))  # of no study
        export_parquet(store, tmp_path / "past.parquet")
    told_of = live.contents(str(tmp_path / "past.parquet"))
    assert told_of["rain"] == {"trials": 3, "failed": 1}
    assert told_of["snow"] == {"trials": 1, "failed": 0} and told_of["hail"] == {"trials": 2, "failed": 0}


def test_a_search_without_a_score_is_worth_the_constant_prediction() -> None:
    nothing = figures([], seconds=10.0, constant=0.2)
    assert nothing["best"] == nothing["best_full"] == 0.2
    assert nothing["area"] == pytest.approx(0.2)
    assert math.isnan(nothing["evaluation_seconds"])
    failed = figures(told((0.0, 4.0, trial(0, TrialState.FAILED, seconds=4.0))), seconds=10.0, constant=0.2)
    assert (failed["best"], failed["error_ratio"], failed["first_score_seconds"]) == (0.2, 1.0, 10.0)


def test_the_ratio_of_seconds_is_a_geometric_mean_over_seeds() -> None:
    def runs(method: str, *seconds: float) -> list[Run]:
        keys = [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
        return [
            Run(method=method, task=task, seed=seed, figures={"s": value})
            for (task, seed), value in zip(keys, seconds, strict=True)
        ]

    same = live.ratio([*runs("x", 2, 20, 4, 40), *runs("y", 1, 10, 2, 20)], "x", "y", "s")
    assert (same.mean, same.low, same.high, same.n) == (pytest.approx(2), pytest.approx(2), pytest.approx(2), 2)
    # seed 0: 1 and 1; seed 1: 2 and 8; so 4 and 1 over the seeds
    apart = live.ratio([*runs("x", 1, 1, 2, 8), *runs("y", 1, 1, 1, 1)], "x", "y", "s")
    assert apart.mean == pytest.approx(2)
    # half width 12.7062 times the standard error of log 1 and log 4, which is log 2
    assert math.log(apart.high / apart.low) == pytest.approx(2 * 12.7062 * math.log(2), rel=1e-4)


def test_no_search_is_told_of_its_own_data(experience: Callable[..., Experience], tmp_path: Path) -> None:
    rain, snow, hail = (experience(0.5, 0.5, task=task) for task in ("Rain", "snow", "hail"))
    with ExperienceStore.open(":memory:") as store:
        store.append(rain, snow, replace(hail, fingerprint="same rows"))
        export_parquet(store, tmp_path / "past.parquet")
    path = str(tmp_path / "past.parquet")
    assert [one.task_name for one in live.past(path, "rain", "same rows")] == ["snow"]
    assert sorted(one.task_name for one in live.past(path, "hot", "other rows")) == ["Rain", "hail", "snow"]
    assert live.past(None, "rain", "same rows") == []


def test_a_data_set_is_called_by_its_folder_where_the_file_is_a_split(tmp_path: Path) -> None:
    (tmp_path / "rain").mkdir()
    for file in ("rain/train.csv", "snow.csv", "rain.csv"):
        tiny_frame(30).to_csv(tmp_path / file, index=False)
    folder, split, other, same = (str(tmp_path / name) for name in ("rain", "rain/train.csv", "snow.csv", "rain.csv"))
    assert live.by_name([folder, other]) == {"rain": folder, "snow": other}
    assert live.by_name([split]) == {"rain": split}
    with pytest.raises(SystemExit, match="Two data sets are called 'rain'"):
        live.by_name([folder, same])


def test_rows_are_the_same_whenever_they_are_drawn(tmp_path: Path) -> None:
    whole = tiny_frame(60)
    whole.to_csv(tmp_path / "rain.csv", index=False)
    drawn, again = (live.rows_of(str(tmp_path / "rain.csv"), 20) for _ in range(2))
    assert drawn.equals(again) and len(drawn) == 20 and set(drawn["text"]) < set(whole["text"])
    assert len(live.rows_of(str(tmp_path / "rain.csv"), None)) == 60


class Watching:
    """Random search that notes whose experiences it is told of."""

    def __init__(self, problem: Problem, heard: set[str]) -> None:
        self.inner, self.heard = RandomSearch(space=problem.space), heard

    def propose(self, context: Any, experiences: Any, trials: Any, **more: Any) -> Any:
        self.heard.update(one.task_name for one in experiences)
        return self.inner.propose(context, experiences, trials, **more)


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--starter"], []])
def test_the_starter_is_told_only_when_it_is_what_is_measured(
    words: list[str], tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_frame(180).to_csv(tmp_path / "rain.csv", index=False)
    heard: set[str] = set()
    monkeypatch.setitem(METHODS, "watching", lambda problem: Watching(problem, heard))
    given = ["--data", str(tmp_path / "rain.csv"), "--models", str(tiny_model), "--epochs", "1", "--device", "cpu"]
    live.main([*given, *words, "--methods", "watching", "--seconds", "1", "--seeds", "1"])
    assert heard == (set(describe_starter()["by_task"]) if words else set())


def test_starter_and_store_exclude_each_other() -> None:
    with pytest.raises(SystemExit):
        live.main(["--data", "rain.csv", "--starter", "--store", "past.parquet"])


@pytest.mark.slow
def test_methods_search_for_real_with_what_was_collected_elsewhere(
    tmp_path: Path, tiny_model: Path, written: Read, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("optuna")
    for seed, name in enumerate(("rain", "snow")):
        tiny_frame(180, seed=seed).to_csv(tmp_path / f"{name}.csv", index=False)
    past, out = tmp_path / "past.parquet", tmp_path / "out.json"
    rain, snow = str(tmp_path / "rain.csv"), str(tmp_path / "snow.csv")
    shared = ["--models", str(tiny_model), "--rows", "150", "--epochs", "2", "--device", "cpu"]
    live.main(["--data", rain, "--data", snow, *shared, "--trials", "2", "--collect", str(past)])
    assert "past.parquet: 4 experiences" in capsys.readouterr().out

    shared += ["--data", rain, "--store", str(past), "--seeds", "1"]
    heard: set[str] = set()
    monkeypatch.setitem(METHODS, "watching", lambda problem: Watching(problem, heard))
    live.main([*shared, "--methods", "watching", "--seconds", "1"])
    assert heard == {"snow"}

    search = "--methods ours,optuna_tpe_hyperband --seconds 25 --timeout 25".split()
    search += [*shared, "--json", str(out)]
    live.main(search)
    runs = written(out)["runs"]
    assert [(run["method"], run["task"]) for run in runs] == [("ours", "rain"), ("optuna_tpe_hyperband", "rain")]
    for run in runs:
        found = run["figures"]
        assert set(found) == FIGURES
        # a worker is up and a tiny trial has been validated long before the end
        assert found["trials"] >= 1 and 0 < found["first_score_seconds"] < 25 < found["spent"] + 10 < 25 + 25
        # the larger class of three even ones scores a sixth or a little more
        assert 1 / 6 <= found["area"] <= found["best"] <= 1.0 and found["best_full"] <= found["best"]
        assert 0 < found["test"] <= 1.0 and 0 < found["proposing"] < 1
        assert len(run["details"]["trials"]) == found["trials"]
        assert run["details"]["curve"][-1][1] == pytest.approx(found["best"], abs=1e-4)
        assert run["details"]["chosen"]["model"] == tiny_model.name
    assert written(out)["settings"]["stored"] == {name: {"trials": 2, "failed": 0} for name in ("rain", "snow")}
    said = capsys.readouterr().out
    assert "ours - optuna_tpe_hyperband:" in said and "evaluation_seconds, ours / optuna_tpe_hyperband:" in said

    monkeypatch.setattr(live, "run", lambda *_: pytest.fail("a search that was done is run again"))
    live.main(search)
    assert written(out)["runs"] == runs
