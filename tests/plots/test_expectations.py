"""Expectations beside what came of them."""

from collections.abc import Callable

import numpy as np
import pytest

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.plots import calibration, costs, prior_band

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]
NEWEST = {"score": 0.7, "score_sd": 0.01, "seconds": 30.0}
FIRST = {"start_score": 0.5, "start_score_sd": 0.1, "start_seconds": 5.0}


def test_the_prior_is_what_the_first_proposal_expected(make_trial: MakeTrial, make_view: MakeView) -> None:
    thawed = make_trial(0, [(0.5, 0.6, 5.0), (1.0, 0.65, 9.0)], expected={**NEWEST, **FIRST})
    band = prior_band(make_view(thawed, prior={"used": 12}))
    assert band is not None
    assert (band.mean, band.low, band.high, band.experiences) == (0.5, 0.4, 0.6, 12)


def test_a_trial_that_was_never_thawed_needs_no_second_set(make_trial: MakeTrial, make_view: MakeView) -> None:
    band = prior_band(make_view(make_trial(0, [(0.25, 0.6, 5.0)], expected=NEWEST)))
    assert band is not None and band.mean == 0.7 and band.experiences == 0


def test_an_expectation_that_knew_the_trial_is_no_prior(make_trial: MakeTrial, make_view: MakeView) -> None:
    thawed = make_trial(0, [(0.5, 0.6, 5.0), (1.0, 0.65, 9.0)], expected=NEWEST)
    later = make_trial(1, [(0.5, 0.6, 5.0)], expected=NEWEST)
    assert prior_band(make_view(thawed, later)) is None
    assert prior_band(make_view()) is None
    assert calibration([thawed, later]).at_start.tolist() == [False, True]


def test_first_expectations_are_held_against_the_score(make_trial: MakeTrial) -> None:
    data = calibration(
        [
            make_trial(0, [(0.5, 0.6, 5.0), (1.0, 0.58, 9.0)], expected={**NEWEST, **FIRST}),
            make_trial(1, [(0.5, 0.2, 5.0)], expected=NEWEST),
            make_trial(2, [], failed=FailureKind.OUT_OF_MEMORY, expected=NEWEST),
            make_trial(3, [(1.0, 0.9, 5.0)]),
        ]
    )
    assert data.numbers.tolist() == [0, 1, 2]
    assert data.expected.tolist() == [0.5, 0.7, 0.7]
    np.testing.assert_array_equal(data.scores, [0.6, 0.2, np.nan])
    assert data.judged.tolist() == [True, False, False]
    assert data.within == 1
    assert data.error == pytest.approx(0.1)


def test_time_is_that_of_the_newest_piece_of_work(make_trial: MakeTrial) -> None:
    data = costs(
        [
            make_trial(0, [(0.5, 0.6, 5.0), (1.0, 0.65, 25.0)], expected=NEWEST),
            make_trial(1, [(0.25, 0.6, 5.0)], expected=NEWEST),
            make_trial(2, [(0.25, 0.6, 5.0)], seconds=8.0, target=0.5, failed=True, expected=NEWEST),
            make_trial(3, [(0.25, 0.6, 5.0)], target=0.5, expected=NEWEST),
        ]
    )
    assert data.numbers.tolist() == [0, 1, 2]  # trial 3 was stopped on its way
    assert data.seconds.tolist() == [20.0, 5.0, 3.0]
    assert data.failed.tolist() == [False, False, True]
    assert data.within == 1
    assert data.factor == pytest.approx((20 / 30 + 5 / 30) / 2)


def test_nothing_expected_gives_nothing_to_compare(make_trial: MakeTrial) -> None:
    bare = [make_trial(0, [(1.0, 0.5, 3.0)]), make_trial(1, [], failed=True, expected={"score": float("nan")})]
    assert calibration(bare).numbers.size == 0 and calibration(bare).error is None
    assert costs(bare).numbers.size == 0 and costs(bare).factor is None
