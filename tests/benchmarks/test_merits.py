import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.merits import bars, best_at, error_ratio, gaps, mean_ranks, read_live, whole, with_win_ratio
from benchmarks.summary import Run, write

Trials = Sequence[tuple[float | None, float, str | None]]


def run(
    method: str, test: float, *, task: str = "rain", seed: int = 0, seconds: float = 10.0,
    trials: Trials = ((0.5, 10.0, None),),
) -> Run:  # fmt: skip
    failed = float(sum(cause is not None for *_, cause in trials))
    figures = {
        "test": test, "evaluation_seconds": seconds, "trials": float(len(trials)), "failed": failed,
        "error_ratio": failed / len(trials),
    }  # fmt: skip
    details = {"trials": [["m", "full", 1.0, *trial] for trial in trials], "curve": [[0.0, 0.1], [4.0, 0.3]]}
    return Run(method=method, task=task, seed=seed, figures=figures, details=details)


def test_a_trial_is_above_the_front_where_no_zero_shot_trial_is_as_good_and_as_quick() -> None:
    zero = run("nspe", 0.5, trials=((0.5, 10.0, None), (0.4, 5.0, None), (0.3, 20.0, None), (None, 9.0, "timeout")))
    # better; quicker than the worse one; dominated; failed; and one the end of the time left without a score
    mine = run(
        "ours", 0.5,
        trials=((0.6, 30.0, None), (0.2, 4.0, None), (0.4, 11.0, None), (None, 1.0, "error"), (None, 2.0, None)),
    )  # fmt: skip
    other_seed = run("ours", 0.5, seed=1)
    found = {one.key: one.figures.get("win_ratio") for one in with_win_ratio([zero, mine, other_seed])}
    assert found[mine.key] == pytest.approx(2 / 4)
    assert found[zero.key] == pytest.approx(2 / 4), "its own front is not dominated"
    assert found[other_seed.key] is None


def test_only_tasks_and_seeds_that_all_methods_have_are_compared() -> None:
    runs = [run("ours", 0.5), run("nspe", 0.5), run("ours", 0.5, seed=1), run("nspe", 0.5, task="snow")]
    assert whole(runs) == runs[:2]


def test_ranks_are_shared_by_equals_and_averaged_over_tasks() -> None:
    runs = [run("a", 0.9), run("b", 0.5), run("c", 0.5), run("a", 0.1, task="snow"), run("b", 0.3, task="snow")]
    assert mean_ranks([*runs, run("c", 0.2, task="snow")], "test") == {"a": 2.0, "b": 1.75, "c": 2.25}


def test_errors_are_counted_over_all_trials_together() -> None:
    few = run("a", 0.5, trials=((None, 1.0, "timeout"),))
    many = run("a", 0.5, seed=1, trials=((0.5, 1.0, None),) * 9)
    assert error_ratio([few, many], "a") == pytest.approx(0.1)


def test_a_gap_is_of_the_seeds_both_have() -> None:
    runs = [run("a", 0.9), run("b", 0.5), run("a", 0.6, seed=1), run("b", 0.4, seed=1), run("a", 0.1, seed=2)]
    found = gaps(runs, "a", "b", "test")["rain"]
    assert (found.mean, found.n) == (pytest.approx(0.3), 2)


def test_a_curve_is_the_best_known_at_a_time() -> None:
    assert best_at(run("a", 0.5), [0.0, 3.9, 4.0, 50.0]) == [0.1, 0.1, 0.3, 0.3]


def searches(ours: float, seconds: float, *, failures: int = 0, warm: float = 0.5) -> list[Run]:
    trials = ((0.5, 9.0, None),) * (10 - failures) + ((None, 9.0, "timeout"),) * failures
    return [
        found
        for task in ("rain", "snow")
        for seed in (0, 1)
        for found in (
            run("ours", ours, task=task, seed=seed, seconds=seconds, trials=trials),
            run("ours_no_store", 0.99, task=task, seed=seed),
            run("warm_start", warm, task=task, seed=seed),
            run("nspe", 0.4, task=task, seed=seed, seconds=45.0, trials=((None, 45.0, "timeout"), (0.5, 45.0, None))),
        )
    ]


def test_all_bars_are_met_by_what_is_better_quicker_and_safer() -> None:
    found = bars(searches(0.6, 9.0))
    assert [bar.met for bar in found] == [True] * 4
    assert found[0].measured == "ours 1.00, warm_start 2.00, nspe 3.00", "a part of ours is not ranked"
    assert found[1].measured.startswith("5.00 times lower")


@pytest.mark.parametrize(
    ("runs", "met"),
    [
        (searches(0.45, 9.0), [False, True, True, False]),  # the warm start is better
        (searches(0.5, 9.0), [False, True, True, True]),  # as good as it is not the best rank, but not behind
        (searches(0.6, 11.0), [True, False, True, True]),  # 4.1 times
        (searches(0.6, 9.0, failures=1), [True, True, False, True]),  # 5 times fewer
    ],
)
def test_a_bar_is_missed_where_a_figure_is(runs: list[Run], met: list[bool]) -> None:
    assert [bar.met for bar in bars(runs)] == met


def test_one_task_behind_the_warm_start_is_told() -> None:
    runs = [
        replace(one, figures={**one.figures, "test": 0.3}) if (one.method, one.task) == ("ours", "snow") else one
        for one in searches(0.9, 9.0)
    ]
    last = bars(runs)[-1]
    assert not last.met and last.measured.startswith("least on snow: -0.200")


def test_a_results_file_is_read_with_its_settings(tmp_path: Path) -> None:
    runs = searches(0.6, 9.0)
    write(tmp_path / "live.json", "live", {"seconds": 30.0, "models": ["m"]}, runs)
    settings, found = read_live(tmp_path / "live.json")
    assert settings == {"seconds": 30.0, "models": ["m"]}
    assert [one.key for one in found] == [one.key for one in runs]
    assert all("win_ratio" in one.figures for one in found)
    assert json.loads((tmp_path / "live.json").read_text())["runs"][0]["details"]["curve"] == [[0.0, 0.1], [4.0, 0.3]]
