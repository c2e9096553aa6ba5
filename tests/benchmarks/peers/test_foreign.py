import numpy as np
import pytest

from benchmarks.peers.foreign import inward, is_fixed, label, outward, told
from xautolm_nb.space import Categorical, Float, Integer, Ordinal, Parameter, original_space

RATE = Float(name="rate", low=1e-5, high=1e-2, default=1e-3, log=True)
SIZES = Ordinal(name="batch", values=(2, 4, 8, 16), default=4)
FLAG = Categorical(name="flag", values=(False, True), default=True)
EPOCHS = Integer(name="epochs", low=1, high=10, default=3)


@pytest.mark.parametrize("parameter", [RATE, SIZES, FLAG, EPOCHS], ids=lambda parameter: parameter.name)
def test_a_value_comes_back_as_it_went(parameter: Parameter) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        value = parameter.sample(rng)
        back = inward(parameter, outward(parameter, value))
        assert back == value
        assert type(back) is type(value)


def test_values_out_of_range_move_to_the_nearest() -> None:
    assert outward(RATE, 1.0) == 1e-2
    assert outward(SIZES, 100) == 3
    assert outward(EPOCHS, 0) == 1
    assert outward(FLAG, "maybe") is True


def test_variants_of_a_parameter_have_names_of_their_own() -> None:
    space = original_space()
    assert {label(parameter, space) for parameter in space.variants["model"]} == {"model@0", "model@1"}
    assert label(space.variants["epochs"][0], space) == "epochs"


def test_a_configuration_is_told_with_what_it_has() -> None:
    space = original_space()
    config = space.sample(np.random.default_rng(0))
    assert len(told(config, space)) == len(config)
    config.pop("epochs")
    assert "epochs" not in told(config, space)


def test_a_parameter_without_choice_is_fixed() -> None:
    assert is_fixed(Float(name="one", low=2.0, high=2.0, default=2.0))
    assert is_fixed(Categorical(name="only", values=("a",), default="a"))
    assert not is_fixed(RATE)
