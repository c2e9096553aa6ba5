from collections.abc import Sequence

import pytest

from xautolm_nb.optimize.curves import Curve, Pace, extrapolate, rises
from xautolm_nb.optimize.curves import learn_pace as learn_rises

RISING: Curve = [(0.125, 0.1), (0.25, 0.3), (0.5, 0.45), (1.0, 0.5)]


def learn_pace(own: Sequence[Curve], others: Sequence[Curve] = ()) -> Pace:
    """From whole curves."""
    return learn_rises(*([rise for curve in curves for rise in rises(curve)] for curves in (own, others)))


def test_dense_validations_teach_no_more_than_sparse_ones() -> None:
    dense = [(i / 64, min(i / 64, 0.5)) for i in range(1, 65)]
    assert len(rises(dense)) < 30
    assert sum(rise for _, rise in rises(dense)) > 0


def test_a_finished_curve_is_its_own_end() -> None:
    final = extrapolate(RISING, pace=learn_pace([]), spread=0.2)
    assert (final.mean, final.variance) == (0.5, 0.0)


def test_an_unfinished_curve_is_expected_to_rise_and_is_uncertain() -> None:
    final = extrapolate(RISING[:2], pace=learn_pace([]), spread=0.2)
    assert final.mean > 0.3
    assert final.variance > 0


def test_uncertainty_shrinks_as_a_curve_goes_on() -> None:
    pace = learn_pace([RISING])
    variances = [extrapolate(RISING[:n], pace=pace, spread=0.2).variance for n in range(1, 5)]
    assert variances == sorted(variances, reverse=True)


def test_curves_that_rose_far_make_others_be_expected_to_rise() -> None:
    flat = [[(f, 0.4) for f, _ in RISING] for _ in range(6)]
    steep = [RISING for _ in range(6)]
    start = [(0.125, 0.1)]
    low = extrapolate(start, pace=learn_pace(flat), spread=0.2).mean
    high = extrapolate(start, pace=learn_pace(steep), spread=0.2).mean
    assert low < 0.25
    assert high == pytest.approx(0.5, abs=0.12)


def test_where_curves_rise_is_told_apart() -> None:
    pace = learn_pace([RISING for _ in range(20)])
    assert pace.mean[0] == pytest.approx(0.05, abs=0.02)  # the last doubling
    assert pace.mean[2] == pytest.approx(0.2, abs=0.03)


def test_stored_curves_count_less_than_own_ones() -> None:
    flat = [(f, 0.4) for f, _ in RISING]
    own = learn_pace([RISING] * 3, [flat] * 3).mean[2]
    stored = learn_pace([flat] * 3, [RISING] * 3).mean[2]
    assert own > stored


def test_no_end_lies_above_a_perfect_score() -> None:
    assert extrapolate([(0.125, 0.99)], pace=learn_pace([RISING] * 9), spread=0.4).mean <= 1.0


def test_without_any_curve_the_usual_rise_is_expected() -> None:
    mean, sd = learn_pace([]).rise(0.125)
    assert mean == pytest.approx(0.24)
    assert sd == pytest.approx(0.24)
    assert learn_pace([]).rise(1.0) == (0.0, 0.0)


def test_very_low_fidelities_have_an_end_too() -> None:
    final = extrapolate([(0.001, 0.0)], pace=learn_pace([]), spread=0.2)
    assert 0.0 < final.mean <= 1.0
