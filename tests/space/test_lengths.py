import pytest
from space.samples import known, make_context

from xautolm_nb.core.context import Context
from xautolm_nb.space.lengths import (
    batch_tokens,
    length_cap,
    longest_tokens,
    rows_train,
    rows_validation,
    token_quantile,
)

MODEL = known("roberta-base")


def test_known_quantiles_are_returned_and_those_between_interpolated(context: Context) -> None:
    assert token_quantile(context, 0.5) == 58
    assert token_quantile(context, 0.99) == 250
    assert 95 < token_quantile(context, 0.93) < 140


def test_lengths_are_guessed_from_characters_where_tokens_were_not_counted() -> None:
    guess = make_context(extra={})  # 250 characters on average: about 60 tokens
    assert 40 < token_quantile(guess, 0.5) < 70
    assert token_quantile(guess, 0.5) < token_quantile(guess, 0.99) < token_quantile(guess, 1.0)
    assert rows_train(guess) == 1000
    assert rows_validation(guess) == 250


@pytest.mark.parametrize(
    ("config", "expected"), [({}, 355), ({"max_length": 64}, 64), ({"max_length": 4096}, 512), ({"max_length": 2}, 8)]
)
def test_a_row_is_cut_at_the_config_the_data_or_the_model(
    context: Context, config: dict[str, int], expected: float
) -> None:
    assert length_cap(config, MODEL, context) == pytest.approx(expected)


def test_dynamic_padding_costs_little_more_than_the_mean(context: Context) -> None:
    mean = batch_tokens({}, MODEL, context)
    assert 58 < mean < 85
    assert batch_tokens({"max_length": 32}, MODEL, context) <= 32
    assert longest_tokens({}, MODEL, context) == 360
    assert longest_tokens({"max_length": 100}, MODEL, context) % 8 == 0
