"""Where trials fail: models and the tokens of their batches."""

from collections.abc import Callable

import pytest

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Failure, FailureKind, Trial
from xautolm_nb.plots import failure_map, failure_map_of
from xautolm_nb.plots.failures import RAN, tokens_of_batch

MakeTrial = Callable[..., Trial]


def test_models_with_most_failures_come_first(make_trial: MakeTrial, context: Context) -> None:
    data = failure_map(
        [
            make_trial(0, [(1.0, 0.5, 3.0)], config={"model": "a", "batch_size": 8}),
            make_trial(1, [], failed=FailureKind.OUT_OF_MEMORY, config={"model": "b", "batch_size": 128}),
            make_trial(2, [(0.5, 0.5, 3.0)], config={"model": "b", "batch_size": 8}),
            make_trial(3, [], config={"model": "a", "batch_size": 8}),
        ],
        context,
    )
    assert data.models == ("b", "a")
    assert data.numbers.tolist() == [0, 1, 2]
    assert data.rows.tolist() == [1, 0, 0]
    assert data.kinds == (RAN, "out_of_memory", RAN)
    assert data.tokens[1] == 16 * data.tokens[0]


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"model": "m", "batch_size": 8}, 8 * 56),  # 99.5 % of the rows have at most 55 tokens
        ({"model": "m", "batch_size": 8, "max_length": 32}, 8 * 32),
        ({"model": "m"}, None),
    ],
)
def test_a_batch_is_as_long_as_the_longest_row_that_is_not_cut(
    config: dict[str, int], tokens: float | None, context: Context
) -> None:
    assert tokens_of_batch(config, context) == tokens


def test_a_model_cuts_rows_at_what_it_can_read(context: Context) -> None:
    short = ModelInfo(id="m", path="m", max_positions=16)
    assert tokens_of_batch({"model": "m", "batch_size": 4}, context, short) == 4 * 16


def test_trials_whose_batch_is_not_known_are_counted(make_trial: MakeTrial) -> None:
    trials = [
        make_trial(0, [(1.0, 0.5, 3.0)], config={"model": "a", "batch_size": 8}),
        make_trial(1, [(1.0, 0.5, 3.0)], config={"model": "a", "batch_size": 8, "max_length": 64}),
    ]
    data = failure_map(trials, None)
    assert data.unknown == 1
    assert data.tokens.tolist() == [512.0]


@pytest.mark.parametrize(("space", "tokens"), [("xautolm-nb/1", 8 * 64), ("xautolm-original/1", 8 * 512)])
def test_the_original_padded_every_row_to_the_limit(space: str, tokens: float, context: Context) -> None:
    config = {"model": "a", "batch_size": 8, "max_length": 512}
    late = Failure(kind=FailureKind.TIMEOUT, message="")
    record = Experience(
        task_name="t", metric=Metric(name="f1"), context=context, space=space, config=config, fidelity=1.0, score=None,
        seconds=None, failure=late,
    )  # fmt: skip
    data = failure_map_of([record, record])
    assert data.tokens.tolist() == [tokens, tokens]
    assert data.numbers.tolist() == [0, 1] and data.kinds == ("timeout", "timeout")
