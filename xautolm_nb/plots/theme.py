"""Colours of the figures: readable at 300 pixels, on light and dark pages, by colour-blind readers."""

from dataclasses import dataclass

# Okabe and Ito's palette (jfly.uni-koeln.de/color): told apart with every common colour-vision deficiency.
BLUE = "#0072B2"
SKY = "#56B4E9"
ORANGE = "#E69F00"
VERMILION = "#D55E00"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """What a figure takes its colours from. Colour never speaks alone: markers, dashes or places say the same."""

    background: str
    text: str
    faint: str
    """Lines and points that only give context."""
    grid: str
    main: str
    """The result: best score, front, best curve."""
    accent: str
    """The one thing to look at first."""
    failed: str
    ramp: tuple[str, ...]
    """From the worst score to the best: the better, the further from the page."""


LIGHT = Theme(
    background="#ffffff",
    text="#222222",
    faint="#9a9a9a",
    grid="#e6e6e6",
    main=BLUE,
    accent=ORANGE,
    failed=VERMILION,
    ramp=("#d3dde6", "#7fb0d4", BLUE, "#003a66"),
)
DARK = Theme(
    background="#1b1b1d",
    text="#e8e8e8",
    faint="#8a8a8a",
    grid="#343438",
    main=SKY,
    accent=ORANGE,
    failed=VERMILION,
    ramp=("#37424c", "#35719b", SKY, "#d6f0ff"),
)


def theme(dark: bool) -> Theme:
    """Give the colours for a dark or a light page."""
    return DARK if dark else LIGHT
