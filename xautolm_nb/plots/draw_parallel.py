"""Drawing of configurations as lines from parameter to parameter, down to their score.

The parameters lie below each other rather than side by side: names and values stay readable at any width.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from xautolm_nb.plots.canvas import SMALL, Look, empty, letters, plain, shortened, titled, told_apart
from xautolm_nb.plots.data import Floats
from xautolm_nb.plots.labels import Drawing
from xautolm_nb.plots.parallel import Parallel, ParallelAxis

ROW = 0.46
"""Inches of a parameter."""
_GUTTER = -0.08
"""Place of what has no value: a parameter that does not exist, a score that never came."""
_TURNED = 0.75  # more rows' worth of room for values that are written upwards
_VALUES = SMALL - 1.0
_MARGINS = 0.6  # inches that the axes lose at both sides
_SHADES = 64
_CROWD = 40  # lines from which only the best stand out


def parallel_height(data: Parallel, width: float) -> float:
    """Inches a figure of this width needs."""
    rows = len(data.axes) + 1 + sum(_TURNED * _is_turned(axis, width) for axis in data.axes)
    return 0.75 + ROW * max(rows, 4.0)


def draw_parallel(axes: Axes, data: Parallel, look: Look) -> Drawing:
    """Draw each configuration as a line from parameter to parameter down to its score; failed ones end at the side."""
    titled(axes, look, "Configurations")
    if not data.numbers.size or not data.axes:
        empty(axes, "no trial has come back yet", look)
        return Drawing()
    levels = _levels(data, look.width)
    score = _score_axis(data, look)
    known = np.column_stack([data.places, (data.scores - score.low) / (score.high - score.low)])
    _lines(axes, np.where(np.isnan(known), _GUTTER, known), levels, data, look)
    for index, (axis, level) in enumerate(zip((*data.axes, score), levels, strict=True)):
        _scale(axes, axis, level, look)
        if np.isnan(known[:, index]).any():
            word = "none" if index < len(data.axes) else "failed"
            axes.text(_GUTTER, level + 0.1, word, ha="center", va="top", size=_VALUES, color=look.colours.text)
    _shade(axes, levels[-1], look)
    axes.set_xlim(_GUTTER - 0.07, 1.04)
    axes.set_ylim(levels[-1] + 0.5, -0.5)
    axes.axis("off")
    handles = [Line2D([], [], color=look.colours.accent, lw=2.4, label="best")] if data.best.any() else []
    if data.failed.any():
        handles.append(Line2D([], [], color=look.colours.failed, lw=1.0, ls=":", marker="x", ms=5, label="failed"))
    return Drawing(key=handles)


def _is_turned(axis: ParallelAxis, width: float) -> bool:
    """Whether the values of a list are too long to stand side by side."""
    if axis.scale != "listed":
        return False
    longest = max(min(len(label), 10) for label in axis.labels)
    return longest > letters((width - _MARGINS) * 0.92 / len(axis.labels), _VALUES)


def _levels(data: Parallel, width: float) -> Floats:
    """Heights of the rows from above: one apart, and more below values that are written upwards."""
    rooms = [1.0 + _TURNED * _is_turned(axis, width) for axis in data.axes]
    return np.concatenate([[0.0], np.cumsum(rooms)])


def _score_axis(data: Parallel, look: Look) -> ParallelAxis:
    known = data.scores[np.isfinite(data.scores)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.05, high + 0.05
    return ParallelAxis(name=look.metric, scale="linear", low=low, high=high)


def _lines(axes: Axes, x: Floats, levels: Floats, data: Parallel, look: Look) -> None:
    """Draw the lines, the better above the worse; of a crowd only the best stand out."""
    colours = look.colours
    points = np.stack([x, np.broadcast_to(levels, x.shape)], axis=2)
    ran = np.flatnonzero(~data.failed & ~data.best & np.isfinite(data.scores))
    order = ran[np.argsort(data.worth[ran], kind="stable")]
    worth, crowd = data.worth[order], min(1.0, _CROWD / len(x))
    shades = np.asarray(_ramp(look)(worth))
    shades[:, 3] = 0.15 + 0.75 * (crowd * worth**2 + (1 - crowd) * worth**8)
    axes.add_collection(LineCollection(list(points[order]), colors=shades, linewidths=1.1))
    lost, faintness = list(points[data.failed]), max(crowd, 0.25)
    dotted = LineCollection(lost, colors=colours.failed, linewidths=0.9, linestyles=":", alpha=faintness, zorder=3)
    axes.add_collection(dotted)
    axes.plot(points[data.failed, -1, 0], points[data.failed, -1, 1], "x", color=colours.failed, ms=5, zorder=4.5)
    for line in points[data.best]:
        axes.plot(line[:, 0], line[:, 1], color=colours.accent, linewidth=2.4, marker="o", ms=4, zorder=5)


def _scale(axes: Axes, axis: ParallelAxis, level: float, look: Look) -> None:
    """The line of a parameter, its name above at the left, its values below."""
    colours = look.colours
    patch = {"facecolor": colours.background, "alpha": 0.8, "pad": 0.6, "linewidth": 0}
    letter: dict[str, Any] = {"color": colours.text, "bbox": patch, "zorder": 6}
    axes.plot([0, 1], [level, level], color=colours.text, linewidth=0.8, alpha=0.8, zorder=4)
    name = plain(shortened(axis.name, letters(0.7 * look.width, _VALUES)))
    axes.text(0.0, level - 0.09, name, ha="left", va="bottom", size=_VALUES + 0.5, weight="bold", **letter)
    turn = 90 if _is_turned(axis, look.width) else 0
    for place, label in _ticks(axis, look):
        axes.plot([place, place], [level, level + 0.07], color=colours.text, linewidth=0.8, zorder=4)
        axes.text(place, level + 0.1, label, ha="center", va="top", size=_VALUES, rotation=turn, **letter)


def _shade(axes: Axes, level: float, look: Look) -> None:
    """The scale of scores in the colours of the lines."""
    edges = np.linspace(0, 1, _SHADES + 1)
    worth = edges[:-1] if look.maximize else 1 - edges[:-1]
    parts = [[(left, level), (right, level)] for left, right in pairwise(edges)]
    axes.add_collection(LineCollection(parts, colors=_ramp(look)(worth), linewidths=5, zorder=3.5))


def _ramp(look: Look) -> LinearSegmentedColormap:
    return LinearSegmentedColormap.from_list("worth", look.colours.ramp)


def _ticks(axis: ParallelAxis, look: Look) -> list[tuple[float, str]]:
    """Places in [0, 1] and what is written there."""
    if axis.scale == "listed":
        count, turned = len(axis.labels), _is_turned(axis, look.width)
        inches = ROW * (1 + _TURNED) - 0.2 if turned else (look.width - _MARGINS) * 0.92 / count
        room = letters(inches, _VALUES)
        return [((index + 0.5) / count, plain(label)) for index, label in enumerate(told_apart(axis.labels, room))]
    if axis.scale == "log":
        span = np.log(axis.high / axis.low)
        return [(float(np.log(value / axis.low) / span), _digits(value)) for value in _powers(axis, look)]
    found = MaxNLocator(3 if look.is_narrow else 5).tick_values(axis.low, axis.high)
    inside = [value for value in found if axis.low <= value <= axis.high]
    return [(float((value - axis.low) / (axis.high - axis.low)), _digits(value)) for value in inside]


def _powers(axis: ParallelAxis, look: Look) -> list[float]:
    """Powers of ten, or of two where those are few, that lie on a logarithmic axis."""
    tens, twos = (_powers_of(base, axis) for base in (10.0, 2.0))
    powers = tens if len(tens) > 1 else twos
    return powers[:: max(1, -(-len(powers) // (3 if look.is_narrow else 6)))]


def _powers_of(base: float, axis: ParallelAxis) -> list[float]:
    ends = np.log([axis.low, axis.high]) / np.log(base)
    return [float(base**power) for power in np.arange(np.ceil(ends[0] - 1e-9), np.floor(ends[1] + 1e-9) + 1)]


def _digits(value: float) -> str:
    """A number in few letters: 1e-5 rather than 1e-05."""
    if value == 0 or 0.01 <= abs(value) < 10_000:
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
