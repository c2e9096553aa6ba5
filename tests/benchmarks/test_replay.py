import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import replay
from benchmarks.methods import METHODS
from benchmarks.problem import Problem, Step
from benchmarks.recorded import Record, read_trials
from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.baselines import RandomSearch

MakeLine = Callable[..., Problem]
MakeStep = Callable[..., Step]
MakeExperience = Callable[..., Experience]
Read = Callable[[Path], dict[str, Any]]
FIGURES = {
    "error@10", "error@15", "error@20", "best@5", "best@10", "best@15", "best@20", "regret@5", "regret@10", "regret@15",
    "regret@20", "hours_to_95", "area", "evaluation_seconds", "win_ratio", "hypervolume",
}  # fmt: skip


@pytest.fixture
def problem(line: MakeLine, context: Context) -> Problem:
    """The constant prediction scores .2; a trial may take 1000 s."""
    return line(context=context, timeout=1000.0)


@pytest.fixture
def pool(experience: MakeExperience) -> list[Record]:
    """Scores 1, .84, .8, .6 and a failure: the third best is .8."""
    scores = (0.6, None, 0.84, 1.0, 0.8)
    return [Record(experience=experience(i / 10, score), wall=1.0) for i, score in enumerate(scores)]


@pytest.fixture
def four(step: MakeStep) -> list[Step]:
    """Trials that end after 1, 3, 4 and 6 hours; the second fails. Skill: .5, 0, .8 and 1."""
    return [
        step(0, 0.6, seconds=100.0, hours=1),
        step(1, None, seconds=900.0, hours=3),
        step(2, 0.84, seconds=100.0, hours=4),
        step(3, 1.0, seconds=1000 / 10**0.5, hours=6),
    ]


def test_the_figures_of_four_trials_by_hand(
    four: list[Step], problem: Problem, pool: list[Record], step: MakeStep
) -> None:
    # the front of a zero-shot search is that of its first 20 trials: what comes after would dominate all
    reference = [
        step(0, 0.6, seconds=900.0, hours=1),
        step(1, 0.84, seconds=100.0, hours=2),
        *(step(i, None, seconds=10.0, hours=1 + i) for i in range(2, 20)),
        step(20, 1.0, seconds=1.0, hours=21),
    ]
    found = replay.figures(four, problem, pool, reference)
    assert set(found) == FIGURES
    assert found["error@10"] == found["error@20"] == 0.25
    assert found["best@5"] == found["best@20"] == 1.0 and found["regret@5"] == found["regret@20"] == 0.0
    # .95 x .8 = .76 is first reached by .84, after 4 hours
    assert found["hours_to_95"] == 4.0
    # hours 0 to 1: nothing; to 4: .5; to 6: .8; to 8: 1. (3 x .5 + 2 x .8 + 2 x 1) / 8
    assert found["area"] == pytest.approx(5.1 / 8)
    assert found["evaluation_seconds"] == pytest.approx((100 + 100 + 1000 / 10**0.5) / 3)
    # (.6, 100 s) is dominated, (.84, 100 s) equals a point of the front, (1, 316 s) is better than all; one failed
    assert found["win_ratio"] == 0.5
    # of two powers of ten: (.84 - .2) x 1 / 2 + (1 - .84) x .5 / 2 = .36, of .8
    assert found["hypervolume"] == pytest.approx(0.45)


def test_figures_at_k_look_at_the_first_k_trials(step: MakeStep, problem: Problem, pool: list[Record]) -> None:
    # four failures, .6 (skill .5), and 1 at the sixth; then failures
    scores = [None] * 4 + [0.6, 1.0] + [None] * 10
    steps = [step(i, score, seconds=10.0, hours=i + 1) for i, score in enumerate(scores)]
    found = replay.figures(steps, problem, pool, steps)
    assert (found["best@5"], found["best@10"]) == (0.6, 1.0)
    assert (found["regret@5"], found["regret@10"]) == (0.5, 0.0)
    assert (found["error@10"], found["error@15"], found["error@20"]) == (8 / 10, 13 / 15, 14 / 16)


def test_the_hours_are_those_to_95_percent_of_the_third_best(
    step: MakeStep, problem: Problem, pool: list[Record]
) -> None:
    # .95 x .8 = .76: not reached by .75, nor is .95 x .84 = .798 asked for
    steps = [
        step(0, 0.75, seconds=10.0, hours=1),
        step(1, 0.77, seconds=10.0, hours=2.5),
        step(2, 1.0, seconds=9.0, hours=4),
    ]
    assert replay.figures(steps, problem, pool, steps)["hours_to_95"] == 2.5


def test_a_search_that_finds_nothing_has_the_score_of_the_constant_prediction_and_regret_1(
    step: MakeStep, problem: Problem, pool: list[Record]
) -> None:
    steps = [step(i, None, seconds=10.0, hours=i + 1) for i in range(3)]
    found = replay.figures(steps, problem, pool, steps)
    assert (found["best@10"], found["regret@10"], found["area"]) == (0.2, 1.0, 0.0)
    assert (found["win_ratio"], found["hypervolume"]) == (0.0, 0.0)
    assert found["hours_to_95"] == 3.0, "all the time there was"


def test_a_score_below_the_constant_prediction_has_no_skill(
    step: MakeStep, problem: Problem, pool: list[Record]
) -> None:
    found = replay.figures([step(0, 0.1, seconds=10.0, hours=1)], problem, pool, [])
    assert (found["best@10"], found["regret@10"]) == (0.2, 1.0)


def test_a_pool_without_any_success_has_figures_too(
    step: MakeStep, problem: Problem, experience: MakeExperience
) -> None:
    steps = [step(0, None, seconds=10.0, hours=1)]
    found = replay.figures(steps, problem, [Record(experience=experience(0.1, None), wall=1.0)], steps)
    assert (found["error@10"], found["regret@10"], found["area"]) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("best", "hours", "expected"),
    [
        ([1.0], [0.0], 1.0),
        ([1.0], [4.0], 0.5),
        ([0.5, 1.0], [2.0, 6.0], 0.5),  # (4 x .5 + 2 x 1) / 8
        ([1.0], [9.0], 0.0),  # after the end
        ([0.5, 1.0], [4.0, 20.0], 0.25),
    ],
)
def test_the_area_is_the_mean_over_eight_hours(best: list[float], hours: list[float], expected: float) -> None:
    assert replay.area(np.array(best), np.array(hours)) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_no_order_of_trials_has_a_larger_area_than_the_highest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = list(zip(rng.random(5).tolist(), rng.uniform(0.1, 1.5, 5).tolist(), strict=True))
    areas = [
        replay.area(np.maximum.accumulate([p[0] for p in order]), np.cumsum([p[1] for p in order]))
        for order in itertools.permutations(points)
    ]
    assert replay.highest_area(points) == pytest.approx(max(areas), abs=1e-12)


def test_where_nothing_succeeds_the_highest_area_is_zero() -> None:
    assert replay.highest_area([(0.0, 1.0)]) == replay.highest_area([]) == 0.0


def test_the_rest_of_the_pool_follows_at_random_on_the_clock(trials_table: Path) -> None:
    problem, records = replay.make_problem(read_trials(trials_table), "rain", pool="full", store="honest", seed=0)
    steps = replay.run_through(problem, "best_of_store", 0, 2)
    assert sorted(config_key(step.trial.config) for step in steps) == sorted(config_key(r.config) for r in records)
    clocks = [step.clock for step in steps]
    # the whole pool: 600 + 213 + 5412 + 113 + 600 + 413
    assert clocks == sorted(clocks) and clocks[-1] == pytest.approx(7351.0)
    assert ["random" in step.proposal.reason for step in steps] == [False, False, True, True, True, True]


@pytest.mark.parametrize(("pool", "offered"), [("full", 6), ("sample", 4), ("clean", 5)])
def test_a_pool_offers_all_three_quarters_or_what_carries_over(trials_table: Path, pool: str, offered: int) -> None:
    trials = read_trials(trials_table)
    problem, records = replay.make_problem(trials, "rain", pool=pool, store="honest", seed=0)
    # three quarters of 6 is 4.5, rounded to the even 4; one of 6 is a framework bug
    assert len(records) == len(problem.space.only) == offered
    assert {record.experience.task_name for record in records} == {"rain"}
    # nine tenths of the 6 of the other task
    assert [record.task_name for record in problem.experiences] == ["snow"] * 5


def test_pool_and_store_are_drawn_anew_with_each_seed(trials_table: Path) -> None:
    trials = read_trials(trials_table)
    made = [replay.make_problem(trials, "rain", pool="sample", store="honest", seed=seed % 6) for seed in range(12)]
    keys = [
        (tuple(config_key(c) for c in problem.space.only), tuple(r.id for r in problem.experiences))
        for problem, _ in made
    ]
    assert keys[:6] == keys[6:]
    assert len({pool for pool, _ in keys}) > 2 and len({store for _, store in keys}) > 2


def test_all_methods_of_a_seed_get_the_same_pool_and_store(trials_table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Problem] = {}

    def watching(name: str) -> Callable[[Problem], RandomSearch]:
        def make(problem: Problem) -> RandomSearch:
            given[name] = problem
            return RandomSearch(space=problem.space)

        return make

    for name in ("first", "second"):
        monkeypatch.setitem(METHODS, name, watching(name))
        replay.one((name, "rain", 4), data=str(trials_table), pool="sample", store="swapped", steps=2)
    first, second = given["first"], given["second"]
    assert first.space.only == second.space.only and first.experiences == second.experiences
    assert len(first.experiences) == 5 and replace(first, run=second.run, wall=second.wall) == second


def call(table: Path, out: Path, *more: str) -> None:
    replay.main(["--data", str(table), "--methods", "random,best_of_store", "--seeds", "2", "--steps", "3",
                 "--processes", "1", "--json", str(out), *more])  # fmt: skip


def test_a_table_of_other_tasks_is_replayed_and_what_was_run_is_not_run_again(
    trials_table: Path,
    tmp_path: Path,
    written: Read,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out.json"
    call(trials_table, out)
    document = written(out)
    assert document["machine"]["cores"] and document["versions"]["torch"]
    assert document["settings"] == {
        "data": "trials.parquet", "pool": "full", "store": "honest", "steps": 3, "tasks": "all"
    }  # fmt: skip
    keys = [(run["method"], run["task"], run["seed"]) for run in document["runs"]]
    assert keys == [(m, t, s) for s in (0, 1) for t in ("rain", "snow") for m in ("random", "best_of_store")]
    assert all(set(run["figures"]) == FIGURES for run in document["runs"])
    # three failures of six in the whole pool, whatever the order
    assert all(run["figures"]["error@10"] == 0.5 and run["figures"]["best@10"] == 0.8 for run in document["runs"])
    for method in ("random", "best_of_store"):
        for row in ("rain", "snow", "mean"):
            area = document["summary"][method][row]["area"]
            assert area["n"] == 2 and area["low"] <= area["mean"] <= area["high"]
    said = capsys.readouterr().out
    assert "random - best_of_store:" in said

    monkeypatch.setattr(replay, "search", lambda *_, **__: pytest.fail("a run that was done is run again"))
    call(trials_table, out)
    assert written(out)["runs"] == document["runs"]
    assert capsys.readouterr().out.splitlines()[-1].startswith("random - best_of_store:")
    with pytest.raises(SystemExit, match='pool: "full" there, "clean" now'):
        call(trials_table, out, "--pool", "clean")
    with pytest.raises(SystemExit, match=r'tasks: "all" there, \["rain"\] now'):
        call(trials_table, out, "--tasks", "rain")
    with pytest.raises(pytest.fail.Exception, match="run again"):
        call(trials_table, tmp_path / "clean.json", "--pool", "clean")


def test_an_unknown_method_ends_it_before_anything_is_run(trials_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no method 'ourz'\. There are: ours, .*best_of_store"):
        call(trials_table, tmp_path / "out.json", "--methods", "random,ourz")
    assert not (tmp_path / "out.json").exists()


def test_an_unknown_task_ends_it_before_anything_is_run(trials_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no task 'hail' in the table\. There are: rain, snow\."):
        call(trials_table, tmp_path / "out.json", "--tasks", "rain, hail")
    assert not (tmp_path / "out.json").exists()
