import math
from dataclasses import replace

import numpy as np
import pytest
from tuning_world import World

from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.acquisition import (
    Option,
    affordable,
    cost_weight,
    expected_gain,
    log_improvement,
    worth,
)
from xautolm_nb.optimize.features import describe


@pytest.fixture(scope="module")
def option() -> Option:
    world = World()
    config = world.space.default()
    point = describe(config, world.space.models[str(config["model"])], world.context)
    return Option(
        point=point, thaw=None, fidelity=0.125, added=10.0, finish=80.0, full=80.0, mean=0.5, sd=0.1, success=0.9
    )


@pytest.mark.parametrize("z", [-5.9, -2.0, 0.0, 1.5])
def test_log_improvement_equals_the_integral(z: float) -> None:
    draws = np.linspace(-12, 12, 400_001)
    density = np.exp(-0.5 * draws**2) / math.sqrt(2 * math.pi)
    integral = 0.2 * np.trapezoid(np.maximum(draws + z, 0) * density, draws)
    value = log_improvement(np.array([0.5 + 0.2 * z]), np.array([0.2]), 0.5)[0]
    assert value == pytest.approx(math.log(integral), rel=1e-3)


def test_log_improvement_stays_finite_and_ordered_far_below_the_incumbent() -> None:
    means = np.array([-9.0, -3.0, -0.7, -0.5, -0.1])
    values = log_improvement(means, np.full(5, 0.1), 0.0)
    assert np.isfinite(values).all()
    assert (np.diff(values) > 0).all()


def test_there_is_no_jump_where_the_asymptote_takes_over() -> None:
    values = log_improvement(np.array([-6.001, -5.999]), np.ones(2), 0.0)
    assert values[1] - values[0] == pytest.approx(0.0, abs=0.1)


def test_better_surer_and_cheaper_options_are_worth_more(option: Option) -> None:
    others = [replace(option, mean=0.6), replace(option, success=0.99), replace(option, full=20.0)]
    base, *better = worth([option, *others], 1.0, 0.5)
    assert all(value > base for value in better)


def test_the_less_is_at_stake_before_a_look_the_less_cost_and_the_more_hope_counts(option: Option) -> None:
    assert cost_weight(1.0) == 0.5 and cost_weight(1 / 16) == pytest.approx(1 / 16)
    bold, sure = replace(option, mean=0.2, sd=0.3), replace(option, mean=0.5, sd=0.01)
    for stake, wanted in ((1 / 16, 0), (1.0, 1)):
        assert int(np.argmax(worth([bold, sure], stake, 0.5))) == wanted


def test_what_is_hoped_for_goes_over_from_improvement_to_the_expected_response(option: Option) -> None:
    some = replace(option, mean=0.2, sd=0.3)
    improvement, response = log_improvement(np.array([0.2]), np.array([0.3]), 0.5)[0], math.log(0.2 + 0.3 * 0.3)
    for stake in (0.0, 0.25, 1.0):
        hope = (1 - stake) * improvement + stake * response
        expected = math.log(0.9) + hope - 0.5 * stake**0.75 * math.log(81.0)
        assert worth([some], stake, 0.5)[0] == pytest.approx(expected)


def test_an_uncertain_option_is_worth_more_than_a_sure_one_of_the_same_mean(option: Option) -> None:
    doubtful, sure = worth([replace(option, sd=0.2), replace(option, sd=0.01)], 0.25, 0.5)
    assert doubtful > sure


def test_an_impossible_option_is_far_below_all_others(option: Option) -> None:
    low, high = worth([replace(option, success=0.0, mean=0.9), option], 0.25, 0.5)
    assert low < high - 20


def test_what_is_left_to_pay_does_not_decide_between_thaw_and_start(option: Option) -> None:
    first, second = worth([option, replace(option, added=1.0, finish=5.0)], 0.25, 0.5)
    assert first == second


def test_the_expected_gain_is_that_of_the_best_option(option: Option) -> None:
    sure = replace(option, mean=0.7, sd=1e-4, success=1.0)
    assert expected_gain([option, sure], 0.5) == pytest.approx(0.2, abs=1e-3)
    assert expected_gain([], 0.5) == 0.0


def test_only_options_that_fit_the_time_are_kept(option: Option) -> None:
    paused = Trial(number=0, config={}, seed=0, state=TrialState.PAUSED)
    thaw = replace(option, thaw=paused, added=20.0, finish=60.0)
    assert affordable([option, thaw], None) == [option, thaw]
    assert affordable([option, thaw], 100.0) == [option, thaw]
    assert affordable([option, thaw], 30.0) == [thaw]  # the start could not be brought to its end
    assert affordable([option], 30.0) == []
    assert affordable([option, thaw], 5.0) == []
