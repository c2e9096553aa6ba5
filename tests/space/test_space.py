from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from space.samples import known, make_context

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.space import Categorical, Float, SearchSpace, build_space, original_space

IDS = ("distilbert-base-uncased", "roberta-large", "pysentimiento/robertuito-base-uncased")
MENDED = build_space(make_context(), [known(id) for id in IDS])
SPACES = [MENDED, original_space(), original_space("generation", era="2025")]
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("space", SPACES, ids=("mended", "original", "original generation"))
@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_a_config_survives_the_unit_cube(space: SearchSpace, seed: int) -> None:
    config = space.sample(np.random.default_rng(seed))
    space.validate(config)
    point = space.encode(config)
    assert point.shape == (len(space.names),)
    assert ((point >= 0) & (point <= 1)).all()
    back = space.decode(point)
    assert list(back) == list(config)
    assert back == {name: pytest.approx(v) if isinstance(v, float) else v for name, v in config.items()}


@settings(max_examples=100, deadline=None)
@given(first=SEEDS, second=SEEDS)
def test_two_different_configs_never_share_a_point(first: int, second: int) -> None:
    one, two = (MENDED.sample(np.random.default_rng(seed)) for seed in (first, second))
    assert (config_key(one) == config_key(two)) == np.array_equal(MENDED.encode(one), MENDED.encode(two))


@settings(max_examples=60, deadline=None)
@given(point=st.lists(st.floats(0, 1), min_size=len(MENDED.names), max_size=len(MENDED.names)))
def test_every_point_of_the_cube_is_a_valid_config(point: list[float]) -> None:
    MENDED.validate(MENDED.decode(point))


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_neighbors_are_valid_distinct_and_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    config = MENDED.sample(rng)
    near = MENDED.neighbors(config, rng, 12)
    assert len({config_key(other) for other in [config, *near]}) == 13
    for other in near:
        MENDED.validate(other)
        if (other["method"], other["optimizer"], other["model"]) == tuple(
            config[name] for name in ("method", "optimizer", "model")
        ):
            assert 1 <= sum(other[name] != config[name] for name in config) <= 2


def test_the_same_generator_gives_the_same_configs() -> None:
    draws = [MENDED.neighbors(MENDED.sample(rng), rng, 5) for rng in (np.random.default_rng(3) for _ in range(2))]
    assert draws[0] == draws[1]


def test_a_change_of_method_moves_the_learning_rate_to_the_same_place_of_its_new_range() -> None:
    config = MENDED.default(method="full")
    moved = MENDED.repair({**config, "method": "head"}, np.random.default_rng(0))
    MENDED.validate(moved)
    assert "dropout" not in moved


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "qlora"}, "'method' expects full, partial, lora, head"),
        ({"epochs": 0}, "'epochs' expects whole numbers 1 to 10"),
        ({"learning_rate": 1.0}, "'learning_rate' expects"),
        ({"lora_rank": 8}, "'lora_rank' does not exist.*method = lora"),
        ({"verbose": True}, "no parameter 'verbose'"),
    ],
)
def test_an_invalid_config_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        MENDED.validate({**MENDED.default(), **change})


def test_a_missing_parameter_is_named() -> None:
    config = dict(MENDED.default())
    del config["epochs"]
    with pytest.raises(SpaceError, match="lacks 'epochs'"):
        MENDED.validate(config)
    assert not MENDED.contains(config)


@pytest.mark.parametrize("method", ["full", "partial", "lora", "head"])
@pytest.mark.parametrize("model", IDS)
def test_there_is_a_default_for_every_model_and_method(model: str, method: str) -> None:
    config = MENDED.default(model, method)
    MENDED.validate(config)
    assert (config["model"], config["method"]) == (model, method)


def test_the_first_default_is_what_a_practitioner_tries() -> None:
    config = MENDED.default("distilbert-base-uncased")
    expected = {"method": "full", "learning_rate": 5e-5, "epochs": 3, "batch_size": 16, "schedule": "linear"}
    assert expected.items() <= config.items()
    assert MENDED.default("roberta-large")["learning_rate"] == 2e-5


def test_a_default_of_an_unknown_model_is_refused() -> None:
    with pytest.raises(SpaceError, match="'model' expects"):
        MENDED.default("gpt-5")


def test_a_condition_may_not_look_ahead() -> None:
    late = Categorical(name="method", values=("full",), default="full")
    early = Float(name="dropout", low=0, high=1, default=0, when={"method": ("full",)})
    with pytest.raises(SpaceError, match="do not come before it"):
        SearchSpace(name="x", parameters=(early, late), models={})


def test_fewer_models_can_be_kept_but_new_ones_need_a_new_space() -> None:
    small = MENDED.with_models([known(IDS[0])])
    assert list(small.models) == [IDS[0]]
    assert {small.sample(np.random.default_rng(seed))["model"] for seed in range(9)} == {IDS[0]}
    with pytest.raises(SpaceError, match="'model' expects"):
        MENDED.with_models([known("gpt2")])


def test_the_table_and_the_size_describe_the_space() -> None:
    rows = MENDED.to_table()
    assert {row["name"] for row in rows} == set(MENDED.names)
    assert any(row["when"] == "method = lora" for row in rows)
    assert "3 models" in MENDED.size


def test_checking_knows_the_models_of_the_space(context: Context) -> None:
    assert MENDED.check(MENDED.default(), context) is None
    reason = MENDED.check({**MENDED.default(), "model": "gpt2"}, context)
    assert reason is not None
    assert "not in the pool" in reason


def test_a_listed_space_draws_and_moves_within_its_list_only() -> None:
    rng = np.random.default_rng(0)
    listed = tuple(MENDED.sample(rng) for _ in range(8))
    space = replace(MENDED, only=listed)
    assert all(space.sample(rng) in listed for _ in range(20))
    near = space.neighbors(listed[0], rng, 3)
    gaps = [np.abs(space.encode(config) - space.encode(listed[0])).sum() for config in listed[1:]]
    assert [np.abs(space.encode(config) - space.encode(listed[0])).sum() for config in near] == sorted(gaps)[:3]
    assert space.check(listed[0], make_context()) is None
