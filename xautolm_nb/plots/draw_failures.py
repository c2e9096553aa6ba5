"""Drawing of where trials fail: a row for each model, a marker for each kind of failure."""

from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.plots.canvas import SMALL, Look, empty, letters, mark, plain, titled, told_apart, width_of
from xautolm_nb.plots.data import Floats, Integers
from xautolm_nb.plots.failures import RAN, FailureMap
from xautolm_nb.plots.labels import Drawing

ROW = 0.28
"""Inches of a model."""
MOST_MODELS = 24
_TICKS = 4
MARKERS = {
    FailureKind.OUT_OF_MEMORY: "x",
    FailureKind.HOST_MEMORY: "+",
    FailureKind.DISK: "d",
    FailureKind.TIMEOUT: ">",
    FailureKind.NOT_FINITE: "D",
    FailureKind.CRASH: "s",
    FailureKind.ERROR: "^",
    FailureKind.MODEL_UNAVAILABLE: "v",
    FailureKind.NO_CLASSIFICATION_HEAD: "h",
    FailureKind.ADAPTER_MISMATCH: "*",
    FailureKind.FRAMEWORK_BUG: "P",
}
"""A shape for each kind: they are told apart without colours, and alike in all figures."""
_DEEP = 3
"""Trials of one model and one batch that stand above each other before a new column begins."""
_HIGH, _WIDE, _STEP = 0.3, 0.7, 0.1  # of a row; octaves of all columns, and of one


def failures_height(data: FailureMap, width: float) -> float:
    """Inches a figure of this width needs."""
    rows = -(-len(set(data.kinds)) // 2) if width < 4 else 1
    return 0.95 + 0.16 * rows + ROW * min(max(len(data.models), 3), MOST_MODELS + 1)


def draw_failures(axes: Axes, data: FailureMap, look: Look) -> Drawing:
    """Draw trials by model and tokens of their largest batch, those of one place side by side."""
    titled(axes, look, "Where trials fail", "tokens of a batch")
    if not data.numbers.size:
        empty(axes, "no trial has come back yet" if not data.unknown else "no batch sizes are known", look)
        return Drawing()
    rows = np.minimum(data.rows, MOST_MODELS)
    kinds, counts = np.array(data.kinds), Counter(data.kinds)
    ordered = sorted(counts, key=lambda kind: (kind != RAN, -counts[kind], kind))
    shift, factor = _side_by_side(rows, data.tokens, np.array([ordered.index(kind) for kind in kinds]))
    handles = [_mark(kind, counts[kind], look) for kind in ordered]
    for kind, handle in zip(ordered, handles, strict=True):
        points = mark("", str(handle.get_marker()), str(handle.get_color()), filled=kind == FailureKind.TIMEOUT.value)
        points.set_data(data.tokens[kinds == kind] * factor[kinds == kind], (rows + shift)[kinds == kind])
        points.set(markersize=4.5, markeredgewidth=1.2, alpha=0.85, zorder=2 if kind == RAN else 4)
        axes.add_line(points)
    longest = _name_models(axes, data, look)
    _scale_tokens(axes, data.tokens, look)
    return Drawing(key=handles, indent=0.3 + longest)


def _mark(kind: str, count: int, look: Look) -> Line2D:
    name = f"{kind.replace('_', ' ')} ({count})"
    if kind == RAN:
        return mark(name, "o", look.colours.main, filled=False)
    late = kind == FailureKind.TIMEOUT
    return mark(name, MARKERS[FailureKind(kind)], look.colours.accent if late else look.colours.failed, filled=late)


def _side_by_side(rows: Integers, tokens: Floats, kinds: Integers) -> tuple[Floats, Floats]:
    """Shifts in rows and factors of tokens that set trials of one place apart; equal kinds stay together."""
    shift, factor = np.zeros(tokens.size), np.ones(tokens.size)
    for row, size in {(int(row), float(size)) for row, size in zip(rows, tokens, strict=True)}:
        members = np.flatnonzero((rows == row) & (tokens == size))
        members = members[np.argsort(kinds[members], kind="stable")]
        columns = -(-members.size // _DEEP)
        deep = -(-members.size // columns)
        place = np.arange(members.size)
        shift[members] = ((deep - 1) / 2 - place % deep) * 2 * _HIGH / _DEEP
        factor[members] = 2.0 ** ((place // deep - (columns - 1) / 2) * min(_STEP, _WIDE / columns))
    return shift, factor


def _name_models(axes: Axes, data: FailureMap, look: Look) -> float:
    """Name the rows; returns the inches that the longest name takes."""
    names = list(data.models[:MOST_MODELS])
    if len(data.models) > MOST_MODELS:
        names.append(f"{len(data.models) - MOST_MODELS} other models")
    room = letters(0.34 * look.width, SMALL)
    shown = told_apart(names, room)
    axes.set_yticks(range(len(names)), [plain(name) for name in shown])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    for edge in range(1, len(names)):
        axes.axhline(edge - 0.5, color=look.colours.grid, linewidth=0.8, zorder=1)
    return max(width_of(name, SMALL) for name in shown)


def _scale_tokens(axes: Axes, tokens: Floats, look: Look) -> None:
    low, high = float(tokens.min()) / 1.5, float(tokens.max()) * 1.5
    axes.set_xscale("log", base=2)
    axes.set_xlim(low, high)
    powers = np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1)
    step = max(1, -(-powers.size // (_TICKS if look.is_narrow else 2 * _TICKS)))
    axes.xaxis.set_major_locator(FixedLocator((2.0 ** powers[::step]).tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _thousands(size)))
    axes.xaxis.set_minor_locator(NullLocator())


def _thousands(size: float) -> str:
    for name, unit in (("M", 2.0**20), ("k", 2.0**10)):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"
