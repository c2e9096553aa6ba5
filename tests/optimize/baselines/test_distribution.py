import math
from dataclasses import replace

import numpy as np
import pytest
from tuning_world import World

from xautolm_nb.optimize.baselines.cells import Gaussian, Weights
from xautolm_nb.optimize.baselines.distribution import Distribution, decisions
from xautolm_nb.space import Categorical, Float, Integer, SearchSpace, original_space

SPACE = SearchSpace(
    name="test/1",
    parameters=(
        Categorical(name="method", values=("a", "b"), default="a"),
        Categorical(name="model", values=("m1", "m2"), default="m1"),
        Categorical(name="color", values=("red", "green", "blue"), default="red"),
        Integer(name="rank", low=1, high=4, default=2, when={"method": ("a",)}),
        Integer(name="rank", low=10, high=40, default=20, when={"method": ("b",)}),
    ),
    models={},
)
A = {"method": "a", "model": "m1", "color": "red", "rank": 3}
B = {"method": "b", "model": "m1", "color": "red", "rank": 30}


def listed(*configs: dict[str, str | int]) -> SearchSpace:
    return replace(SPACE, only=configs)


def test_every_draw_belongs_to_the_space(world: World) -> None:
    numbers = SearchSpace(
        name="numbers/1",
        parameters=tuple(Float(name=f"x{i}", low=0.1, high=10, default=1, log=i % 2 == 0) for i in range(3)),
        models={},
    )
    rng = np.random.default_rng(0)
    for space in (SPACE, original_space(), original_space("generation", era="2025"), world.space, numbers):
        for _ in range(20):
            config = Distribution(space=space).sample(rng)
            space.validate(config)
            assert math.isfinite(Distribution(space=space).log_probability(config))


def test_given_values_are_taken_where_they_are_allowed() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        config = Distribution(space=SPACE).sample(rng, given={"method": "b", "color": "pink", "rank": 12})
        assert (config["method"], config["rank"]) == ("b", 12)
        assert config["color"] in ("red", "green", "blue")


def test_the_probability_of_a_configuration_is_the_product_of_its_decisions() -> None:
    model = Distribution(space=SPACE)
    # 1/2 x 1/2 x 1/3, and for rank 4 of 1..4 (mean 2.5, deviation 3): P(z > .5) = .3085
    config = {**A, "rank": 4}
    assert math.exp(model.log_probability(config)) == pytest.approx(0.3085 / 12, abs=1e-5)
    # a value that is absent, or not of the space, is left out of the product
    assert math.exp(model.log_probability({"method": "a", "model": "other"})) == pytest.approx(0.5)


def test_each_method_learns_its_own_hyperparameters_and_the_model_is_shared() -> None:
    model = Distribution(space=SPACE).reinforce([A], 0.05)
    assert ("color", 0, "a") in model.cells
    assert ("color", 0, "b") not in model.cells
    shared = model.cells["model", 0, ""]
    assert isinstance(shared, Weights)
    assert shared.weights == pytest.approx((0.55 / 1.05, 0.5 / 1.05))
    assert model.log_probability(B) == pytest.approx(  # of b only the method's weight 1 of 2.05 and the model changed
        Distribution(space=SPACE).log_probability(B) + math.log(1 / 2.05 / 0.5) + math.log(0.55 / 1.05 / 0.5)
    )


def test_a_name_that_stands_twice_is_learned_where_its_condition_holds() -> None:
    model = Distribution(space=SPACE).reinforce([A, B], 0.1)
    small, large = model.cells["rank", 0, "a"], model.cells["rank", 1, "b"]
    assert isinstance(small, Gaussian)
    assert isinstance(large, Gaussian)
    assert small.mean == pytest.approx(0.9 * 2.5 + 0.1 * 3)
    assert large.mean == pytest.approx(0.9 * 25 + 0.1 * 30)


def test_values_a_record_lacks_or_the_space_does_not_know_teach_nothing() -> None:
    model = Distribution(space=SPACE).reinforce([{"method": "a", "color": "pink", "rank": 99, "other": 1}], 0.05)
    assert set(model.cells) == {("method", 0, "")}
    assert [handle[0] for handle, _, _ in decisions(SPACE, {"color": "red", "rank": 3})] == ["color"]


def test_reinforcing_leaves_the_model_before_it_as_it_was() -> None:
    before = Distribution(space=SPACE)
    before.reinforce([A], 0.05)
    assert not before.cells


def test_listed_configurations_are_drawn_by_their_probability() -> None:
    red, green, blue = ({**A, "color": color} for color in ("red", "green", "blue"))
    model = Distribution(space=listed(red, green, blue))
    for _ in range(20):
        model = model.reinforce([green], 0.05)
    chances = np.exp([model.log_probability(config) for config in (red, green, blue)])
    rng = np.random.default_rng(0)
    drawn = [model.draw_listed((0, 1, 2), rng) for _ in range(3000)]
    shares = np.bincount(drawn, minlength=3) / len(drawn)
    assert shares == pytest.approx(chances / chances.sum(), abs=0.03)
    assert shares[1] > 0.6
    assert set(model.draw_listed((0, 2), rng) for _ in range(50)) == {0, 2}


def test_a_listed_configuration_without_probability_is_drawn_only_when_no_other_is_left() -> None:
    red, blue = ({**A, "color": color} for color in ("red", "blue"))
    model = Distribution(space=listed(red, blue))
    for _ in range(40):
        model = model.reinforce([red], -0.02)
    assert model.log_probability(red) == -math.inf
    rng = np.random.default_rng(0)
    assert {model.draw_listed((0, 1), rng) for _ in range(20)} == {1}
    assert model.draw_listed((0,), rng) == 0


def test_among_impossible_ones_those_with_the_fewest_impossible_decisions_are_drawn() -> None:
    worst, bad, rare = ({**A, **values} for values in ({"model": "m2"}, {}, {"rank": 1}))
    model = Distribution(space=listed(worst, bad, rare))
    for _ in range(40):
        model = model.reinforce([{"method": "a", "color": "red"}, {"method": "a", "rank": 3}], -0.02)
        model = model.reinforce([{"model": "m2"}], -0.02)
    misses, _ = model.log_listed()
    assert list(misses) == [3, 2, 2]  # red, for all; the method, whose weight fell below 0; the model m2
    rng = np.random.default_rng(0)
    assert {model.draw_listed((0, 1, 2), rng) for _ in range(200)} == {1, 2}


def test_a_list_of_hundreds_is_weighed_in_milliseconds(world: World) -> None:
    rng = np.random.default_rng(0)
    space = replace(world.space, only=tuple(world.space.sample(rng) for _ in range(600)))
    model = Distribution(space=space)
    assert 0 <= model.draw_listed(tuple(range(600)), rng) < 600
    one = model.log_probability(space.only[17])
    assert model.log_listed()[1][17] == pytest.approx(one)
