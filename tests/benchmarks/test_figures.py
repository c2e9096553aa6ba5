from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import figures
from benchmarks.figures import main, page, spread
from benchmarks.summary import Run, estimate, write
from benchmarks.tabled import read_results
from xautolm_nb.plots.theme import LIGHT

MakeRuns = Callable[..., list[Run]]
Settings = Mapping[str, Mapping[str, Any]]
ALL = {
    "replay_trials_full",
    "stores_trials_full",
    "curves_taskset_5",
    "overhead",
    "live_180s",
}


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
    lost = {"1": "replay_trials_full", "deep/2": "stores_trials_full", "3": "curves_taskset_5", "4": "overhead"}
    assert set(drawn(folder)) == ALL - {lost.get(name, "live_180s")}


def test_the_same_results_give_the_same_bytes_without_a_date(folder: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        main(["--results", str(folder), "--out", str(tmp_path / out)])
    for name in ALL:
        first, second = ((tmp_path / out / f"{name}.svg").read_bytes() for out in ("one", "two"))
        assert first == second and b"dc:date" not in first


@pytest.mark.parametrize("other", [{"steps": 50}, {"tasks": ["a"]}])
def test_two_results_that_would_have_one_name_are_refused(
    folder: Path, tmp_path: Path, settings: Settings, replayed: MakeRuns, other: dict[str, Any]
) -> None:
    write(folder / "6.json", "replay", {**settings["replay"], **other}, replayed("ours", 0.8, tasks="a"))
    with pytest.raises(SystemExit, match="'replay_trials_full'"):
        main(["--results", str(folder), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_method_that_lacks_a_task_is_not_drawn(folder: Path, settings: Settings, replayed: MakeRuns) -> None:
    write(folder / "6.json", "replay", settings["replay"], replayed("smac", 0.9, tasks="a"))
    panel = drawn(folder)["replay_trials_full"].axes[0]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["xautolm-nb", "random"]


def test_the_best_area_is_on_top_and_dots_are_means_with_intervals_over_seeds(folder: Path) -> None:
    panels = drawn(folder)["replay_trials_full"].axes
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["xautolm-nb", "random"]
    assert dots(panels[0]) == {0: (pytest.approx(0.81), LIGHT.main), 1: (pytest.approx(0.51), LIGHT.faint)}
    assert panels[0].yaxis_inverted() and "more is better" in panels[0].get_xlabel()
    assert dots(panels[1])[0][0] == pytest.approx(0.21) and "less is better" in panels[1].get_xlabel()
    hours = estimate([1.6, 1.61, 1.62])
    spans = [line.get_xdata() for line in panels[2].get_lines() if line.get_marker() == "None"]
    assert any(np.allclose(span, (hours.low, hours.high)) for span in spans)


def test_peers_alone_are_drawn_without_emphasis(tmp_path: Path, settings: Settings, replayed: MakeRuns) -> None:
    write(tmp_path / "1.json", "replay", settings["replay"], replayed("smac", 0.8) + replayed("rgpe", 0.7))
    colours = {colour for _, colour in dots(drawn(tmp_path)["replay_trials_full"].axes[0]).values()}
    assert colours == {LIGHT.faint}


def test_a_store_is_drawn_beside_the_search_without_one(folder: Path, settings: Settings, replayed: MakeRuns) -> None:
    few = replayed("ours_no_store", 0.1, seeds=2)  # three seeds stand with the inverted store
    for name, store in (("0", "empty"), ("z", "one")):
        write(folder / f"{name}.json", "replay", {**settings["replay"], "store": store}, few)
    figure = drawn(folder)["stores_trials_full"]
    panel = figure.axes[1]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["honest", "inverted"]
    assert list(dots(panel).values()) == [(pytest.approx(0.11), LIGHT.main), (pytest.approx(0.21), LIGHT.main)]
    alone = next(line for line in panel.get_lines() if line.get_color() == LIGHT.faint)
    assert list(alone.get_xdata()) == pytest.approx([0.16, 0.16])


def test_regret_is_drawn_in_logs_with_each_line_named(folder: Path) -> None:
    panel = drawn(folder)["curves_taskset_5"].axes[0]
    found = lines(panel)
    assert panel.get_yscale() == "log" and panel.get_title(loc="left") == "store: thin"
    assert list(found["asha"].get_ydata()) == pytest.approx([0.41, 0.2])
    assert list(found["ours"].get_xdata()) == [2, 5]
    assert list(found["ours"].get_ydata()) == pytest.approx([0.01, 1e-4]), "0 has no logarithm"
    assert {text.get_text() for text in panel.texts} == {"xautolm-nb", "ASHA"}


def test_each_store_of_curves_has_a_panel_in_the_order_of_the_benchmark(
    folder: Path, settings: Settings, curved: MakeRuns
) -> None:
    for store in ("none", "full", "inverted"):
        write(folder / f"{store}.json", "curves", {**settings["curves"], "store": store}, curved("ours", 0.3))
    panels = [axes for axes in drawn(folder)["curves_taskset_5"].axes if axes.get_visible()]
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


def test_tables_are_printed_for_every_benchmark_and_nothing_is_drawn(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--results", str(folder), "--out", str(tmp_path / "out"), "--tables"])
    said = capsys.readouterr().out
    titles = [line.strip("*").split(":")[0] for line in said.splitlines() if line.startswith("**")]
    assert titles == ["Replay", "Replay with other stores", "Curves", "Overhead", "Live", "Live"]
    assert "95 % intervals over 3 seeds" in said and "| xautolm-nb, 1,000 experiences | 0.110" in said
    assert not (tmp_path / "out").exists()


def test_a_single_seed_is_called_one(tmp_path: Path, settings: Settings, replayed: MakeRuns) -> None:
    write(tmp_path / "1.json", "replay", settings["replay"], replayed("ours", 0.8, seeds=1))
    figure = drawn(tmp_path)["replay_trials_full"]
    assert [text.get_text() for text in figure.texts] == ["mean of 2 tasks, one seed"]


def test_the_tables_in_the_docs_are_those_of_the_results() -> None:
    root = Path(__file__).parents[2]
    assert page(read_results(root / "benchmarks" / "results")) in (root / "docs" / "benchmarks.md").read_text()
