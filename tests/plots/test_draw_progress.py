"""Best score over time, front, and learning curves, as they are drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import figure, reference_front
from xautolm_nb.plots.theme import LIGHT

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]
Busy = Callable[..., list[Trial]]


def notes(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_best_score_is_written_beside_its_point(trials: list[Trial], make_view: MakeView) -> None:
    assert "0.800 (trial 3)" in notes(figure(make_view(*trials), "anytime").axes[0])


@pytest.mark.parametrize(("used", "text"), [(12, "prior of 12 trials: 0.700 ± 0.050"), (0, "prior: 0.700 ± 0.050")])
def test_the_prior_is_a_band_with_its_numbers(used: int, text: str, make_trial: MakeTrial, make_view: MakeView) -> None:
    told = make_trial(0, [(1.0, 0.8, 30.0)], expected={"score": 0.7, "score_sd": 0.05})
    axes = figure(make_view(told, prior={"used": used}), "anytime").axes[0]
    assert text in notes(axes)
    assert [patch.get_height() for patch in axes.patches] == [pytest.approx(0.1)]
    low, high = axes.get_ylim()
    assert low < 0.7 < 0.8 < high


def test_a_few_hopeless_validations_do_not_flatten_the_rest(make_trial: MakeTrial, make_view: MakeView) -> None:
    trials = [make_trial(n, [(1.0, 0.01 if n in (3, 5) else 0.8 + n / 1000, 5.0)]) for n in range(12)]
    axes = figure(make_view(*trials), "anytime").axes[0]
    assert axes.get_ylim()[0] > 0.7
    edge = [line for line in axes.get_lines() if line.get_marker() == "v"]
    assert [len(np.atleast_1d(line.get_xdata())) for line in edge] == [2]


def test_a_metric_to_minimise_has_its_rest_above(make_trial: MakeTrial, make_view: MakeView) -> None:
    trials = [make_trial(n, [(1.0, 9.0 if n == 1 else 0.3 - n / 1000, 5.0)], maximize=False) for n in range(12)]
    axes = figure(make_view(*trials), "anytime").axes[0]
    assert axes.get_ylim()[1] < 1.0
    assert any(line.get_marker() == "^" and len(np.atleast_1d(line.get_xdata())) for line in axes.get_lines())


@pytest.mark.parametrize(("seconds", "unit"), [(20.0, "(s)"), (400.0, "(min)"), (20_000.0, "(h)")])
def test_time_is_given_in_the_unit_people_would_say(
    seconds: float, unit: str, make_trial: MakeTrial, make_view: MakeView
) -> None:
    view = make_view(make_trial(0, [(1.0, 0.5, seconds)]))
    assert unit in figure(view, "anytime").axes[0].get_xlabel()
    assert unit in figure(view, "pareto").axes[0].get_xlabel()


def test_trials_of_seconds_and_of_hours_share_a_log_axis(make_trial: MakeTrial, make_view: MakeView) -> None:
    view = make_view(make_trial(0, [(1.0, 0.5, 3.0)]), make_trial(1, [(1.0, 0.9, 9000.0)]))
    axes = figure(view, "pareto").axes[0]
    assert axes.get_xscale() == "log"
    assert {"1 min", "1 h"} <= {tick.get_text() for tick in axes.get_xticklabels()}


def test_a_reference_is_dashed_and_named(trials: list[Trial], make_view: MakeView) -> None:
    axes = figure(make_view(*trials), "pareto", reference=reference_front("zero-$hot", trials[:2])).axes[0]
    assert r"zero-\$hot" in notes(axes)
    assert any(line.get_linestyle() == "--" for line in axes.get_lines())


def test_whole_runs_are_full_and_others_rings_with_a_key(trials: list[Trial], make_view: MakeView) -> None:
    legend = figure(make_view(*trials), "pareto").axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ran to the end", "stopped early"]
    assert figure(make_view(trials[0]), "pareto").axes[0].get_legend() is None


def test_curves_have_a_tick_for_each_rung_with_the_trials_that_came_there(
    trials: list[Trial], make_view: MakeView
) -> None:
    axes = figure(make_view(*trials), "curves").axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["25%\nn=3", "100%\nn=2"]
    assert "#3: 0.800" in notes(axes)


def test_the_best_curve_is_thick_those_stopped_early_dashed_and_failed_ones_crossed(
    make_trial: MakeTrial, make_view: MakeView
) -> None:
    trials = [
        make_trial(0, [(0.5, 0.4, 3.0), (1.0, 0.6, 10.0)]),
        make_trial(1, [(0.5, 0.3, 3.0)]),
        make_trial(2, [(0.5, 0.35, 3.0)], failed=True),
    ]
    lines = figure(make_view(*trials), "curves").axes[0].get_lines()
    assert [line.get_linewidth() > 2 for line in lines[:3]] == [True, False, False]
    assert [line.get_linestyle() for line in lines[:3]] == ["-", "--", "--"]
    assert lines[3].get_marker() == "x" and to_hex(lines[3].get_color()) == LIGHT.failed.lower()
