import numpy as np
import pytest
from tuning_world import F1, World

from xautolm_nb.core.config import ConfigValue, config_key
from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.candidates import carry_over, customary, pool, random_configs, valid_new
from xautolm_nb.optimize.prior import MetaPrior


def test_all_candidates_are_valid_new_and_different(world: World, store: tuple[Experience, ...]) -> None:
    space, known = world.space, {config_key(world.space.default())}
    prior = MetaPrior.build(world.context, store, space, F1)
    found = pool(
        space,
        world.context,
        np.random.default_rng(0),
        incumbents=[space.default()],
        stored=prior.best(10),
        known=known,
    )
    keys = [config_key(config) for config in found]
    assert len(found) > 100
    assert len(set(keys)) == len(keys)
    assert not known & set(keys)
    for config in found:
        space.validate(config)
        assert space.check(config, world.context) is None


def test_the_same_generator_gives_the_same_candidates(world: World) -> None:
    first, second = (pool(world.space, world.context, np.random.default_rng(4)) for _ in range(2))
    assert first == second


def test_random_configurations_are_as_many_as_asked(world: World) -> None:
    assert len(random_configs(world.space, world.context, np.random.default_rng(0), 25)) == 25


def test_what_cannot_run_is_dropped(world: World) -> None:
    space = world.space
    impossible = {**space.default(), "model": "nobody"}
    assert valid_new([impossible, space.default()], space, world.context, (), 5) == [space.default()]


def test_the_customary_settings_start_with_the_default_and_are_valid(world: World) -> None:
    found = customary(world.space)
    assert found[0] == world.space.default()
    for config in found:
        world.space.validate(config)


@pytest.mark.parametrize(
    ("change", "name", "expected"),
    [
        ({"learning_rate": 1.0}, "learning_rate", 5e-4),
        ({"learning_rate": 1e-12}, "learning_rate", 5e-6),
        ({"batch_size": 100}, "batch_size", 128),
        ({"epochs": 40}, "epochs", 10),
        ({"schedule": "polynomial"}, "schedule", "linear"),
        ({"model": "unknown"}, "model", "base"),
        ({"padding": "max_length"}, "optimizer", "adamw"),
    ],
)
def test_a_stored_configuration_is_fitted_into_the_space(
    world: World, change: dict[str, ConfigValue], name: str, expected: ConfigValue
) -> None:
    stored = {**world.space.default(model_id="base", method="full"), **change}
    [config] = carry_over(stored, world.space)
    world.space.validate(config)
    assert config[name] == pytest.approx(expected)


def test_a_configuration_of_the_space_is_carried_over_unchanged(world: World) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        config = world.space.sample(rng)
        assert carry_over(config, world.space) == [config]


def test_a_method_that_is_not_offered_gives_nothing(world: World) -> None:
    assert carry_over({"method": "prompt-tuning", "model": "base"}, world.space) == []
