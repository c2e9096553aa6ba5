import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.errors import SpaceError
from xautolm_nb.space.parameters import Categorical, Float, Integer, Ordinal, Parameter, holds

PARAMETERS: list[Parameter] = [
    Float(name="plain", low=0.0, high=0.3, default=0.1),
    Float(name="log", low=1e-6, high=1e-2, default=1e-4, log=True),
    Float(name="fixed", low=0.2, high=0.2, default=0.2),
    Integer(name="epochs", low=1, high=10, default=3),
    Integer(name="rank", low=2, high=64, default=8, log=True),
    Integer(name="one", low=4, high=4, default=4),
    Categorical(name="method", values=("full", "lora", "head"), default="full"),
    Categorical(name="flag", values=(False, True), default=False),
    Ordinal(name="batch", values=(8, 16, 32), default=16),
]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
@given(unit=st.floats(0, 1))
def test_a_value_goes_to_the_unit_interval_and_back(parameter: Parameter, unit: float) -> None:
    value = parameter.from_unit(unit)
    assert parameter.contains(value)
    assert 0 <= parameter.to_unit(value) <= 1
    assert parameter.from_unit(parameter.to_unit(value)) == pytest.approx(value)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
def test_draws_are_valid_and_reach_every_discrete_value(parameter: Parameter) -> None:
    rng = np.random.default_rng(0)
    drawn = {parameter.sample(rng) for _ in range(3000)}
    assert all(map(parameter.contains, drawn))
    if parameter.cardinality is not None:
        assert len(drawn) == parameter.cardinality


def test_a_plain_integer_is_drawn_without_favouring_its_ends() -> None:
    rng = np.random.default_rng(0)
    epochs = Integer(name="epochs", low=1, high=10, default=3)
    drawn = np.array([epochs.sample(rng) for _ in range(5000)])
    assert np.isin(drawn, (1, 10)).mean() == pytest.approx(0.2, abs=0.03)  # 61 % in the original


def test_a_logarithmic_scale_puts_the_geometric_mean_in_the_middle() -> None:
    assert Float(name="x", low=1e-6, high=1e-2, default=1e-4, log=True).to_unit(1e-4) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (PARAMETERS[0], 0.31), (PARAMETERS[0], True), (PARAMETERS[0], float("nan")), (PARAMETERS[0], "0.1"),
        (PARAMETERS[3], 0), (PARAMETERS[3], 3.0), (PARAMETERS[3], True), (PARAMETERS[6], "partial"),
        (PARAMETERS[7], 0), (PARAMETERS[8], 24), (PARAMETERS[8], None), (PARAMETERS[8], [8]),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_or_range_is_not_contained(parameter: Parameter, value: object) -> None:
    assert not parameter.contains(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Float(name="x", low=1.0, high=0.0, default=0.5),
        lambda: Float(name="x", low=0.0, high=1.0, default=0.5, log=True),
        lambda: Integer(name="x", low=1, high=3, default=4),
        lambda: Categorical(name="x", values=(), default="a"),
        lambda: Ordinal(name="x", values=(1, 1), default=1),
        lambda: Ordinal(name="x", values=(1, 2), default=3),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(SpaceError, match="'x'"):
        make()


def test_a_condition_needs_all_its_parents() -> None:
    when = {"method": ("full", "partial"), "optimizer": ("sgd",)}
    assert holds(when, {"method": "partial", "optimizer": "sgd"})
    assert not holds(when, {"method": "partial", "optimizer": "adamw"})
    assert not holds(when, {"method": "partial"})
    assert holds({}, {})


def test_a_foreign_category_has_no_place_in_the_unit_interval() -> None:
    with pytest.raises(SpaceError, match="full, lora, head"):
        PARAMETERS[6].to_unit("partial")
