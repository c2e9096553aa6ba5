"""Arrays to matplotlib Figures. Never pyplot: no global state, safe in threads, no window, no back end chosen."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.plots.data import (
    Anytime,
    Floats,
    Integers,
    LearningCurve,
    ParetoFront,
    anytime,
    learning_curves,
    pareto,
)
from xautolm_nb.plots.theme import Theme, theme

PANEL = (4.0, 3.0)
"""Inches of one panel: 400 x 300 pixels at 100 dots per inch."""
_TITLE = 10.0
_TEXT = 9.0
_SMALL = 8.0
_UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0))
_LOG_SPAN = 12.0  # a time axis whose values differ by more is drawn in logs: a trial of 3 s and one of 10 min both show
_FULL = 0.999


def anytime_figure(data: Anytime, *, metric: str = "score", dark: bool = False) -> Figure:
    """Draw the best score so far against the work spent; dots are single validations."""
    figure, axes = _figure(1, dark)
    draw_anytime(axes[0], data, metric, theme(dark))
    return figure


def pareto_figure(data: ParetoFront, *, metric: str = "score", dark: bool = False) -> Figure:
    """Draw score against seconds of each trial and the front that no other trial beats, labelled by trial number."""
    figure, axes = _figure(1, dark)
    draw_pareto(axes[0], data, metric, theme(dark))
    return figure


def curves_figure(curves: Sequence[LearningCurve], *, metric: str = "score", dark: bool = False) -> Figure:
    """Draw the learning curves against the share of the full run; the best is labelled, failed ones end in a cross."""
    figure, axes = _figure(1, dark)
    draw_curves(axes[0], curves, metric, theme(dark))
    return figure


def overview_figure(trials: Sequence[Trial], *, metric: str = "score", dark: bool = False) -> Figure:
    """Draw progress, front and learning curves side by side: the whole study in one picture."""
    figure, axes = _figure(3, dark)
    draw_anytime(axes[0], anytime(trials), metric, theme(dark))
    draw_pareto(axes[1], pareto(trials), metric, theme(dark))
    draw_curves(axes[2], learning_curves(trials), metric, theme(dark))
    return figure


def to_svg(figure: Figure) -> bytes:
    """Render as SVG; text stays text (small, searchable) and equal figures give equal bytes."""
    stream = BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "xautolm-nb"}):
        figure.savefig(stream, format="svg", facecolor=figure.get_facecolor(), metadata={"Date": None})
    return stream.getvalue()


def to_png(figure: Figure, *, dpi: int = 200) -> bytes:
    """Render as PNG; 200 dots per inch make one panel 800 pixels wide, sharp on dense screens."""
    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    return stream.getvalue()


def draw_anytime(axes: Axes, data: Anytime, metric: str, colours: Theme) -> None:
    """Draw `Anytime` on given axes."""
    axes.set_title("Best so far", fontsize=_TITLE)
    axes.set_ylabel(metric)
    if not data.seconds.size:
        return _empty(axes, "no validation yet", colours)
    unit, length = _unit(data.total_seconds)
    times, end = data.seconds / length, max(data.total_seconds, float(data.seconds[-1])) / length
    axes.plot(times, data.scores, "o", color=colours.faint, markersize=3, alpha=0.6, linewidth=0)
    axes.step([*times, end], [*data.best, data.best[-1]], where="post", color=colours.main, linewidth=2)
    first = int(np.argmax(data.best == data.best[-1]))
    axes.plot(times[first], data.best[-1], "o", color=colours.accent, markersize=6, zorder=5)
    label = f"{data.best[-1]:.3f} (trial {data.numbers[first]})"
    _label(axes, times[first], data.best[-1], label, colours, on_left=bool(times[first] > 0.4 * end))
    axes.set_xlabel(f"work spent ({unit})")
    axes.set_xlim(left=0)
    return None


def draw_pareto(axes: Axes, data: ParetoFront, metric: str, colours: Theme) -> None:
    """Draw `ParetoFront` on given axes: full circles ran to the end, rings were stopped early."""
    axes.set_title("Score against cost", fontsize=_TITLE)
    axes.set_ylabel(metric)
    if not data.numbers.size:
        return _empty(axes, "no scored trial yet", colours)
    unit, length = _unit(float(data.seconds.max()))
    times = data.seconds / length
    for chosen, colour, size, layer in ((~data.front, colours.faint, 4, 2), (data.front, colours.main, 6, 4)):
        for done in (True, False):
            keep = chosen & (data.complete == done)
            fill = colour if done else "none"
            axes.plot(times[keep], data.scores[keep], "o", color=colour, ms=size, mfc=fill, zorder=layer)
    front = np.flatnonzero(data.front)[np.argsort(times[data.front], kind="stable")]
    axes.step(times[front], data.scores[front], where="post", color=colours.main, lw=1.2, alpha=0.7, zorder=3)
    for index in _spread(front):  # nothing lies up and left of the front, so its labels do
        _label(axes, times[index], data.scores[index], f"#{data.numbers[index]}", colours, on_left=True)
    axes.set_xlabel(f"time of the trial ({unit})")
    axes.margins(x=0.1)
    _log_if_wide(axes, times)
    return None


def draw_curves(axes: Axes, curves: Sequence[LearningCurve], metric: str, colours: Theme) -> None:
    """Draw learning curves on given axes: the best thick, those stopped early dashed."""
    axes.set_title("Learning curves", fontsize=_TITLE)
    axes.set_ylabel(metric)
    axes.set_xlabel("share of the full run")
    if not curves:
        return _empty(axes, "no validation yet", colours)
    for curve in curves:
        _draw_curve(axes, curve, colours)
    axes.set_xlim(0, 1.04)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}"))
    best = next((curve for curve in curves if curve.best), curves[0])
    _label(axes, best.fidelity[-1], best.scores[-1], f"#{best.number}", colours, on_left=best.fidelity[-1] > 0.5)
    return None


def _draw_curve(axes: Axes, curve: LearningCurve, colours: Theme) -> None:
    stopped = curve.fidelity[-1] < _FULL
    axes.plot(
        curve.fidelity,
        curve.scores,
        color=colours.main if curve.best else colours.faint,
        linewidth=2.2 if curve.best else 1.0,
        alpha=1.0 if curve.best else 0.75,
        linestyle="--" if stopped and not curve.best else "-",
        marker="o",
        markersize=3.5 if curve.best else 2.2,
        zorder=4 if curve.best else 2,
    )
    if curve.state is TrialState.FAILED:
        axes.plot(curve.fidelity[-1], curve.scores[-1], "x", color=colours.failed, markersize=7, zorder=5)


def _spread(front: Integers, most: int = 6) -> Integers:
    """Choose at most `most` points to label, both ends included, so that labels do not pile up."""
    return front[np.unique(np.linspace(0, front.size - 1, min(most, front.size)).round().astype(np.int64))]


def _figure(panels: int, dark: bool) -> tuple[Figure, list[Axes]]:
    colours = theme(dark)
    figure = Figure(figsize=(PANEL[0] * panels, PANEL[1]), dpi=100, layout="constrained", facecolor=colours.background)
    axes = [figure.add_subplot(1, panels, index + 1) for index in range(panels)]
    for panel in axes:
        _dress(panel, colours)
    return figure, axes


def _dress(axes: Axes, colours: Theme) -> None:
    axes.set_facecolor(colours.background)
    axes.grid(True, color=colours.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=colours.text, labelsize=_SMALL, length=3, color=colours.faint)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colours.faint)
    for item in (axes.xaxis.label, axes.yaxis.label):
        item.set_color(colours.text)
        item.set_fontsize(_TEXT)
    axes.title.set_color(colours.text)
    axes.margins(x=0.05, y=0.12)


def _empty(axes: Axes, message: str, colours: Theme) -> None:
    axes.text(0.5, 0.5, message, ha="center", va="center", transform=axes.transAxes, color=colours.faint, size=_TEXT)
    axes.set_xticks([])
    axes.set_yticks([])


def _label(axes: Axes, x: float, y: float, text: str, colours: Theme, *, on_left: bool) -> None:
    """Write beside a point, a little above it."""
    axes.annotate(
        text,
        (x, y),
        xytext=(-4 if on_left else 4, 4),
        textcoords="offset points",
        ha="right" if on_left else "left",
        va="bottom",
        color=colours.text,
        size=_SMALL,
        zorder=6,
    )


def _unit(seconds: float) -> tuple[str, float]:
    """Choose the unit people would say: its name and its length in seconds."""
    return next((name, length) for name, length in _UNITS if seconds >= 3 * length or length == 1.0)


def _log_if_wide(axes: Axes, times: Floats) -> None:
    """Draw the time axis in logs when a few seconds and many minutes must both show."""
    positive = times[times > 0]
    if not positive.size or positive.max() / positive.min() <= _LOG_SPAN:
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
