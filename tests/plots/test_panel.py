"""The object `Charts` of the wire protocol: plain, thinned, and complete where a reader looks."""

import json
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.jupyter.objects import Charts
from xautolm_nb.plots import charts, reference_front, thinned

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]


@pytest.fixture
def many(make_trial: MakeTrial, make_view: MakeView) -> StudyView:
    """500 trials of three validations, the last of them the best."""
    return make_view(
        *(
            make_trial(n, [(0.25, 0.1 + n / 2000, 1.0), (0.5, 0.2 + n / 2000, 2.0), (1.0, 0.3 + n / 2000, 500.0 - n)])
            for n in range(500)
        )
    )


def test_charts_are_what_the_protocol_says(trials: list[Trial], make_view: MakeView) -> None:
    data = charts(make_view(*trials), reference_front("zero-shot", trials[:2]))
    assert msgspec.convert(data, Charts, strict=True).reference is not None
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_charts_of_no_trial_are_empty(make_view: MakeView) -> None:
    data = charts(make_view())
    assert data["anytime"] == {"seconds": [], "best": [], "numbers": [], "total_seconds": 0.0}
    assert data["curves"] == [] and data["reference"] is None
    msgspec.convert(data, Charts, strict=True)


def test_of_many_trials_at_most_400_points_and_60_curves_are_kept(many: StudyView) -> None:
    data = charts(many)
    assert len(data["anytime"]["seconds"]) == len(data["pareto"]["scores"]) == 400
    assert len(data["curves"]) == 60
    assert [curve["number"] for curve in data["curves"] if curve["best"]] == [499]


def test_thinning_keeps_every_rise_of_the_best_score(make_trial: MakeTrial, make_view: MakeView) -> None:
    scores = [0.5 if number < 700 else 0.6 if number < 703 else 0.9 for number in range(900)]
    data = charts(make_view(*(make_trial(n, [(1.0, score, 1.0)]) for n, score in enumerate(scores))))["anytime"]
    assert len(data["best"]) == 400
    assert {0, 700, 703, 899} <= set(data["numbers"])


def test_thinning_keeps_the_whole_front(make_trial: MakeTrial, make_view: MakeView) -> None:
    behind = [make_trial(n, [(1.0, 0.1, 50.0 + n)]) for n in range(800)]
    ahead = [make_trial(n, [(1.0, 0.2 + n / 2000, 1.0 + n / 1000)]) for n in range(800, 820)]
    data = charts(make_view(*behind, *ahead))["pareto"]
    assert len(data["front"]) == 400
    assert sum(data["front"]) == 20


def test_a_score_that_is_no_number_is_left_out(make_trial: MakeTrial, make_view: MakeView) -> None:
    data = charts(make_view(make_trial(0, [(0.5, float("nan"), 1.0), (1.0, 0.5, 2.0)])))
    assert data["anytime"]["best"] == [0.5]
    assert data["curves"][0]["scores"] == [0.5]
    json.dumps(data, allow_nan=False)


def test_a_reference_is_a_front_by_rising_seconds(trials: list[Trial], make_view: MakeView) -> None:
    front = charts(make_view(), reference_front("$zero$", trials))["reference"]
    assert front == {"name": "$zero$", "seconds": [2.0, 10.0, 90.0], "scores": [0.5, 0.6, 0.8]}


@pytest.mark.parametrize(("size", "most"), [(0, 5), (5, 5), (6, 5), (1000, 2)])
def test_thinning_keeps_both_ends_and_the_order(size: int, most: int) -> None:
    kept = thinned(size, most)
    assert kept.size == min(size, most)
    assert (np.diff(kept) > 0).all()
    assert size == 0 or {0, size - 1} <= set(kept.tolist())


def test_more_marked_items_than_there_is_room_are_thinned_too() -> None:
    kept = thinned(100, 10, np.ones(100, dtype=np.bool_))
    assert kept.size == 10 and {0, 99} <= set(kept.tolist())
