"""Names cut to their room, times in words, keys in rows."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from xautolm_nb.plots.canvas import (
    Look,
    in_words,
    is_wide,
    letters,
    log_times,
    mark,
    new_figure,
    plain,
    shortened,
    steps,
    told_apart,
    unit_of,
    width_of,
    write_keys,
)

LOOK = Look(metric="f1", maximize=True, width=3.0)


def test_a_dollar_starts_no_formula() -> None:
    figure = Figure()
    text = figure.text(0, 0, plain("$x^2$ and a\nline"))
    figure.draw_without_rendering()
    plainly = figure.text(0, 0, "x")
    assert plain("a\tb\x00") == "a b "
    assert text.get_window_extent().width > 10 * plainly.get_window_extent().width


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [("short", 5, "short"), ("roberta-large", 9, "robe…arge"), ("abcdef", 2, "a…f"), ("", 3, "")],
)
def test_a_long_text_loses_its_middle(text: str, most: int, cut: str) -> None:
    assert shortened(text, most) == cut


@pytest.mark.parametrize(
    ("names", "cut"),
    [
        (["bert", "owner/some-model"], ["bert", "some-model"]),
        (["a/Phi-3-medium-4k-instruct", "a/Phi-3-mini-4k-instruct"], ["Phi-3-med…", "Phi-3-min…"]),
        (["distilbert-base-cased", "distilbert-base-uncased"], ["…ase-cased", "…e-uncased"]),
        (["xxxxxxxxxxxxx-1-xxxxxxxxxxxxx", "xxxxxxxxxxxxx-2-xxxxxxxxxxxxx"], ["xxxxxx…1", "xxxxxx…2"]),
    ],
)
def test_cut_names_stay_different(names: list[str], cut: list[str]) -> None:
    assert told_apart(names, 10) == cut


@pytest.mark.parametrize(("seconds", "unit"), [(20.0, "s"), (400.0, "min"), (20_000.0, "h")])
def test_time_is_given_in_the_unit_people_would_say(seconds: float, unit: str) -> None:
    assert unit_of(seconds)[0] == unit


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.01, "10 ms"), (20, "20 s"), (300, "5 min"), (7200, "2 h"), (86400, "1 d")]
)
def test_times_on_an_axis_are_round_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_times_of_seconds_and_of_hours_need_logarithms() -> None:
    assert is_wide(np.array([3.0, 9000.0])) and not is_wide(np.array([3.0, 9.0])) and not is_wide(np.array([0.0]))


@pytest.mark.parametrize(("low", "high"), [(2.0, 8000.0), (6.0, 9.0), (0.002, 0.1), (40.0, 50.0)])
def test_an_axis_of_times_has_two_to_four_ticks(low: float, high: float) -> None:
    axes = Figure().add_subplot()
    log_times(axes, "x", low, high, 4)
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 2 <= len(ticks) <= 4


def test_steps_hold_each_value_until_the_next() -> None:
    x, y = steps(np.array([1.0, 2.0]), np.array([5.0, 7.0]), 4.0)
    assert list(zip(x.tolist(), y.tolist(), strict=True)) == [(1, 5), (2, 5), (2, 7), (4, 7)]


def test_a_key_takes_more_rows_where_the_panel_is_narrow() -> None:
    depths = []
    for width in (2.0, 9.0):
        look = Look(metric="f1", maximize=True, width=width)
        figure, (axes,) = new_figure([width], 3.0, look)
        write_keys([axes], [[mark(f"entry {index}", "o", "k") for index in range(6)]], look)
        figure.draw_without_rendering()
        legend = axes.get_legend()
        assert legend is not None and len(legend.get_texts()) == 6
        depths.append(len({round(text.get_window_extent().y0) for text in legend.get_texts()}))
    assert depths[0] > depths[1] == 1


def test_letters_and_width_agree() -> None:
    assert width_of("x" * letters(2.0, 8.0), 8.0) <= 2.0


def test_a_sidebar_is_narrow_and_the_metric_is_cut_to_it() -> None:
    look = Look(metric="a metric with a very long name $", maximize=True, width=3.0)
    assert look.is_narrow and not Look(metric="f1", maximize=True, width=4.0).is_narrow
    assert len(look.name) < 20 and look.name.endswith(r"\$")
    assert Look(metric="f1", maximize=True, width=3.0, dark=True).colours != LOOK.colours
