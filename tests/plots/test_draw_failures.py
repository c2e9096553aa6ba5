"""The map of failures, as it is drawn."""

from collections.abc import Callable

import numpy as np

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.plots import draw, failure_map_of, figure
from xautolm_nb.plots.draw_failures import MARKERS, MOST_MODELS

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]


def tried(make_trial: MakeTrial, *cases: tuple[str, int, FailureKind | bool]) -> list[Trial]:
    return [
        make_trial(n, [] if failed else [(1.0, 0.5, 3.0)], failed=failed, config={"model": model, "batch_size": batch})
        for n, (model, batch, failed) in enumerate(cases)
    ]


def test_every_kind_of_failure_has_a_shape_of_its_own() -> None:
    assert set(MARKERS) == set(FailureKind)
    assert len({*MARKERS.values(), "o"}) == len(FailureKind) + 1


def test_the_key_counts_what_ran_and_what_failed(make_trial: MakeTrial, make_view: MakeView) -> None:
    trials = tried(
        make_trial, ("a", 8, False), ("a", 64, FailureKind.OUT_OF_MEMORY), ("b", 64, FailureKind.OUT_OF_MEMORY)
    )
    legend = figure(make_view(*trials), "failures").axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ran (1)", "out of memory (2)"]


def test_trials_of_one_place_stand_side_by_side_and_near_it(make_trial: MakeTrial, make_view: MakeView) -> None:
    trials = tried(make_trial, *[("a", 8, False)] * 11, ("a", 16, False))
    line = next(line for line in figure(make_view(*trials), "failures").axes[0].get_lines() if line.get_marker() == "o")
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    assert len(set(zip(x.tolist(), y.tolist(), strict=True))) == 12
    assert np.abs(np.log2(x[:11] / (8 * 56))).max() < 0.5 and np.abs(y).max() < 0.5


def test_past_trials_of_all_tasks_have_a_map_too(context: Context) -> None:
    record = Experience(
        task_name="t", metric=Metric(name="f1"), context=context, space="xautolm-nb/1", fidelity=1.0, score=0.5,
        seconds=3.0, config={"model": "a", "batch_size": 8},
    )  # fmt: skip
    drawn = draw({"failures": failure_map_of([record] * 3)}, metric="f1", width=3.0)
    assert [tick.get_text() for tick in drawn.axes[0].get_yticklabels()] == ["a"]


def test_of_many_models_the_rest_share_the_last_row(make_trial: MakeTrial, make_view: MakeView) -> None:
    trials = tried(make_trial, *((f"m{n:02d}", 8, False) for n in range(40)))
    drawn = figure(make_view(*trials), "failures", width=3.0)
    names = [tick.get_text() for tick in drawn.axes[0].get_yticklabels()]
    assert len(names) == MOST_MODELS + 1
    assert names[-1].endswith("models") and names[0] == "m00"


def test_a_study_that_was_not_described_yet_has_no_batches_to_show(make_trial: MakeTrial, make_view: MakeView) -> None:
    drawn = figure(make_view(*tried(make_trial, ("a", 8, False)), context=None), "failures")
    assert [text.get_text() for text in drawn.axes[0].texts] == ["no batch sizes are known"]
