"""What all figures share: size, axes, ticks of time, names cut to their room. Never pyplot: no global state."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from xautolm_nb.plots.data import Floats
from xautolm_nb.plots.theme import Theme, theme

SIDEBAR, NOTEBOOK, PAGE = 3.0, 4.0, 6.3
"""Inches of a sidebar (300 pixels at 100 dots per inch), a notebook cell and a line of text on paper."""
TITLE, TEXT, SMALL = 10.0, 9.0, 8.0
"""Points of the letters."""
_NARROW = 3.6
_UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0))
_TIMES = (0.001, 0.01, 0.1, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 3600, 7200, 18_000, 36_000, 86_400, 259_200)
"""Seconds that are said in round words."""
_LOG_SPAN = 12.0  # times that differ by more are drawn in logs: a trial of 3 s and one of 10 min both show


@dataclass(frozen=True, kw_only=True)
class Look:
    """What drawing needs to know besides the data."""

    metric: str
    maximize: bool
    width: float
    """Inches of the panel."""
    dark: bool = False

    @property
    def colours(self) -> Theme:
        """The colours of the page."""
        return theme(self.dark)

    @property
    def is_narrow(self) -> bool:
        """Whether the panel is about as wide as a sidebar."""
        return self.width < _NARROW

    @property
    def name(self) -> str:
        """The metric, short enough for an axis."""
        return plain(shortened(self.metric, letters(0.36 * self.width, TEXT)))


def plain(text: str) -> str:
    r"""Keep a text a text: `$` starts no formula, line breaks and other control characters become spaces."""
    return "".join(char if char.isprintable() else " " for char in text).replace("$", r"\$")


def shortened(text: str, most: int) -> str:
    """Cut the middle out of a text of more than `most` characters; both ends tell names apart."""
    if len(text) <= most:
        return text
    kept = max(most - 1, 2)
    return f"{text[: -(-kept // 2)]}…{text[len(text) - kept // 2 :]}"


def told_apart(texts: Sequence[str], most: int) -> list[str]:
    """Cut different names so that they stay different.

    A name that is too long loses the owner of a model or the folders of a path, then its middle; those that would look
    alike lose their end instead, or their beginning, or get a number.
    """
    tails = [text if len(text) <= most else text.rstrip("/").rsplit("/", 1)[-1] for text in texts]
    cut = [shortened(tail, most) for tail in tails]
    beginnings = [f"{tail[: most - 1]}…" for tail in tails]
    ends = [f"…{tail[1 - most :]}" for tail in tails]
    numbered = [f"{tail[: most - 4]}…{index}" for index, tail in enumerate(tails, start=1)]
    for other in (beginnings, ends, numbered):
        cut = [new if cut.count(own) > 1 else own for own, new in zip(cut, other, strict=True)]
    return cut


def width_of(text: str, size: float) -> float:
    """About the inches that a text of a size (points) takes."""
    return len(text) * 0.58 * size / 72


def letters(inches: float, size: float) -> int:
    """How many letters of a size (points) fit in a length."""
    return max(int(inches * 72 / (0.58 * size)), 4)


def new_figure(widths: Sequence[float], height: float, look: Look) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side."""
    colours = look.colours
    figure = Figure(figsize=(sum(widths), height), dpi=100, layout="constrained", facecolor=colours.background)
    panels = [figure.add_subplot(1, len(widths), index + 1) for index in range(len(widths))]
    for axes in panels:
        _dress(axes, colours)
    return figure, panels


def freeze(figure: Figure) -> None:
    """Lay out once and for all: the solver's last digits differ from call to call, and would in the file."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(tuple(np.round(axes.get_position().bounds, 4)))


def titled(axes: Axes, look: Look, title: str, x: str = "", y: str = "") -> None:
    """Name the panel and its axes; texts of users come through `plain` first."""
    axes.set_title(title, fontsize=TITLE, loc="left", color=look.colours.text)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def empty(axes: Axes, message: str, look: Look) -> None:
    """Say why there is nothing to see."""
    axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes, color=look.colours.text, size=TEXT)
    axes.axis("off")


def write_keys(panels: Sequence[Axes], keys: Sequence[Sequence[Artist]], look: Look, indent: float = 0.5) -> None:
    """Explain the markers of each panel between its title and its axes; all titles stand on one line.

    Args:
        panels: The axes.
        keys: Entries for each of them.
        look: Their look.
        indent: Inches of a panel that lie left of its axes.
    """
    room = look.width - indent
    deepest = max(_write_key(axes, handles, room, look) for axes, handles in zip(panels, keys, strict=True))
    for axes in panels:
        title, colour = axes.get_title(loc="left"), look.colours.text
        axes.set_title(title, loc="left", fontsize=TITLE, color=colour, pad=5 + deepest * SMALL * 1.42)


def _write_key(axes: Axes, handles: Sequence[Artist], inches: float, look: Look) -> int:
    """Write as few rows as the panel is wide enough for; returns how many."""
    if not handles:
        return 0
    columns = _columns([len(str(handle.get_label())) for handle in handles], inches)
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=look.colours.text,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=1.0,
        borderpad=0.0,
        borderaxespad=0.3,
        labelspacing=0.3,
    )
    return -(-len(handles) // columns)


def mark(label: str, marker: str, colour: str, *, filled: bool = True, size: float = 5.0) -> Line2D:
    """An entry of the key."""
    face = colour if filled else "none"
    return Line2D([], [], marker=marker, color=colour, markerfacecolor=face, markersize=size, ls="none", label=label)


def unit_of(seconds: float) -> tuple[str, float]:
    """Choose the unit people would say: its name and its length in seconds."""
    return next((name, length) for name, length in _UNITS if seconds >= 3 * length or length == 1.0)


def in_words(seconds: float) -> str:
    """A time as people write it on an axis: 500 ms, 20 s, 5 min, 2 h."""
    for name, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if seconds >= length:
            return f"{seconds / length:g} {name}"
    return f"{seconds * 1000:g} ms"


def is_wide(times: Floats) -> bool:
    """Whether times differ so much that they need logarithms."""
    positive = times[times > 0]
    return bool(positive.size) and float(positive.max() / positive.min()) > _LOG_SPAN


def log_times(axes: Axes, which: str, low: float, high: float, most: int) -> None:
    """Draw an axis of seconds in logarithms, with at most `most` ticks that people say: 10 s, 1 min, 5 min."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    inside = [time for time in _TIMES if low <= time <= high]
    if len(inside) < 2:
        inside = [float(f"{time:.2g}") for time in np.geomspace(low, high, 4)[1:3]]
    axis.set_major_locator(FixedLocator(_apart(inside, np.log(high / low) / max(most, 1))))
    axis.set_major_formatter(FuncFormatter(lambda seconds, _: in_words(seconds)))
    axis.set_minor_locator(NullLocator())


def steps(x: Floats, y: Floats, end: float) -> tuple[Floats, Floats]:
    """Corners of a line that holds each value until the next one, and the last until `end`."""
    return np.append(np.repeat(x, 2)[1:], end), np.repeat(y, 2)


def _columns(lengths: Sequence[int], inches: float) -> int:
    """The most columns that texts of so many letters fit in, filled one column after the other."""
    for columns in range(len(lengths), 1, -1):
        deep = -(-len(lengths) // columns)
        widest = [max(lengths[start : start + deep]) for start in range(0, len(lengths), deep)]
        if sum(0.066 * length + 0.33 for length in widest) <= inches:
            return columns
    return 1


def _apart(times: Sequence[float], gap: float) -> list[float]:
    """Choose times whose logarithms are a gap apart."""
    kept: list[float] = []
    for time in times:
        if not kept or np.log(time / kept[-1]) >= gap:
            kept.append(time)
    return kept


def _dress(axes: Axes, colours: Theme) -> None:
    axes.set_facecolor(colours.background)
    axes.grid(True, color=colours.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelcolor=colours.text, labelsize=SMALL, length=3, color=colours.faint)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colours.faint)
    for item in (axes.xaxis.label, axes.yaxis.label):
        item.set_color(colours.text)
        item.set_fontsize(TEXT)
    axes.margins(x=0.05, y=0.12)
