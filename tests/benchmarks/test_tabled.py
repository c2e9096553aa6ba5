import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.summary import Estimate, Run, estimate, write
from benchmarks.tabled import by_store, markdown, read_results, rows_of, tables

MakeRuns = Callable[..., list[Run]]
Settings = Mapping[str, Mapping[str, Any]]


def test_files_of_the_same_settings_are_one_result_and_the_newest_run_counts(folder: Path) -> None:
    other = json.loads((folder / "1.json").read_text())
    other["date"] = "2001-01-01"
    for one in other["runs"]:
        one["figures"]["area"] = 0.1
        one["method"] = {"random": "smac"}.get(one["method"], one["method"])
    (folder / "9.json").write_text(json.dumps(other))
    result = next(r for r in read_results(folder) if r.benchmark == "replay" and r.settings["store"] == "honest")
    areas = {run.key: run.figures["area"] for run in result.runs}
    assert {method for method, _, _ in areas} == {"ours", "random", "smac"}
    assert areas["ours", "a", 0] == 0.8 and areas["smac", "a", 0] == 0.1


def test_other_json_is_passed_over(folder: Path) -> None:
    before = read_results(folder)
    (folder / "list.json").write_text("[1, 2]")
    (folder / "table.json").write_text('{"benchmark": "another", "rows": []}')
    assert read_results(folder) == before and len(before) == 5


def test_a_method_that_lacks_a_task_is_left_out_and_named(
    folder: Path, settings: Settings, replayed: MakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "6.json", "replay", settings["replay"], replayed("smac", 0.9, tasks="a"))
    honest = by_store(read_results(folder), "replay")[0][0]
    assert set(rows_of(honest.runs, ["area"])) == {"random", "ours"}
    assert "smac is left out, it lacks b" in capsys.readouterr().err


def test_some_of_the_tasks_are_a_result_of_their_own(folder: Path, settings: Settings, replayed: MakeRuns) -> None:
    for name, task in (("6", "a"), ("7", "b")):
        part = {**settings["replay"], "tasks": [task]}
        write(folder / f"{name}.json", "replay", part, replayed("ours", 0.5, tasks=task))
    groups = by_store(read_results(folder), "replay")
    assert [[result.settings["store"] for result in group] for group in groups] == [
        ["honest", "inverted"], ["honest"], ["honest"]
    ]  # fmt: skip
    assert [group[0].settings["tasks"] for group in groups] == ["all", ["a"], ["b"]]
    assert [title for title, _ in tables(read_results(folder)) if title.startswith("Replay:")] == [
        "Replay: trials, pool full; mean of 2 tasks, 95 % intervals over 3 seeds",
        "Replay: trials, pool full, only a; 95 % intervals over 3 seeds",
        "Replay: trials, pool full, only b; 95 % intervals over 3 seeds",
    ]


def test_there_is_a_table_for_each_result_and_each_live_data_set(folder: Path) -> None:
    assert [title for title, _ in tables(read_results(folder))] == [
        "Replay: trials, pool full; mean of 2 tasks, 95 % intervals over 3 seeds",
        "Replay with other stores: trials, pool full",
        "Curves: taskset, store thin; mean of 2 tasks, 95 % intervals over 3 seeds",
        "Overhead: median seconds per proposal, threads: 2",
        "Live: x, 180 s",
        "Live: y, 180 s",
    ]


def row(**figures: float) -> Mapping[str, Estimate]:
    return {name.replace("_at_", "@"): estimate([value - 0.1, value + 0.1]) for name, value in figures.items()}


def test_a_table_has_the_best_mean_of_each_column_in_bold() -> None:
    table = markdown("T", {"ours": row(area=0.8, regret_at_20=0.3), "smac": row(area=0.6, regret_at_20=0.2)})
    half = 12.7062 * 0.1  # t(.975; 1) times the standard error
    assert table.splitlines() == [
        "**T**",
        "",
        "| | area | regret@20 |",
        "|---|---|---|",
        f"| xautolm-nb | **0.800** ± {half:.3f} | 0.300 ± {half:.3f} |",
        f"| SMAC3 | 0.600 ± {half:.3f} | **0.200** ± {half:.3f} |",
    ]


def test_a_table_says_nothing_where_nothing_is_known_and_gives_one_seed_no_interval() -> None:
    nothing = Estimate(mean=math.nan, low=math.nan, high=math.nan, n=0)
    rows = {"ours": {"area": estimate([0.5])}, "smac": {"area": nothing}, "bohb": {}}
    assert [line.split("|")[2].strip() for line in markdown("T", rows).splitlines()[4:]] == ["**0.500**", "–", "–"]


def test_hours_and_seconds_have_as_many_digits_as_they_need() -> None:
    rows = {"ours": {"hours_to_95": estimate([4.0, 4.2]), "evaluation_seconds": estimate([431.0, 433.0])}}
    cells = [cell.strip() for cell in markdown("T", rows).splitlines()[-1].split("|")]
    assert cells[2:4] == ["**4.10** ± 1.27", "**432** ± 13"]
