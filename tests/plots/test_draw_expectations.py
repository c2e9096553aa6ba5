"""Expectations against what came, as they are drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import figure

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]


@pytest.fixture
def told(make_trial: MakeTrial) -> list[Trial]:
    """A whole run as expected, one off, one stopped early, one failed."""
    return [
        make_trial(0, [(1.0, 0.71, 9.0)], expected={"score": 0.7, "score_sd": 0.05, "seconds": 10.0}),
        make_trial(1, [(1.0, 0.5, 50.0)], expected={"score": 0.7, "score_sd": 0.05, "seconds": 10.0}),
        make_trial(2, [(0.25, 0.3, 4.0)], expected={"score": 0.6, "score_sd": 0.05, "seconds": 5.0}),
        make_trial(3, [], seconds=2.0, failed=True, expected={"score": 0.8, "score_sd": 0.05, "seconds": 20.0}),
    ]


def notes(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def keys(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend is not None else []


def test_the_calibration_line_joins_equal_numbers_on_equal_axes(told: list[Trial], make_view: MakeView) -> None:
    axes = figure(make_view(*told), "calibration").axes[0]
    assert axes.get_xlim() == axes.get_ylim()
    diagonal = axes.get_lines()[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert "1 of 2 within 1 sd" in notes(axes)


def test_whole_runs_those_stopped_early_and_failures_look_different(told: list[Trial], make_view: MakeView) -> None:
    axes = figure(make_view(*told), "calibration").axes[0]
    assert keys(axes) == ["ran to the end", "stopped early", "failed"]
    assert keys(figure(make_view(*told[:2]), "calibration").axes[0]) == ["ran to the end"]
    assert len(axes.collections[0].get_segments()) == 2  # one bar for each whole run


def test_a_study_of_failures_says_so(told: list[Trial], make_view: MakeView) -> None:
    assert notes(figure(make_view(told[3]), "calibration").axes[0]) == ["all trials failed"]


def test_the_band_of_the_cost_goes_from_half_to_twice(told: list[Trial], make_view: MakeView) -> None:
    axes = figure(make_view(*told), "cost").axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlim() == axes.get_ylim()
    corners = axes.collections[0].get_paths()[0].vertices
    ratios = corners[:, 1] / corners[:, 0]
    assert (ratios.min(), ratios.max()) == (pytest.approx(0.5), pytest.approx(2.0))
    assert "2 of 3 within a factor of 2" in notes(axes)
    assert keys(axes) == ["came to its end", "failed on the way"]


def test_failures_alone_are_not_counted_as_predicted(told: list[Trial], make_view: MakeView) -> None:
    assert notes(figure(make_view(told[3]), "cost").axes[0]) == []
