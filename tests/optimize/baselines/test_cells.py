import math
from bisect import bisect
from itertools import accumulate

import numpy as np
import pytest

from xautolm_nb.optimize.baselines.cells import FLOOR, Chance, Gaussian, Weights, draw_chances, start
from xautolm_nb.space import Categorical, Float, Integer, Ordinal

EPOCHS = Integer(name="epochs", low=1, high=10, default=3)
RATE = Float(name="rate", low=1e-4, high=1e-2, default=1e-3, log=True)
COLOR = Categorical(name="color", values=("red", "green", "blue", "black"), default="red")


def weights(*values: float, normalised: bool = True) -> Weights:
    return Weights(values=("red", "green", "blue", "black")[: len(values)], weights=values, normalised=normalised)


def gaussian(mean: float = 5.5, deviation: float = 9.0) -> Gaussian:
    return Gaussian(parameter=EPOCHS, mean=mean, deviation=deviation)


# ---- where a search starts -------------------------------------------------------------------------------------------


def test_a_parameter_starts_uniform_or_with_its_range_as_deviation() -> None:
    assert start(COLOR) == weights(0.25, 0.25, 0.25, 0.25)
    assert start(COLOR, normalised=False) == weights(1.0, 1.0, 1.0, 1.0, normalised=False)
    assert start(EPOCHS) == gaussian(5.5, 9.0)
    assert start(RATE) == Gaussian(parameter=RATE, mean=0.5, deviation=1.0)
    assert start(Categorical(name="clip", values=(False, True), default=True)) == Chance(on=0.5)
    batch = start(Ordinal(name="batch", values=(8, 16), default=8))
    assert isinstance(batch, Weights)
    assert batch.values == (8, 16)


def test_a_third_of_all_first_draws_of_a_whole_number_lie_at_each_end() -> None:
    # XAutoLM 11, S7: below 2 is 1, P(z < (2 - 5.5) / 9) = .3487; from 10 on is 10, P(z > (10 - 5.5) / 9) = .3085.
    cell = gaussian()
    assert math.exp(cell.log_probability(1)) == pytest.approx(0.3487, abs=1e-4)
    assert math.exp(cell.log_probability(10)) == pytest.approx(0.3085, abs=1e-4)
    rng = np.random.default_rng(0)
    drawn = [cell.sample(rng) for _ in range(4000)]
    assert np.mean([value == 1 for value in drawn]) == pytest.approx(0.349, abs=0.03)
    assert np.mean([value == 10 for value in drawn]) == pytest.approx(0.309, abs=0.03)


@pytest.mark.parametrize(("low", "high", "mean", "deviation"), [(1, 10, 5.5, 9.0), (-3, 3, 0.4, 2.0), (0, 5, 9.0, 3.0)])
def test_the_probabilities_of_all_whole_numbers_sum_to_one(low: int, high: int, mean: float, deviation: float) -> None:
    parameter = Integer(name="n", low=low, high=high, default=low)
    cell = Gaussian(parameter=parameter, mean=mean, deviation=deviation)
    chances = [math.exp(cell.log_probability(value)) for value in range(low, high + 1)]
    assert sum(chances) == pytest.approx(1.0)
    rng = np.random.default_rng(1)
    drawn = np.array([cell.sample(rng) for _ in range(4000)])
    shares = [float(np.mean(drawn == value)) for value in range(low, high + 1)]
    assert shares == pytest.approx(chances, abs=0.03)


def test_a_number_without_deviation_is_its_mean() -> None:
    cell = gaussian(4.2, 0.0)
    assert cell.sample(np.random.default_rng(0)) == 4
    assert cell.log_probability(4) == 0.0
    assert cell.log_probability(5) < -600


def test_a_real_number_is_likelier_near_the_mean_of_its_logarithm() -> None:
    cell = Gaussian(parameter=RATE, mean=0.5, deviation=0.1)
    assert cell.log_probability(1e-3) > cell.log_probability(3e-3) > cell.log_probability(1e-2)
    # 1e-3 is the middle: P(|z| < .005 / .1) = .03988
    assert math.exp(cell.log_probability(1e-3)) == pytest.approx(0.03988, abs=1e-5)
    drawn = [float(cell.sample(np.random.default_rng(seed))) for seed in range(200)]
    assert np.median(np.log10(drawn)) == pytest.approx(-3.0, abs=0.1)


def test_a_fixed_number_has_probability_one() -> None:
    for parameter in (Integer(name="n", low=3, high=3, default=3), Float(name="x", low=2, high=2, default=2)):
        cell = start(parameter)
        assert cell.log_probability(parameter.default) == 0.0
        assert cell.sample(np.random.default_rng(0)) == parameter.default


# ---- moves (XAutoLM 5.7) ---------------------------------------------------------------------------------------------


def test_a_category_gains_the_rate_and_all_are_divided_by_the_sum() -> None:
    # (.25 + .05, .25, .25, .25) / 1.05
    assert weights(0.25, 0.25, 0.25, 0.25).moved(["red"], 0.05).weights == pytest.approx(
        (0.30 / 1.05, 0.25 / 1.05, 0.25 / 1.05, 0.25 / 1.05)
    )


def test_each_selected_occurrence_of_a_category_counts() -> None:
    # (.25 + .1, .25 + .05, .25, .25) / 1.15
    moved = weights(0.25, 0.25, 0.25, 0.25).moved(["red", "green", "red"], 0.05)
    assert moved.weights == pytest.approx((0.35 / 1.15, 0.30 / 1.15, 0.25 / 1.15, 0.25 / 1.15))


def test_the_weight_of_a_method_is_not_normalised() -> None:
    moved = weights(1.0, 1.0, normalised=False).moved(["red"], -0.02)
    assert moved.weights == pytest.approx((0.98, 1.0))


def test_a_method_weight_of_exactly_zero_becomes_a_thousandth() -> None:
    assert weights(0.5, 1.0, normalised=False).moved(["red"], -0.5).weights == (0.001, 1.0)
    assert weights(0.5, 1.0, normalised=False).moved(["red"], -0.75).weights == (-0.25, 1.0)


def test_a_number_moves_by_the_rate_and_its_deviation_shrinks() -> None:
    # mean .95 x 5.5 + .05 x 2 = 5.325, deviation .95 x 9 + .05 x 0 = 8.55
    moved = gaussian().moved([2], 0.05)
    assert (moved.mean, moved.deviation) == (pytest.approx(5.325), pytest.approx(8.55))


def test_several_numbers_move_it_towards_their_mean_and_sample_deviation() -> None:
    # 2 and 6: mean 4, sample deviation sqrt(((2 - 4)^2 + (6 - 4)^2) / 1) = sqrt(8)
    moved = gaussian().moved([2, 6], 0.05)
    assert (moved.mean, moved.deviation) == (pytest.approx(5.425), pytest.approx(8.55 + 0.05 * math.sqrt(8)))


def test_a_real_number_moves_in_the_unit_interval_of_its_logarithm() -> None:
    # 1e-2 sits at 1: .9 x .5 + .1 x 1 = .55
    moved = Gaussian(parameter=RATE, mean=0.5, deviation=1.0).moved([1e-2], 0.1)
    assert (moved.mean, moved.deviation) == (pytest.approx(0.55), pytest.approx(0.9))


def test_a_switch_moves_towards_the_share_that_is_on() -> None:
    assert Chance(on=0.5).moved([True], 0.05).on == pytest.approx(0.525)
    assert Chance(on=0.5).moved([True, False, False, False], 0.05).on == pytest.approx(0.95 * 0.5 + 0.05 * 0.25)


# ---- what negative rates do (XAutoLM 11, W1 to W3), and its mending --------------------------------------------------


def test_three_negatives_make_the_weight_of_one_of_25_models_negative() -> None:
    names = tuple(str(number) for number in range(25))
    cell = Weights(values=names, weights=(0.04,) * 25)
    # .04 - .02 = .02, / .98; - .02, / .98; the third goes below 0
    once = cell.moved(["0"], -0.02)
    assert once.weights[0] == pytest.approx(0.02 / 0.98)
    thrice = once.moved(["0"], -0.02).moved(["0"], -0.02)
    assert thrice.weights[0] < 0
    assert thrice.log_probability("0") == -math.inf
    assert thrice.weights[1] > 0.04
    assert sum(thrice.weights) == pytest.approx(1.0)


def test_many_negatives_leave_few_of_25_models_within_reach() -> None:
    # XAutoLM 11, W1: 113 negatives leave about 5 of 25 models, one of them with some 39 % of the draws.
    reached, top, negative = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        cell = Weights(values=tuple(range(25)), weights=(0.04,) * 25)
        for _ in range(113):
            cell = cell.moved([int(rng.integers(25))], -0.02)
        reached.append(sum(chance > 0 for chance in cell.chances))
        top.append(max(cell.chances))
        negative.append(sum(weight < 0 for weight in cell.weights))
    assert 4 <= np.median(reached) <= 8
    assert 0.2 <= np.median(top) <= 0.5
    assert 8 <= np.median(negative) <= 11


def test_mended_weights_stop_at_the_floor_before_they_are_normalised() -> None:
    # (.01 - .02 -> .001, .99) / .991
    moved = weights(0.01, 0.99).moved(["red"], -0.02, mended=True)
    assert moved.weights == pytest.approx((0.001 / 0.991, 0.99 / 0.991))
    unscaled = weights(0.01, 1.0, normalised=False).moved(["red"], -0.02, mended=True)
    assert unscaled.weights == (FLOOR, 1.0)


def test_negatives_widen_a_number_without_end_unless_mended() -> None:
    wide, mended = gaussian(), gaussian()
    for _ in range(47):
        wide, mended = wide.moved([10], -0.02), mended.moved([10], -0.02, mended=True)
    assert wide.deviation == pytest.approx(22.8, abs=0.05)  # 9 x 1.02^47, XAutoLM 11, W2
    assert wide.mean < 0
    assert (mended.mean, mended.deviation) == (1.0, 9.0)


def test_a_mended_switch_stays_within_reach_on_both_sides() -> None:
    as_published, mended = Chance(), Chance()
    for _ in range(60):
        as_published = as_published.moved([True], -0.02)
        mended = mended.moved([True], -0.02, mended=True)
    assert as_published.on < 0
    assert as_published.log_probability(True) == -math.inf
    assert as_published.log_probability(False) == 0.0
    assert mended.on == FLOOR


def test_weights_that_sum_to_zero_are_not_divided() -> None:
    # a single adaptive negative has the rate -1: .25 - 1, .25, .25, .25 sum to 0
    moved = weights(0.25, 0.25, 0.25, 0.25).moved(["red"], -1.0)
    assert moved.weights == pytest.approx((-0.75, 0.25, 0.25, 0.25))
    assert moved.chances == (0.25,) * 4


# ---- drawing ---------------------------------------------------------------------------------------------------------


def test_chances_are_shares_as_long_as_no_weight_is_negative() -> None:
    assert draw_chances((1.0, 3.0, 0.0, 4.0)) == pytest.approx((0.125, 0.375, 0.0, 0.5))


def test_a_negative_weight_also_hides_what_makes_up_for_it() -> None:
    # Running sums .6, .2, .5, 1: up to .6 the first is found, then the last; the third never gets above .6.
    assert draw_chances((0.6, -0.4, 0.3, 0.5)) == pytest.approx((0.2, 0.0, 0.3, 0.5))


@pytest.mark.parametrize("seed", range(5))
def test_chances_are_those_of_looking_up_a_uniform_number_in_the_running_sums(seed: int) -> None:
    rng = np.random.default_rng(seed)
    given = rng.normal(0.15, 0.3, size=8)
    given[-1] += max(0.0, 0.5 - given.sum())
    sums, total = list(accumulate(given)), given.sum()
    found = [bisect(sums, unit * total, 0, 7) for unit in (np.arange(20_000) + 0.5) / 20_000]
    shares = np.bincount(found, minlength=8) / len(found)
    assert draw_chances(tuple(given)) == pytest.approx(tuple(shares), abs=1e-3)


def test_a_total_of_nothing_gives_all_the_same_chance() -> None:
    assert draw_chances((-1.0, 0.5)) == (0.5, 0.5)


def test_draws_follow_the_chances() -> None:
    cell, rng = weights(0.6, -0.4, 0.3, 0.5), np.random.default_rng(0)
    drawn = [cell.sample(rng) for _ in range(2000)]
    assert "green" not in drawn
    assert np.mean([value == "black" for value in drawn]) == pytest.approx(cell.chances[3], abs=0.04)
