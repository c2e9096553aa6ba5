"""Durations are written as short as can be, and read back; what is no choice is named."""

import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.options import check_choices, duration_text, parse_options, parse_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (90, "90s"),
        (60, "1m"),
        (1800, "30m"),
        (5400, "1h30m"),
        (86400, "1d"),
        (90061, "1d1h1m1s"),
        (2.5, "2.5s"),
        (150, "2m30s"),
    ],
)
def test_a_duration_is_written_short_and_reads_back(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
    assert parse_seconds(text) == seconds


def test_none_stands_for_the_default_and_aliases_for_their_fields() -> None:
    assert parse_options({"budget": "2m", "seed": None}, ("budget_seconds", "seed")) == {"budget_seconds": 120.0}


def test_a_close_name_is_proposed() -> None:
    with pytest.raises(RequestError, match="Did you mean 'budget'"):
        parse_options({"bugdet": 1}, ("budget_seconds",))


@pytest.mark.parametrize("values", [(), ("a", "c")])
def test_what_is_not_allowed_is_named(values: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="letters expects some of a, b"):
        check_choices("letters", values, ("a", "b"))
