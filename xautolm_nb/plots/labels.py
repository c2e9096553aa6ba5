"""Labels beside the points they name, none on top of another: each is tried on all sides of its point."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from xautolm_nb.plots.canvas import SMALL, Look

_GAP = 4.0
_SIDES = {
    "above left": (-_GAP, _GAP, "right", "bottom"),
    "above right": (_GAP, _GAP, "left", "bottom"),
    "below right": (_GAP, -_GAP, "left", "top"),
    "below left": (-_GAP, -_GAP, "right", "top"),
    "above": (0.0, 1.6 * _GAP, "center", "bottom"),
    "below": (0.0, -1.6 * _GAP, "center", "top"),
    "left": (-1.6 * _GAP, 0.0, "right", "center"),
    "right": (1.6 * _GAP, 0.0, "left", "center"),
}
"""Offsets in points, and how the text is held there."""
_LINE, _POINT = 12.0, 1.0
_MOST_POINTS = 6.0
_FOREGROUND = 3.0
"""Lines drawn at this height or above are kept clear; below it lies what only gives context."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A text that belongs to a point, in data coordinates."""

    text: str
    """Already `plain`."""
    x: float
    y: float
    side: str = "above left"
    """Where it goes when all sides are free."""
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What is still to be written once the panel has its place."""

    labels: Sequence[Label] = ()
    key: Sequence[Artist] = ()
    """Entries that explain the markers."""
    indent: float = 0.5
    """Inches left of the axes."""


def place(axes: Axes, labels: Sequence[Label], look: Look) -> None:
    """Write labels where they hide the least, the first ones first; one that fits nowhere is left out.

    The figure must be laid out for good: what is near is judged in pixels.
    """
    taken: list[Bbox] = []
    for label in labels:
        note = _write(axes, label, look)
        order = [label.side, *(side for side in _SIDES if side != label.side)]
        costs = {side: _cost(axes, note, side, taken) for side in order}
        best = min(order, key=lambda side: costs[side])
        if costs[best] == float("inf"):
            note.remove()
            continue
        taken.append(_put(note, best))


def _write(axes: Axes, label: Label, look: Look) -> Annotation:
    return axes.annotate(
        label.text,
        (label.x, label.y),
        xytext=(0, 0),
        textcoords="offset points",
        size=SMALL,
        weight="bold" if label.strong else "normal",
        color=look.colours.text,
        zorder=6,
        bbox={"facecolor": look.colours.background, "alpha": 0.7, "pad": 0.8, "linewidth": 0},
    )


def _put(note: Annotation, side: str) -> Bbox:
    dx, dy, horizontal, vertical = _SIDES[side]
    note.set_position((dx, dy))
    note.set(ha=horizontal, va=vertical)
    return note.get_window_extent()


def _cost(axes: Axes, note: Annotation, side: str, taken: Sequence[Bbox]) -> float:
    """What a place would hide; infinite where it leaves the figure or meets another label."""
    box = _put(note, side)
    page = axes.figure.bbox
    inside = page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
    if not inside or any(box.overlaps(other) for other in taken):
        return float("inf")
    frame = axes.bbox
    beyond = max(0.0, box.x1 - frame.x1) + max(0.0, frame.x0 - box.x0)
    beyond += max(0.0, box.y1 - frame.y1) + max(0.0, frame.y0 - box.y0)
    return beyond + _hidden(axes, box)


def _hidden(axes: Axes, box: Bbox) -> float:
    lines, points = 0, 0
    for line in axes.get_lines():
        path = line.get_path().transformed(line.get_transform())
        if line.get_linestyle() in ("None", "none", "", " "):
            points += int(box.count_contains(path.vertices))
        elif line.get_zorder() >= _FOREGROUND:
            lines += bool(path.intersects_bbox(box, filled=False))
    return _LINE * lines + min(_POINT * points, _MOST_POINTS)
