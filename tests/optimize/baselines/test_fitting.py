from dataclasses import replace

import pytest
from tuning_world import World, neighbouring_store

from xautolm_nb.core.config import config_key
from xautolm_nb.optimize.baselines.fitting import (
    completed,
    fit_into,
    in_names_of,
    listed_points,
    nearest_listed,
    nearest_value,
)
from xautolm_nb.space import Categorical, Float, Integer, Ordinal, SearchSpace, original_space

NUMBERS = SearchSpace(
    name="numbers/1",
    parameters=(
        Float(name="x", low=0.0, high=1.0, default=0.5),
        Ordinal(name="batch", values=(8, 16, 32), default=16),
    ),
    models={},
)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(2, 2), (40, 10), (-3, 1), ("many", 3), (True, 3)],
)
def test_a_whole_number_out_of_range_moves_to_the_nearest_end(value: int | str | bool, wanted: int) -> None:
    assert nearest_value(Integer(name="n", low=1, high=10, default=3), value) == wanted


def test_a_number_off_the_list_moves_to_its_nearest_member_by_logarithm() -> None:
    batch = Ordinal(name="batch", values=(8, 16, 32), default=16)
    assert [nearest_value(batch, value) for value in (2, 11, 13, 23, 256)] == [8, 8, 16, 32, 32]
    assert nearest_value(batch, "large") == 16


def test_an_unknown_category_becomes_the_default() -> None:
    assert nearest_value(Categorical(name="color", values=("red", "blue"), default="blue"), "pink") == "blue"


def test_a_configuration_of_the_space_stays_as_it_is(world: World) -> None:
    config = world.space.default("small", "lora")
    assert fit_into(config, world.space) == config


def test_another_configuration_is_made_to_belong(world: World) -> None:
    config = {**world.space.default("small", "lora"), "model": "gone", "learning_rate": 5.0, "extra": 1}
    fitted = fit_into(config, world.space)
    assert fitted is not None
    world.space.validate(fitted)
    assert fitted["method"] == "lora"
    assert fitted["learning_rate"] == pytest.approx(5e-3)
    assert fit_into({"x": 3.0}, NUMBERS) == {"x": 1.0, "batch": 16}


def test_a_method_that_is_not_offered_gives_nothing(world: World) -> None:
    assert fit_into({**world.space.default(), "method": "prompt"}, world.space) is None


def test_an_original_record_is_translated_for_our_own_space_only(world: World) -> None:
    config = original_space().default("bert-base-uncased")
    record = replace(neighbouring_store(1)[0], space="xautolm-original/1", config=config)
    assert in_names_of(original_space(), record) == config
    translated = in_names_of(world.space, record)
    assert translated["method"] == "full"
    assert "method_class" not in translated


def test_the_nearest_listed_configuration_that_is_left_is_taken() -> None:
    configs = tuple({"x": x, "batch": 16} for x in (0.0, 0.4, 0.9))
    space = replace(NUMBERS, only=configs)
    assert nearest_listed({"x": 0.5, "batch": 16}, space, set()) == configs[1]
    assert nearest_listed({"x": 0.5, "batch": 16}, space, {config_key(configs[1])}) == configs[2]
    assert nearest_listed({"x": 0.5, "batch": 16}, space, set(map(config_key, configs))) is None


def test_a_listed_configuration_that_lacks_a_value_stands_where_the_default_does(world: World) -> None:
    whole = original_space().default(method=None)
    lacking = {name: value for name, value in whole.items() if name != "optimizer"}
    space = replace(original_space(), only=(whole, lacking, {"method_class": "Prompting"}))
    points = listed_points(space)
    assert (points[0] == points[1]).all()
    assert (points[2] == 0.5).all()
    assert completed(lacking, space) == whole
    assert completed({"method_class": "Prompting"}, space) == {"method_class": "Prompting"}
