import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.summary import Run, by_seed, estimate, paired, read_runs, summarise, table, write

Read = Callable[[Path], dict[str, Any]]


def run(method: str, task: str, seed: int, **figures: float) -> Run:
    return Run(method=method, task=task, seed=seed, figures=figures)


def grid(method: str, values: np.ndarray) -> list[Run]:
    """Runs of seeds (rows) on tasks (columns)."""
    return [run(method, f"t{j}", i, regret=float(value)) for (i, j), value in np.ndenumerate(values)]


def test_an_estimate_by_hand() -> None:
    # mean 2, standard deviation 1, t(.975; 2) = 4.3027: half the interval is 4.3027 / sqrt(3) = 2.4841
    found = estimate([1.0, 2.0, 3.0])
    assert (found.mean, found.n) == (2.0, 3)
    assert (found.low, found.high) == pytest.approx((-0.4841, 4.4841), abs=1e-4)
    assert str(found) == "2.000±2.484"


def test_an_interval_is_that_of_students_t() -> None:
    values = np.random.default_rng(0).normal(size=12)
    found = estimate(values.tolist())
    low, high = stats.t.interval(0.95, 11, loc=values.mean(), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_single_seed_has_a_mean_and_no_interval() -> None:
    one = estimate([0.5])
    assert one.mean == 0.5 and math.isnan(one.low) and math.isnan(one.high) and str(one) == "0.500"
    assert math.isnan(estimate([]).mean) and estimate([]).n == 0


def test_seeds_are_averaged_over_tasks_and_one_that_lacks_a_task_is_left_out() -> None:
    runs = grid("ours", np.array([[0.1, 0.3], [0.2, 0.6], [0.9, 0.9]]))[:-1]
    assert by_seed(runs, "ours", "regret") == pytest.approx({0: 0.2, 1: 0.4})


def test_a_paired_difference_is_that_of_a_paired_t_test_over_seeds() -> None:
    rng = np.random.default_rng(1)
    hard = rng.normal(size=(8, 1))  # a seed that is hard is hard for both
    one, two = hard + 0.1 * rng.normal(size=(8, 3)), 0.2 + hard + 0.1 * rng.normal(size=(8, 3))
    found = paired([*grid("ours", one), *grid("other", two)], "ours", "other", "regret")
    test = stats.ttest_rel(one.mean(axis=1), two.mean(axis=1))
    interval = test.confidence_interval(0.95)
    assert found.mean == pytest.approx((one - two).mean()) and found.n == 8
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    unpaired = estimate(one.mean(axis=1).tolist())
    assert found.high - found.low < 0.3 * (unpaired.high - unpaired.low), "what both share is no noise"


def test_only_seeds_that_both_have_are_compared() -> None:
    runs = [*grid("ours", np.array([[1.0], [2.0], [9.0]])), *grid("other", np.array([[0.0], [0.5]]))]
    # 1 - 0 and 2 - .5
    found = paired(runs, "ours", "other", "regret")
    assert (found.mean, found.n) == (1.25, 2)


def test_a_summary_has_each_task_and_the_mean_over_tasks_with_intervals_over_seeds() -> None:
    values = np.array([[0.1, 0.5], [0.3, 0.9]])
    found = summarise(grid("ours", values))["ours"]
    assert list(found) == ["t0", "t1", "mean"]
    assert found["t1"]["regret"]["mean"] == pytest.approx(0.7) and found["t1"]["regret"]["n"] == 2
    # seeds .3 and .6: mean .45, half the interval 12.7062 x .2121 / sqrt(2) = 1.9059
    mean = found["mean"]["regret"]
    assert (mean["mean"], mean["low"], mean["high"]) == pytest.approx((0.45, -1.4559, 2.3559), abs=1e-4)


def test_a_table_shows_tasks_apart_or_their_mean() -> None:
    runs = grid("ours", np.array([[0.1, 0.5], [0.3, 0.9]]))
    apart, mean = table(runs, ["regret"]).splitlines(), table(runs, ["regret"], tasks=False).splitlines()
    assert apart[0].split() == ["method", "regret"] and apart[1].split() == ["ours", "0.2", "/", "0.7"]
    assert mean[1].split() == ["ours", "0.450±1.906"]


def test_what_is_written_reads_back_and_names_machine_versions_and_settings(tmp_path: Path, written: Read) -> None:
    runs = [run("ours", "t0", 0, regret=0.25, seconds=math.nan), run("ours", "t0", 1, regret=1 / 3, seconds=2.0)]
    path = tmp_path / "deep" / "out.json"
    write(path, "replay", {"pool": "full", "budgets": (2, 5)}, runs, note="more")
    document = written(path)
    assert (document["benchmark"], document["note"]) == ("replay", "more")
    assert document["settings"] == {"pool": "full", "budgets": [2, 5]}
    assert {"cores", "memory_gib", "system", "python"} == set(document["machine"])
    assert document["versions"]["torch"] and document["versions"]["xautolm-nb"]
    assert document["runs"][0]["figures"] == {"regret": 0.25, "seconds": None}, "NaN is not JSON"
    assert document["summary"]["ours"]["mean"]["regret"]["n"] == 2
    assert [file.name for file in path.parent.iterdir()] == ["out.json"]
    first, second = read_runs(path, {"pool": "full", "budgets": (2, 5)})
    assert first.key == ("ours", "t0", 0) and math.isnan(first.figures["seconds"])
    assert second.figures["regret"] == 0.33333, "five digits are kept"


def test_runs_of_other_settings_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write(path, "replay", {"pool": "full"}, [run("ours", "t0", 0, regret=0.25)])
    assert read_runs(path, {"pool": "clean"}) == [] and read_runs(tmp_path / "none.json", {}) == []
