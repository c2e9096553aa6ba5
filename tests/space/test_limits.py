import numpy as np
import pytest

from xautolm_nb.core.errors import SpaceError
from xautolm_nb.space import Float, Integer, SearchSpace
from xautolm_nb.space.limits import limit_parameters

RATES = (
    Float(name="rate", low=1e-5, high=1e-3, default=1e-4, log=True),
    Integer(name="epochs", low=1, high=10, default=3),
)


def draws(space: SearchSpace, name: str) -> set[object]:
    return {space.sample(np.random.default_rng(seed)).get(name) for seed in range(60)}


def test_a_single_value_fixes_a_parameter(space: SearchSpace) -> None:
    assert draws(space.restrict({"method": "lora"}), "method") == {"lora"}
    assert draws(space.restrict({"class_weights": True}), "class_weights") == {True}
    assert draws(space.restrict({"epochs": 3}), "epochs") == {3}


@pytest.mark.parametrize("wish", ["<=3", " <= 3 ", "1..3", (1, 3), [1, 2, 3]])
def test_bounds_can_be_written_in_several_ways(space: SearchSpace, wish: object) -> None:
    assert draws(space.restrict({"epochs": wish}), "epochs") == {1, 2, 3}


def test_bounds_work_for_ordinal_numbers(space: SearchSpace) -> None:
    assert draws(space.restrict({"batch_size": ">=32"}), "batch_size") == {32, 64, 128}


def test_parameters_of_a_dropped_method_disappear(space: SearchSpace) -> None:
    lora = space.restrict({"method": ("lora", "head")})
    assert not {"dropout", "layer_share"} & set(lora.names)
    assert "lora_rank" in lora.names
    assert lora.default()["method"] == "lora"


def test_one_learning_rate_can_be_set_for_all_methods(space: SearchSpace) -> None:
    assert draws(space.restrict({"learning_rate": 1e-3}), "learning_rate") == {1e-3}


def test_a_length_no_model_but_some_can_read_keeps_those(space: SearchSpace) -> None:
    long = space.restrict({"max_length": 256})
    assert draws(long, "max_length") == {256}
    assert "pysentimiento/robertuito-base-uncased" not in long.models


def test_dropping_models_drops_their_records(space: SearchSpace) -> None:
    assert list(space.restrict({"model": ("roberta-base",)}).models) == ["roberta-base"]


def test_a_default_moves_to_the_nearest_allowed_value(space: SearchSpace) -> None:
    limited = space.restrict({"batch_size": (64, 128), "epochs": ">=5"})
    assert (limited.default()["batch_size"], limited.default()["epochs"]) == (64, 5)


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        ({"metod": "lora"}, "no parameter 'metod'"),
        ({"method": "qlora"}, "full, partial, lora, head"),
        ({"method": ()}, "'method' expects"),
        ({"epochs": "many"}, "'epochs' expects"),
        ({"batch_size": 24}, "8, 16, 32, 64, 128"),
        ({"batch_size": ">=500"}, "'batch_size' expects"),
        ({"model": "gpt2"}, "'model' expects"),
    ],
)
def test_a_limit_outside_the_space_is_refused(space: SearchSpace, fixed: dict[str, object], words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        space.restrict(fixed)


def test_bounds_that_leave_nothing_are_refused_for_a_parameter_with_one_range() -> None:
    with pytest.raises(SpaceError, match="1 to 10"):
        limit_parameters(RATES, {"epochs": (20, 30)})


def test_limits_leave_the_other_parameters_alone() -> None:
    rate, epochs = limit_parameters(RATES, {"rate": (1e-6, 5e-5)})
    assert isinstance(rate, Float)
    assert (rate.low, rate.high, rate.default) == (1e-5, 5e-5, 5e-5)
    assert epochs == RATES[1]
