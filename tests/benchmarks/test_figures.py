import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import figures
from benchmarks.figures import main, markdown, read_results, spread
from benchmarks.summary import Estimate, Run, estimate, write
from xautolm_nb.plots.theme import LIGHT

REPLAY = {"data": "trials.parquet", "pool": "full", "store": "honest", "steps": 25}
CURVES = {"data": "taskset.parquet", "store": "thin", "budgets": [2, 5], "tasks": 2}
OVERHEAD = {"data": "trials.parquet", "threads": 2}
LIVE = {"seconds": 180.0, "device": None}
ALL = {
    "replay_trials_full",
    "stores_trials_full",
    "curves_taskset",
    "overhead",
    "live_180s",
}


def replayed(method: str, area: float, *, tasks: str = "ab", seeds: int = 3, **more: float) -> list[Run]:
    """Runs whose figures differ a little by seed."""
    given = {"area": area, "error@10": 1 - area, "regret@20": (1 - area) / 2, "hours_to_95": 8 * (1 - area), **more}
    return [
        Run(method=method, task=task, seed=seed, figures={name: value + 0.01 * seed for name, value in given.items()})
        for task in tasks
        for seed in range(seeds)
    ]


def curved(method: str, regret: float) -> list[Run]:
    return [
        Run(method=method, task=task, seed=seed, figures={"regret@2": regret + 0.01 * seed, "regret@5": regret / 2})
        for task in "ab"
        for seed in range(3)
    ]


def lived(method: str, best: float, tasks: str = "xy") -> list[Run]:
    return [
        Run(method=method, task=task, seed=seed, figures={"best": best, "evaluation_seconds": 30.0 + seed})
        for task in tasks
        for seed in range(2)
    ]


def cell(method: str, trials: int, experiences: int, median: float) -> dict[str, Any]:
    times = {"first": 2 * median, "median": median, "p90": 1.5 * median, "seconds": [median]}
    return {"method": method, "trials": trials, "experiences": experiences, **times}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One result of each kind, under names that say nothing."""
    place = tmp_path / "results"
    write(place / "1.json", "replay", REPLAY, replayed("random", 0.5) + replayed("ours", 0.8))
    told = replayed("ours", 0.6) + replayed("ours_no_store", 0.7)
    write(place / "deep" / "2.json", "replay", {**REPLAY, "store": "inverted"}, told)
    write(place / "3.json", "curves", CURVES, curved("asha", 0.4) + curved("ours", 0.0))
    cells = [cell("ours", n, k, 0.001 * n + 0.0001 * k) for k in (0, 1000) for n in (10, 100)]
    write(place / "4.json", "overhead", OVERHEAD, [], cells=[cell("optuna_tpe", 10, 0, 0.01), *cells])
    write(place / "5.json", "live", LIVE, lived("ours", 0.9) + lived("random", 0.8, "x"))
    return place


def drawn(folder: Path) -> dict[str, Any]:
    return dict(figures.figures(read_results(folder)))


def dots(axes: Any) -> dict[float, tuple[float, str]]:
    """Height to place and colour of the dots of a panel."""
    return {
        float(line.get_ydata()[0]): (float(line.get_xdata()[0]), line.get_color())
        for line in axes.get_lines()
        if line.get_marker() == "o"
    }


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def test_a_folder_of_all_results_gives_all_figures_and_an_empty_one_gives_none(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "images"
    main(["--results", str(folder), "--out", str(out)])
    assert {path.stem for path in out.iterdir()} == ALL
    (tmp_path / "empty").mkdir()
    assert drawn(tmp_path / "empty") == {}


@pytest.mark.parametrize("name", ["1", "deep/2", "3", "4", "5"])
def test_a_figure_without_results_is_not_drawn(folder: Path, name: str) -> None:
    (folder / f"{name}.json").unlink()
    lost = {"1": "replay_trials_full", "deep/2": "stores_trials_full", "3": "curves_taskset", "4": "overhead"}
    assert set(drawn(folder)) == ALL - {lost.get(name, "live_180s")}


def test_the_same_results_give_the_same_bytes_without_a_date(folder: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        main(["--results", str(folder), "--out", str(tmp_path / out)])
    for name in ALL:
        first, second = ((tmp_path / out / f"{name}.svg").read_bytes() for out in ("one", "two"))
        assert first == second and b"dc:date" not in first


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
    (folder / "list.json").write_text("[1, 2]")
    (folder / "table.json").write_text('{"benchmark": "another", "rows": []}')
    assert set(drawn(folder)) == ALL


def test_two_results_that_would_have_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    write(folder / "6.json", "replay", {**REPLAY, "steps": 50}, replayed("ours", 0.8))
    with pytest.raises(SystemExit, match="'replay_trials_full'"):
        main(["--results", str(folder), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_method_that_lacks_a_task_is_left_out_and_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "6.json", "replay", REPLAY, replayed("smac", 0.9, tasks="a"))
    panel = drawn(folder)["replay_trials_full"].axes[0]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["xautolm-nb", "random"]
    assert "smac is left out, it lacks b" in capsys.readouterr().err


def test_the_best_area_is_on_top_and_dots_are_means_with_intervals_over_seeds(folder: Path) -> None:
    panels = drawn(folder)["replay_trials_full"].axes
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["xautolm-nb", "random"]
    assert dots(panels[0]) == {0: (pytest.approx(0.81), LIGHT.main), 1: (pytest.approx(0.51), LIGHT.faint)}
    assert panels[0].yaxis_inverted() and "more is better" in panels[0].get_xlabel()
    assert dots(panels[1])[0][0] == pytest.approx(0.21) and "less is better" in panels[1].get_xlabel()
    hours = estimate([1.6, 1.61, 1.62])
    spans = [line.get_xdata() for line in panels[2].get_lines() if line.get_marker() == "None"]
    assert any(np.allclose(span, (hours.low, hours.high)) for span in spans)


def test_peers_alone_are_drawn_without_emphasis(tmp_path: Path) -> None:
    write(tmp_path / "1.json", "replay", REPLAY, replayed("smac", 0.8) + replayed("rgpe", 0.7))
    colours = {colour for _, colour in dots(drawn(tmp_path)["replay_trials_full"].axes[0]).values()}
    assert colours == {LIGHT.faint}


def test_a_store_is_drawn_beside_the_search_without_one(folder: Path) -> None:
    few = replayed("ours_no_store", 0.1, seeds=2)  # three seeds stand with the inverted store
    for name, store in (("0", "empty"), ("z", "one")):
        write(folder / f"{name}.json", "replay", {**REPLAY, "store": store}, few)
    figure = drawn(folder)["stores_trials_full"]
    panel = figure.axes[1]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["honest", "inverted"]
    assert list(dots(panel).values()) == [(pytest.approx(0.11), LIGHT.main), (pytest.approx(0.21), LIGHT.main)]
    alone = next(line for line in panel.get_lines() if line.get_color() == LIGHT.faint)
    assert list(alone.get_xdata()) == pytest.approx([0.16, 0.16])


def test_regret_is_drawn_in_logs_with_each_line_named(folder: Path) -> None:
    panel = drawn(folder)["curves_taskset"].axes[0]
    found = lines(panel)
    assert panel.get_yscale() == "log" and panel.get_title(loc="left") == "store: thin"
    assert list(found["asha"].get_ydata()) == pytest.approx([0.41, 0.2])
    assert list(found["ours"].get_xdata()) == [2, 5]
    assert list(found["ours"].get_ydata()) == pytest.approx([0.01, 1e-4]), "0 has no logarithm"
    assert {text.get_text() for text in panel.texts} == {"xautolm-nb", "ASHA"}


def test_each_store_of_curves_has_a_panel_in_the_order_of_the_benchmark(folder: Path) -> None:
    for store in ("none", "full", "inverted"):
        write(folder / f"{store}.json", "curves", {**CURVES, "store": store}, curved("ours", 0.3))
    panels = [axes for axes in drawn(folder)["curves_taskset"].axes if axes.get_visible()]
    shown = [axes.get_title(loc="left").removeprefix("store: ") for axes in panels]
    assert shown == ["thin", "full", "none", "inverted"]
    assert len({axes.get_ylim() for axes in panels}) == 1


def test_overhead_has_a_line_for_each_number_of_experiences_and_bars_at_1_and_3_seconds(folder: Path) -> None:
    later, first = drawn(folder)["overhead"].axes
    found = lines(later)
    assert set(found) == {"0", "1,000", "optuna_tpe"}
    assert list(found["1,000"].get_xdata()) == [10, 100]
    assert list(found["1,000"].get_ydata()) == pytest.approx([0.11, 0.2])
    assert list(lines(first)["0"].get_ydata()) == pytest.approx([0.02, 0.2])
    assert found["0"].get_alpha() < found["1,000"].get_alpha()
    bars = [line.get_ydata()[0] for line in later.get_lines() if line.get_color() == LIGHT.accent]
    assert bars == [1.0, 3.0]


def test_live_data_sets_have_rows_of_their_own_with_the_methods_they_have(folder: Path) -> None:
    panels = drawn(folder)["live_180s"].axes
    names = [[label.get_text() for label in panel.get_yticklabels()] for panel in panels]
    assert names == [["xautolm-nb", "random"], ["", ""], ["xautolm-nb"], [""]]
    assert [panel.get_title(loc="left") for panel in panels[::2]] == ["x", "y"]
    assert dots(panels[0])[1][0] == pytest.approx(0.8) and dots(panels[1])[0][0] == pytest.approx(30.5)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0.1, 0.5, 0.3], [0.1, 0.5, 0.3]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.52, 0.5, 0.1], [0.56, 0.46, 0.1]),
        ([1.0, 1.0], [0.9, 1.0]),
    ],
)
def test_names_move_apart_no_further_than_they_must(wanted: list[float], expected: list[float]) -> None:
    assert spread(wanted, 0.1) == pytest.approx(expected)


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


def test_tables_are_printed_for_every_benchmark_and_nothing_is_drawn(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--results", str(folder), "--out", str(tmp_path / "out"), "--tables"])
    said = capsys.readouterr().out
    titles = [line.strip("*").split(":")[0] for line in said.splitlines() if line.startswith("**")]
    assert titles == ["Replay", "Replay with other stores", "Curves", "Overhead", "Live", "Live"]
    assert "95 % intervals over 3 seeds" in said and "| xautolm-nb, 1,000 experiences | 0.110" in said
    assert not (tmp_path / "out").exists()


def test_a_single_seed_is_called_one(tmp_path: Path) -> None:
    write(tmp_path / "1.json", "replay", REPLAY, replayed("ours", 0.8, seeds=1))
    figure = drawn(tmp_path)["replay_trials_full"]
    assert [text.get_text() for text in figure.texts] == ["mean of 2 tasks, one seed"]
