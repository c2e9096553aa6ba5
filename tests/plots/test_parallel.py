"""Configurations placed on parallel axes."""

from collections.abc import Callable

import numpy as np
import pytest

from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import configurations
from xautolm_nb.plots.parallel import MOST_PARAMETERS, MOST_VALUES, OTHERS

MakeTrial = Callable[..., Trial]


def of(make_trial: MakeTrial, *configs: dict[str, object]) -> list[Trial]:
    return [make_trial(n, [(1.0, 0.5 + n / 100, 5.0)], config=config) for n, config in enumerate(configs)]


def test_model_and_method_come_first_and_constants_are_left_out(make_trial: MakeTrial) -> None:
    trials = of(
        make_trial, {"a": 1, "method": "full", "model": "x", "b": 3}, {"a": 2, "method": "lora", "model": "y", "b": 3}
    )
    assert [axis.name for axis in configurations(trials).axes] == ["model", "method", "a"]


def test_a_single_trial_shows_all_it_has(make_trial: MakeTrial) -> None:
    data = configurations(of(make_trial, {"model": "x", "learning_rate": 0.00123}))
    assert [axis.labels for axis in data.axes] == [("x",), ("0.00123",)]
    assert data.places.tolist() == [[0.5, 0.5]]


def test_scales_follow_the_values(make_trial: MakeTrial) -> None:
    configs = [
        {
            "learning_rate": 10.0**-n,
            "dropout": 0.031 * n,
            "batch_size": 8 * 2 ** (n % 3),
            "flag": n % 2 == 0,
            "rank": 2**n,
        }
        for n in range(8)
    ]
    axes = {axis.name: axis for axis in configurations(of(make_trial, *configs)).axes}
    assert {name: axis.scale for name, axis in axes.items()} == {
        "learning_rate": "log", "dropout": "linear", "batch_size": "listed", "flag": "listed", "rank": "log",
    }  # fmt: skip
    assert axes["batch_size"].labels == ("8", "16", "32")
    assert axes["flag"].labels == ("no", "yes")
    assert (axes["learning_rate"].low, axes["learning_rate"].high) == pytest.approx((1e-7, 1.0))


def test_evenly_drawn_numbers_stay_on_an_even_scale(make_trial: MakeTrial) -> None:
    shares = [0.004, 0.05, 0.1, 0.151, 0.2, 0.251, 0.3]
    (axis,) = configurations(of(make_trial, *({"warmup_ratio": share} for share in shares))).axes
    assert (axis.scale, axis.low, axis.high) == ("linear", 0.004, 0.3)


def test_numbers_keep_their_order_and_distance(make_trial: MakeTrial) -> None:
    rates = [1e-5, 1e-4, 1e-3, 2e-3, 5e-3, 7e-3, 1e-2]
    places = configurations(of(make_trial, *({"learning_rate": rate} for rate in rates))).places[:, 0]
    assert places[[0, 1, 2, -1]] == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0])


def test_lines_of_one_value_lie_side_by_side_the_best_at_the_right(make_trial: MakeTrial) -> None:
    places = configurations(of(make_trial, *({"model": name} for name in "aabb"))).places[:, 0]
    assert places[0] < places[1] < 0.5 < places[2] < places[3]


def test_a_parameter_that_does_not_exist_has_no_place(make_trial: MakeTrial) -> None:
    data = configurations(of(make_trial, {"model": "a", "rank": 2}, {"model": "b"}, {"model": "b", "rank": 4}))
    assert np.isnan(data.places[1]).tolist() == [False, True]
    assert data.values[1] == ("b", None)


def test_the_rarest_of_many_models_share_a_place(make_trial: MakeTrial) -> None:
    names = [f"m{n:02d}" for n in range(30)] + ["m00"] * 3
    data = configurations(of(make_trial, *({"model": name} for name in names)))
    assert len(data.axes[0].labels) == MOST_VALUES
    assert data.axes[0].labels[-1] == OTHERS and data.axes[0].labels[0] == "m00"
    assert ((data.places > 0) & (data.places < 1)).all()


def test_parameters_beyond_the_room_are_named(make_trial: MakeTrial) -> None:
    configs = [{f"p{i:02d}": n for i in range(14)} | {"model": str(n)} for n in range(3)]
    data = configurations(of(make_trial, *configs))
    assert len(data.axes) == MOST_PARAMETERS and len(data.left_out) == 15 - MOST_PARAMETERS
    assert data.axes[0].name == "model"


def test_worth_is_1_for_the_best_in_either_direction(make_trial: MakeTrial) -> None:
    up = [make_trial(n, [(1.0, score, 5.0)]) for n, score in enumerate((0.2, 0.8, 0.5))]
    down = [make_trial(n, [(1.0, score, 5.0)], maximize=False) for n, score in enumerate((0.2, 0.8, 0.5))]
    assert configurations(up).worth == pytest.approx([0.0, 1.0, 0.5])
    assert configurations(down).worth == pytest.approx([1.0, 0.0, 0.5])
    assert configurations(up).best.tolist() == [False, True, False]
    assert configurations([up[0], up[0]]).worth == pytest.approx([0.5, 0.5])


def test_failed_trials_are_marked_and_running_ones_left_out(make_trial: MakeTrial) -> None:
    data = configurations([make_trial(0, [], failed=True), make_trial(1, []), make_trial(2, [(0.5, 0.4, 1.0)])])
    assert data.numbers.tolist() == [0, 2]
    assert data.failed.tolist() == [True, False]
    assert np.isnan(data.worth).tolist() == [True, False]


def test_nothing_comes_from_nothing() -> None:
    data = configurations([])
    assert data.axes == () and data.places.shape == (0, 0)
