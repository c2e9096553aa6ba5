"""A study's figures by name: drawn, as a table, in words, and as files. Every door shows the same ones."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.study import StudyView
from xautolm_nb.plots import tables, words
from xautolm_nb.plots.canvas import NOTEBOOK, Look, freeze, new_figure, write_keys
from xautolm_nb.plots.data import ReferenceFront, anytime, learning_curves, pareto
from xautolm_nb.plots.draw_expectations import draw_calibration, draw_cost
from xautolm_nb.plots.draw_failures import draw_failures, failures_height
from xautolm_nb.plots.draw_parallel import draw_parallel, parallel_height
from xautolm_nb.plots.draw_progress import draw_anytime, draw_curves, draw_pareto
from xautolm_nb.plots.expectations import calibration, costs, prior_band
from xautolm_nb.plots.failures import failure_map
from xautolm_nb.plots.labels import Drawing, place
from xautolm_nb.plots.parallel import configurations
from xautolm_nb.plots.tables import Table

OVERVIEW = ("anytime", "pareto", "curves")
"""The kinds that show a whole study side by side."""
_WIDTHS = (2.0, 40.0)
_HEIGHTS = (2.4, 3.4)
_SQUARE = (2.6, 4.2)
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "xautolm-nb", "pdf.fonttype": 42, "text.usetex": False}
"""Texts stay texts in files, equal figures give equal bytes, and names with `_` or `#` never reach TeX."""
_SETTING = threading.RLock()


def _usual_height(data: Any, width: float) -> float:
    return min(max(0.75 * width, _HEIGHTS[0]), _HEIGHTS[1])


def _square_height(data: Any, width: float) -> float:
    return min(max(0.95 * width, _SQUARE[0]), _SQUARE[1])


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of figure."""

    title: str
    """For menus."""
    data: Callable[[StudyView, ReferenceFront | None], Any]
    draw: Callable[[Axes, Any, Look], Drawing]
    table: Callable[[Any], Table]
    words: Callable[[Any, str], str]
    height: Callable[[Any, float], float] = _usual_height
    """Inches from the data and the width."""


KINDS: dict[str, Kind] = {
    "anytime": Kind(
        title="Best score over time",
        data=lambda view, _: anytime(view.trials, prior_band(view)),
        draw=draw_anytime,
        table=tables.anytime_table,
        words=words.anytime_words,
    ),
    "pareto": Kind(
        title="Score against time",
        data=lambda view, reference: pareto(view.trials, reference),
        draw=draw_pareto,
        table=tables.pareto_table,
        words=words.pareto_words,
    ),
    "curves": Kind(
        title="Learning curves by rung",
        data=lambda view, _: learning_curves(view.trials),
        draw=draw_curves,
        table=tables.curves_table,
        words=words.curves_words,
    ),
    "parallel": Kind(
        title="Configurations",
        data=lambda view, _: configurations(view.trials),
        draw=draw_parallel,
        table=tables.parallel_table,
        words=words.parallel_words,
        height=parallel_height,
    ),
    "failures": Kind(
        title="Where trials fail",
        data=lambda view, _: failure_map(view.trials, view.record.context),
        draw=draw_failures,
        table=tables.failures_table,
        words=words.failures_words,
        height=failures_height,
    ),
    "calibration": Kind(
        title="Prior against posterior",
        data=lambda view, _: calibration(view.trials),
        draw=draw_calibration,
        table=tables.calibration_table,
        words=words.calibration_words,
        height=_square_height,
    ),
    "cost": Kind(
        title="Predicted cost",
        data=lambda view, _: costs(view.trials),
        draw=draw_cost,
        table=tables.cost_table,
        words=words.cost_words,
        height=_square_height,
    ),
}
"""Every figure there is, by the name that `figure`, `table`, `words_of` and `save` take."""


def figure(
    view: StudyView,
    kind: str | Sequence[str] = OVERVIEW,
    *,
    dark: bool = False,
    width: float | None = None,
    reference: ReferenceFront | None = None,
) -> Figure:
    """Draw one kind of figure, or several side by side.

    Args:
        view: The study.
        kind: A name of `KINDS`, or several.
        dark: Whether the page is dark.
        width: Inches of the whole figure: 3 for a sidebar, 6.3 for a line of text on paper; None takes 4 for each kind.
        reference: A front to draw beside this study's, such as that of a search without past experience.

    Raises:
        RequestError: A kind is not known, or the width is out of range.
    """
    names = (kind,) if isinstance(kind, str) else tuple(kind)
    metric = view.record.task.metric
    data = {name: kind_of(name).data(view, reference) for name in names}
    return draw(data, metric=metric.name, maximize=metric.maximize, dark=dark, width=width)


def draw(
    data: Mapping[str, Any], *, metric: str, maximize: bool = True, dark: bool = False, width: float | None = None
) -> Figure:
    """Draw data that is at hand, side by side: `draw({"failures": failure_map_of(experiences)}, metric="f1")`.

    Args:
        data: By the kind that draws it, what the kind's data function gives.
        metric: Name of the scores.
        maximize: Whether larger scores are better.
        dark: As for `figure`.
        width: As for `figure`.

    Raises:
        RequestError: A kind is not known, or the width is out of range.
    """
    kinds = [kind_of(name) for name in data]
    total = NOTEBOOK * len(kinds) if width is None else width
    if not kinds or not _WIDTHS[0] <= total / len(kinds) <= _WIDTHS[1]:
        raise RequestError(
            f"A figure expects at least one kind and {_WIDTHS[0]:g} to {_WIDTHS[1]:g} inches for each, "
            f"but got {len(kinds)} and {total:g} inches.",
            hint="Use 3 for a sidebar, 6.3 for a line of text on paper.",
        )
    look = Look(metric=metric, maximize=maximize, width=total / len(kinds), dark=dark)
    with _settings():
        height = max(kind.height(own, look.width) for kind, own in zip(kinds, data.values(), strict=True))
        drawn, panels = new_figure([look.width] * len(kinds), height, look)
        drawings = [kind.draw(axes, own, look) for kind, axes, own in zip(kinds, panels, data.values(), strict=True)]
        write_keys(panels, [one.key for one in drawings], look, max(one.indent for one in drawings))
        freeze(drawn)
        for axes, one in zip(panels, drawings, strict=True):
            place(axes, one.labels, look)
    return drawn


def table(view: StudyView, kind: str, *, reference: ReferenceFront | None = None) -> Table:
    """The numbers behind a figure.

    Raises:
        RequestError: The kind is not known.
    """
    known = kind_of(kind)
    return known.table(known.data(view, reference))


def words_of(view: StudyView, kind: str | Sequence[str], *, reference: ReferenceFront | None = None) -> str:
    """What a figure shows, in words: its text alternative.

    Raises:
        RequestError: A kind is not known.
    """
    kinds = [kind_of(name) for name in ((kind,) if isinstance(kind, str) else kind)]
    return " ".join(known.words(known.data(view, reference), view.record.task.metric.name) for known in kinds)


def save(
    view: StudyView,
    kind: str | Sequence[str],
    path: str | Path,
    *,
    dark: bool = False,
    width: float | None = None,
    reference: ReferenceFront | None = None,
) -> Path:
    """Write a figure to a file; its text alternative stands in the file's description.

    Args:
        view: The study.
        kind: As for `figure`.
        path: Ends with .svg, .pdf or .png; text stays text in the first two.
        dark: As for `figure`.
        width: As for `figure`.
        reference: As for `figure`.

    Raises:
        RequestError: A kind or the ending of the path is not known.
    """
    target = Path(path)
    write = _FORMATS.get(target.suffix.lower())
    if write is None:
        raise RequestError(
            f"A figure expects a path that ends with {', '.join(_FORMATS)}, but got {target.name!r}.",
            hint="Choose .pdf for a paper, .svg for a page.",
        )
    drawn = figure(view, kind, dark=dark, width=width, reference=reference)
    target.write_bytes(write(drawn, words_of(view, kind, reference=reference)))
    return target


def to_svg(figure: Figure, description: str = "") -> bytes:
    """Render as SVG; text stays text (small, searchable) and equal figures give equal bytes."""
    return _rendered(figure, "svg", metadata={"Date": None, "Description": description or None})


def to_pdf(figure: Figure, description: str = "") -> bytes:
    """Render as PDF with embedded TrueType letters, so that text can be searched and copied."""
    return _rendered(figure, "pdf", metadata={"CreationDate": None, "Subject": description or None})


def to_png(figure: Figure, description: str = "", *, dpi: int = 200) -> bytes:
    """Render as PNG; 200 dots per inch make one panel 800 pixels wide, sharp on dense screens."""
    return _rendered(figure, "png", metadata={"Description": description or None}, dpi=dpi)


_FORMATS: dict[str, Callable[[Figure, str], bytes]] = {".svg": to_svg, ".pdf": to_pdf, ".png": to_png}


def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        RequestError: There is none; the message names those that there are.
    """
    if name not in KINDS:
        raise RequestError(
            f"A figure expects one of the kinds {', '.join(KINDS)}, but got {name!r}.",
            hint="Choose one of these names.",
        )
    return KINDS[name]


def _rendered(figure: Figure, format: str, **options: Any) -> bytes:
    stream = BytesIO()
    with _settings():
        figure.savefig(stream, format=format, facecolor=figure.get_facecolor(), **options)
    return stream.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """Our settings while we draw. Only these are put back: `rc_context` would undo what other threads set meanwhile."""
    with _SETTING:
        before = {name: rcParams[name] for name in _SETTINGS}
        rcParams.update(_SETTINGS)
        try:
            yield
        finally:
            rcParams.update(before)
