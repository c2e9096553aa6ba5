"""Drawing of what a search has reached: best score over time, front of score and time, learning curves by rung."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from xautolm_nb.core.trial import TrialState
from xautolm_nb.plots.canvas import (
    Look,
    empty,
    is_wide,
    log_times,
    mark,
    plain,
    shortened,
    steps,
    titled,
    unit_of,
)
from xautolm_nb.plots.data import Anytime, Floats, Integers, LearningCurve, ParetoFront
from xautolm_nb.plots.labels import Drawing, Label

_FULL, _LEAST = 0.999, 2.0**-10
_LOWEST = 0.25  # share of the validations that may lie beyond the worse end of the axis
_MOST_LABELS = 6
_RUNG_GAP = 0.5  # of an octave between two ticks
_MOST_RUNGS = 6


def draw_anytime(axes: Axes, data: Anytime, look: Look) -> Drawing:
    """Draw the best score so far as steps, single validations as dots, and what was expected before as a band."""
    titled(axes, look, "Best score so far", y=look.name)
    if not data.seconds.size:
        empty(axes, "no validation yet", look)
        return Drawing()
    colours = look.colours
    unit, length = unit_of(data.total_seconds)
    times, end = data.seconds / length, max(data.total_seconds, float(data.seconds[-1])) / length
    low, high = _view(data, look.maximize)
    labels = _prior(axes, data, look, end)
    inside = np.clip(data.scores, low, high)
    beyond = inside != data.scores
    axes.plot(times[~beyond], inside[~beyond], "o", color=colours.faint, ms=3, alpha=0.6, mew=0)
    worse = "v" if look.maximize else "^"
    if beyond.any():  # an empty line that is not clipped would get room at the corner of the figure
        axes.plot(times[beyond], inside[beyond], worse, color=colours.faint, ms=4, mfc="none", mew=0.8, clip_on=False)
    axes.plot(*steps(times, data.best, end), color=colours.main, linewidth=2, zorder=4)
    first = int(np.argmax(data.best == data.best[-1]))
    axes.plot(times[first], data.best[-1], "o", color=colours.accent, mec=colours.background, ms=7, zorder=5)
    axes.set_xlabel(f"work spent ({unit})")
    axes.set_xlim(0, end * 1.02 or 1.0)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    text = f"{data.best[-1]:.3f} (trial {data.numbers[first]})"
    side = ("below" if look.maximize else "above") + (" left" if times[first] > 0.5 * end else " right")
    return Drawing(labels=[Label(text=text, x=times[first], y=data.best[-1], side=side, strong=True), *labels])


def draw_pareto(axes: Axes, data: ParetoFront, look: Look) -> Drawing:
    """Draw trials by their time and score, and the front no trial beats: full circles ran to the end."""
    titled(axes, look, "Score against time", y=look.name)
    if not data.numbers.size:
        empty(axes, "no scored trial yet", look)
        return Drawing()
    colours = look.colours
    shown = data.seconds if data.reference is None else np.concatenate([data.seconds, data.reference.seconds])
    length = _time_axis(axes, shown, look)
    times = data.seconds / length
    for chosen, colour, size, layer in ((~data.front, colours.faint, 4, 2), (data.front, colours.main, 6, 5)):
        for done in (True, False):
            keep = chosen & (data.complete == done)
            fill = colour if done else colours.background
            axes.plot(times[keep], data.scores[keep], "o", color=colour, ms=size, mfc=fill, zorder=layer)
    front = np.flatnonzero(data.front)[np.argsort(times[data.front], kind="stable")]
    end = axes.get_xlim()[1]
    axes.plot(*steps(times[front], data.scores[front], end), color=colours.main, lw=1.6, zorder=4)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    handles = [mark("ran to the end", "o", colours.main), mark("stopped early", "o", colours.main, filled=False)]
    side = "above left" if look.maximize else "below left"
    labels = [
        Label(text=f"#{data.numbers[i]}", x=times[i], y=data.scores[i], side=side) for i in _spread(front, _MOST_LABELS)
    ]
    key = handles if not data.complete.all() else []
    return Drawing(labels=[*_reference(axes, data, look, length, end), *labels], key=key)


def draw_curves(axes: Axes, curves: Sequence[LearningCurve], look: Look) -> Drawing:
    """Draw learning curves over the share of the full run: the best thick, those stopped early dashed."""
    titled(axes, look, "Learning curves", "share of the full run (n trials)", look.name)
    if not curves:
        empty(axes, "no validation yet", look)
        return Drawing()
    colours = look.colours
    faintness = float(np.clip(12 / len(curves), 0.2, 0.8))
    for curve in curves:
        stopped = curve.fidelity[-1] < _FULL
        axes.plot(
            np.maximum(curve.fidelity, _LEAST),  # of nothing there is no logarithm
            curve.scores,
            color=colours.main if curve.best else colours.faint,
            linewidth=2.2 if curve.best else 1.0,
            alpha=1.0 if curve.best else faintness,
            linestyle="--" if stopped and not curve.best else "-",
            marker="o",
            markersize=4.0 if curve.best else 2.4,
            zorder=5 if curve.best else 2,
        )
    failed = [curve for curve in curves if curve.state is TrialState.FAILED]
    if failed:
        ends = [[max(curve.fidelity[-1], _LEAST) for curve in failed], [curve.scores[-1] for curve in failed]]
        axes.plot(*ends, "x", color=colours.failed, ms=6, mew=1.6, zorder=5.5)
    _rungs(axes, curves, look)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    best = next((curve for curve in curves if curve.best), curves[0])
    top = int(np.argmax(best.scores) if look.maximize else np.argmin(best.scores))
    text = f"#{best.number}: {best.scores[top]:.3f}"
    label = Label(text=text, x=best.fidelity[top], y=best.scores[top], strong=True)
    return Drawing(labels=[label], key=[mark("failed there", "x", colours.failed, size=6)] if failed else [])


def _view(data: Anytime, maximize: bool) -> tuple[float, float]:
    """Ends of the score axis: all of the best line and the prior's mean; the worst validations may lie beyond."""
    sign = 1.0 if maximize else -1.0
    scores = np.sort(sign * data.scores)
    known = [*(sign * data.best), scores[int(_LOWEST * scores.size)]]
    if data.prior is not None:
        known.append(sign * data.prior.mean)
    low, high = min(known), max(known)
    room = 0.1 * (high - low) or 0.05 * abs(high) or 0.1
    low, high = sign * (low - room), sign * (high + room)
    return min(low, high), max(low, high)


def _prior(axes: Axes, data: Anytime, look: Look, end: float) -> list[Label]:
    if data.prior is None:
        return []
    prior, colours = data.prior, look.colours
    axes.axhspan(prior.low, prior.high, color=colours.main, alpha=0.12, linewidth=0, zorder=1)
    axes.plot([0, end * 1.02], [prior.mean, prior.mean], "--", color=colours.main, linewidth=1.2, zorder=3)
    source = f"prior of {prior.experiences} trials" if prior.experiences else "prior"
    text = f"{source}: {prior.mean:.3f} ± {prior.high - prior.mean:.3f}"
    return [Label(text=text, x=end, y=prior.mean, side="below left" if look.maximize else "above left")]


def _time_axis(axes: Axes, seconds: Floats, look: Look) -> float:
    """Prepare an axis of times; returns the length of its unit in seconds."""
    if is_wide(seconds):
        positive = seconds[seconds > 0]
        log_times(axes, "x", positive.min() / 1.5, positive.max() * 1.5, 4 if look.is_narrow else 6)
        axes.set_xlabel("time of the trial")
        return 1.0
    unit, length = unit_of(float(seconds.max()))
    axes.set_xlabel(f"time of the trial ({unit})")
    low, high = float(seconds.min()) / length, float(seconds.max()) / length
    room = 0.1 * (high - low) or 0.1 * high or 1.0
    axes.set_xlim(max(0.0, low - room), high + room)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    return length


def _reference(axes: Axes, data: ParetoFront, look: Look, length: float, end: float) -> list[Label]:
    other = data.reference
    if other is None or not other.seconds.size:
        return []
    times, colour = other.seconds / length, look.colours.text
    axes.plot(*steps(times, other.scores, end), "--", color=colour, lw=1.0, alpha=0.7, zorder=3)
    axes.plot(times, other.scores, "s", color=colour, mfc=look.colours.background, ms=4, alpha=0.7, zorder=3)
    side = "below left" if look.maximize else "above left"
    return [Label(text=plain(shortened(other.name, 24)), x=end, y=float(other.scores[-1]), side=side)]


def _rungs(axes: Axes, curves: Sequence[LearningCurve], look: Look) -> None:
    """Ticks at the fidelities most curves were validated at, in octaves, with the number of curves that came so far."""
    reached = np.maximum(np.concatenate([curve.fidelity for curve in curves]), _LEAST)
    ends = np.array([max(curve.fidelity[-1], _LEAST) for curve in curves])
    values, counts = np.unique(np.round(reached, 4), return_counts=True)
    ticks: list[float] = []
    for value in values[np.argsort(-counts, kind="stable")]:
        near = any(abs(np.log2(value / tick)) < _RUNG_GAP for tick in ticks)
        if not near and len(ticks) < _MOST_RUNGS:
            ticks.append(float(value))
    axes.set_xscale("log", base=2)
    axes.set_xlim(min(ticks) / 1.25, max(1.0, *ticks) * 1.25)
    axes.xaxis.set_major_locator(FixedLocator(sorted(ticks)))
    axes.xaxis.set_minor_locator(NullLocator())
    told = {tick: int((ends >= tick - 1e-4).sum()) for tick in ticks}
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:.0%}\nn={told.get(float(tick), 0)}"))


def _spread(front: Integers, most: int) -> Integers:
    """Choose at most `most` points to label, both ends first."""
    chosen = front[np.unique(np.linspace(0, front.size - 1, min(most, front.size)).round().astype(np.int64))]
    return np.concatenate([chosen[-1:], chosen[:-1]])
