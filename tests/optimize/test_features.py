from dataclasses import replace

import numpy as np
import pytest
from tuning_world import MODELS, World, make_context

from xautolm_nb.core.config import Config, ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.optimize.features import FEATURES, column, describe, locate, matrix, traits
from xautolm_nb.space import Float, SearchSpace
from xautolm_nb.space.original import original_model, original_space, to_mended


def feature(name: str, config: Config, model: ModelInfo = MODELS[2], context: Context | None = None) -> float:
    return float(describe(config, model, context or make_context()).vector[column(name)])


def test_vectors_have_one_column_per_name(world: World) -> None:
    rng = np.random.default_rng(0)
    points = []
    for _ in range(40):
        config = world.space.sample(rng)
        points.append(describe(config, world.space.models[str(config["model"])], world.context))
    x = matrix(points)
    assert x.shape == (40, len(FEATURES))
    assert len(set(FEATURES)) == len(FEATURES)
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 6.0


def test_no_point_gives_a_matrix_without_rows() -> None:
    assert len(matrix([])) == 0
    assert traits([]).shape == (0, len(FEATURES))


def test_travel_comes_first_and_grows_with_the_learning_rate(world: World) -> None:
    slow = world.space.default(model_id="base", method="full")
    assert FEATURES[0] == "travel"
    assert feature("travel", {**slow, "learning_rate": 3e-4}) > feature("travel", slow) > -4.0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"method": "head"}, "head"),
        ({"optimizer": "sgd"}, "sgd"),
        ({"schedule": "constant"}, "constant_schedule"),
        ({"class_weights": True}, "class_weights"),
        ({"epochs": 8}, "epochs"),
        ({"batch_size": 128}, "batch"),
        ({"weight_decay": 0.1}, "weight_decay"),
    ],
)
def test_each_choice_moves_its_own_feature(world: World, change: dict[str, ConfigValue], name: str) -> None:
    config = world.space.default(model_id="base", method="full")
    assert feature(name, {**config, **change}) > feature(name, config)


def test_models_are_told_apart_by_their_numbers_not_their_names(world: World) -> None:
    config = world.space.default(model_id="base", method="full")
    twin = replace(MODELS[2], id="unheard of", path="elsewhere")
    vector = describe(config, MODELS[2], world.context).vector
    np.testing.assert_array_equal(describe(config, twin, world.context).vector, vector)
    assert feature("log_parameters", config, MODELS[3]) > feature("log_parameters", config, MODELS[2])


def test_relatives_share_a_family_column(world: World) -> None:
    config = world.space.default(model_id="base", method="full")
    relative = replace(MODELS[2], family="xlm-roberta")
    assert feature("family_roberta", config, MODELS[2]) == feature("family_roberta", config, relative) == 1.0
    assert feature("family_bert", config, MODELS[2]) == 0.0


def test_configurations_of_the_original_space_have_features_too() -> None:
    space, context = original_space(), make_context()
    rng = np.random.default_rng(0)
    for _ in range(40):
        config = space.sample(rng)
        model = original_model(config)
        assert model is not None
        point = describe(to_mended(config, rows=5000), model, context)
        assert np.isfinite(point.vector).all()


def test_features_do_not_depend_on_other_points(world: World) -> None:
    config = world.space.default()
    model = world.space.models[str(config["model"])]
    alone = matrix([describe(config, model, world.context)])
    other = describe({**config, "epochs": 5}, model, world.context)
    np.testing.assert_array_equal(matrix([describe(config, model, world.context), other])[:1], alone)


def test_a_space_without_models_is_read_off_the_unit_cube(world: World) -> None:
    space = SearchSpace(
        name="numbers/1",
        parameters=(
            Float(name="a", low=0.0, high=1.0, default=0.5),
            Float(name="b", low=1e-3, high=1.0, default=0.1, log=True),
        ),
        models={},
    )
    points = [locate(space.sample(np.random.default_rng(i)), space, world.context) for i in range(400)]
    vectors = np.array([point.vector for point in points if point is not None])
    assert vectors.shape == (400, 2)
    assert vectors.std(0) == pytest.approx([1.0, 1.0], abs=0.1)
    assert all(point is not None and point.traits.shape == (len(FEATURES),) for point in points)


def test_a_configuration_of_an_unknown_model_has_no_place(world: World) -> None:
    config = {**world.space.default(), "model": "nobody knows it"}
    assert locate(config, world.space, world.context) is None
    known = locate(world.space.default(), world.space, world.context)
    assert known is not None
    np.testing.assert_array_equal(known.vector, known.traits)


def test_a_configuration_of_the_original_space_is_proposed_as_it_was_and_read_as_translated(world: World) -> None:
    space = original_space()
    config = space.sample(np.random.default_rng(3))
    point = locate(config, space, world.context)
    assert point is not None
    assert point.config == config
    assert point.settings["padding"] == "max_length"
