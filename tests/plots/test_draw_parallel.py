"""Configurations as lines, as they are drawn."""

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import figure

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]
Busy = Callable[..., list[Trial]]


def notes(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_parameter_and_the_metric_have_a_row_with_values(busy: Busy, make_view: MakeView) -> None:
    found = notes(figure(make_view(*busy()), "parallel").axes[0])
    for name in ("model", "method", "batch_size", "learning_rate", "class_weights", "lora_rank", "macro-F1"):
        assert name in found
    for value in ("tiny", "lora", "128", "1e-5", "yes"):
        assert value in found


def test_what_does_not_exist_and_what_failed_lie_in_the_gutter(busy: Busy, make_view: MakeView) -> None:
    found = notes(figure(make_view(*busy()), "parallel").axes[0])
    assert "none" in found and "failed" in found  # no lora_rank for full fine-tuning, no score for a failure


def test_each_trial_is_one_line_the_failed_ones_dotted(busy: Busy, make_view: MakeView) -> None:
    trials = busy()
    axes = figure(make_view(*trials), "parallel").axes[0]
    ran, lost = [part for part in axes.collections if isinstance(part, LineCollection)][:2]
    failed = sum(trial.failure is not None for trial in trials)
    assert len(lost.get_segments()) == failed
    assert len(ran.get_segments()) == len(trials) - failed - 1  # and the best
    assert lost.get_linestyle() != ran.get_linestyle()


def test_the_figure_grows_with_its_rows_and_turns_values_that_do_not_fit(
    make_trial: MakeTrial, make_view: MakeView
) -> None:
    few = make_view(*(make_trial(n, [(1.0, n / 9, 1.0)], config={"a": n, "b": -n}) for n in range(3)))
    names = [f"some-long-model-name-{n}" for n in range(8)]
    configs = [{f"p{i}": n + i for i in range(6)} | {"model": name} for n, name in enumerate(names)]
    many = make_view(*(make_trial(n, [(1.0, n / 9, 1.0)], config=config) for n, config in enumerate(configs)))
    assert figure(many, "parallel").get_figheight() > figure(few, "parallel").get_figheight()
    turned = {text.get_rotation() for text in figure(many, "parallel", width=3.0).axes[0].texts}
    assert turned == {0.0, 90.0}
    assert {text.get_rotation() for text in figure(few, "parallel").axes[0].texts} == {0.0}


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_line_ends_at_the_better_end_of_the_scores(maximize: bool, busy: Busy, make_view: MakeView) -> None:
    axes = figure(make_view(*busy(maximize=maximize)), "parallel").axes[0]
    best = next(line for line in axes.get_lines() if line.get_linewidth() > 2)
    assert best.get_xdata()[-1] == pytest.approx(1.0 if maximize else 0.0)
