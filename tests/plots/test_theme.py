import pytest

from xautolm_nb.plots.theme import theme


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_lines_stand_out_from_the_page(dark: bool) -> None:
    colours = theme(dark)
    assert _contrast(colours.text, colours.background) >= 7.0
    assert _contrast(colours.main, colours.background) >= 4.5
    assert _contrast(colours.faint, colours.background) >= 2.5


@pytest.mark.parametrize("dark", [False, True])
def test_the_better_a_score_the_further_its_colour_from_the_page(dark: bool) -> None:
    colours = theme(dark)
    distances = [_contrast(colour, colours.background) for colour in colours.ramp]
    assert distances == sorted(distances)
    assert distances[-1] >= 7.0
