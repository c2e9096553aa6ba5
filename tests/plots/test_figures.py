import subprocess
import sys
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import (
    anytime,
    anytime_figure,
    curves_figure,
    learning_curves,
    overview_figure,
    pareto,
    pareto_figure,
    to_png,
    to_svg,
)

Draw = Callable[[list[Trial], bool], Figure]

FIGURES: dict[str, Draw] = {
    "anytime": lambda trials, dark: anytime_figure(anytime(trials), metric="macro-F1", dark=dark),
    "pareto": lambda trials, dark: pareto_figure(pareto(trials), metric="macro-F1", dark=dark),
    "curves": lambda trials, dark: curves_figure(learning_curves(trials), metric="macro-F1", dark=dark),
    "overview": lambda trials, dark: overview_figure(trials, metric="macro-F1", dark=dark),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_figure_renders_with_its_axes_named(name: str, dark: bool, trials: list[Trial]) -> None:
    figure = FIGURES[name](trials, dark)
    svg = to_svg(figure).decode()
    assert svg.count("macro-F1") == len(figure.axes)
    assert all(panel.get_xlabel() and panel.get_title() for panel in figure.axes)


@pytest.mark.parametrize("name", FIGURES)
def test_an_empty_study_has_a_figure_that_says_so(name: str) -> None:
    assert " yet" in to_svg(FIGURES[name]([], False)).decode()


def test_a_study_of_failures_only_has_figures(make_trial: Callable[..., Trial]) -> None:
    failures = [make_trial(0, [], seconds=3.0, failed=True), make_trial(1, [(0.25, 0.2, 1.0)], failed=True)]
    for draw in FIGURES.values():
        assert to_svg(draw(failures, False))


def test_one_trial_is_enough_for_every_figure(make_trial: Callable[..., Trial]) -> None:
    for draw in FIGURES.values():
        assert to_svg(draw([make_trial(0, [(0.125, 0.5, 2.0)])], False))


def test_the_best_score_is_written_beside_its_point(trials: list[Trial]) -> None:
    assert "0.800 (trial 3)" in to_svg(FIGURES["anytime"](trials, False)).decode()


@pytest.mark.parametrize(("seconds", "unit"), [(20.0, "(s)"), (400.0, "(min)"), (20_000.0, "(h)")])
def test_time_is_given_in_the_unit_people_would_say(
    make_trial: Callable[..., Trial], seconds: float, unit: str
) -> None:
    trials = [make_trial(0, [(1.0, 0.5, seconds)])]
    assert unit in FIGURES["anytime"](trials, False).axes[0].get_xlabel()
    assert unit in FIGURES["pareto"](trials, False).axes[0].get_xlabel()


def test_trials_of_seconds_and_of_hours_share_a_log_axis(make_trial: Callable[..., Trial]) -> None:
    trials = [make_trial(0, [(1.0, 0.5, 3.0)]), make_trial(1, [(1.0, 0.9, 9000.0)])]
    assert FIGURES["pareto"](trials, False).axes[0].get_xscale() == "log"


def test_one_panel_is_400_pixels_wide_and_png_and_svg_are_what_they_say(trials: list[Trial]) -> None:
    figure = FIGURES["pareto"](trials, False)
    png = to_png(figure, dpi=100)
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 400
    assert b"<svg" in to_svg(figure)


def test_equal_figures_give_equal_svg(trials: list[Trial]) -> None:
    assert to_svg(FIGURES["overview"](trials, False)) == to_svg(FIGURES["overview"](trials, False))


def test_plots_import_neither_pyplot_nor_torch() -> None:
    code = "import sys, xautolm_nb.plots; assert not {'matplotlib.pyplot', 'torch', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
