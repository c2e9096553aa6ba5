"""Drawing of expectations against what came: scores with their line of calibration, times with a band of factor two."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from xautolm_nb.plots.canvas import Look, empty, log_times, mark, titled
from xautolm_nb.plots.expectations import Calibration, Costs
from xautolm_nb.plots.labels import Drawing, Label


def draw_calibration(axes: Axes, data: Calibration, look: Look) -> Drawing:
    """Draw the score that came over the one expected, with one standard deviation to each side."""
    titled(axes, look, "Prior against posterior", f"expected {look.name}, ± 1 sd", f"{look.name} that came")
    scored = np.isfinite(data.scores)
    if not scored.any():
        empty(axes, "no score to compare yet" if not data.failed.any() else "all trials failed", look)
        return Drawing()
    colours = look.colours
    spread = data.sd[data.judged]
    ends = [data.expected[data.judged] - spread, data.expected[data.judged] + spread]
    low, high = _common(np.concatenate([data.expected[scored], data.scores[scored], *ends]))
    axes.plot([low, high], [low, high], "--", color=colours.text, linewidth=1.0, alpha=0.8, zorder=3)
    early, whole = scored & ~data.complete, data.judged
    axes.plot(
        data.expected[early], data.scores[early], "o", color=colours.faint, mfc="none", ms=3.5, alpha=0.7, zorder=2
    )
    x, y, sd = data.expected[whole], data.scores[whole], data.sd[whole]
    axes.hlines(y, x - sd, x + sd, color=colours.main, linewidth=1.2, alpha=0.5, zorder=2.5)
    axes.plot(x, y, "o", color=colours.main, ms=5, zorder=4)
    lost = data.failed & ~scored
    if lost.any():  # an empty line that is not clipped counts as one at the corner of the figure, and gets room there
        at = np.clip(data.expected[lost], low, high)
        axes.plot(at, np.full(at.size, low), "x", color=colours.failed, ms=6, mew=1.6, clip_on=False, zorder=4)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    handles = [
        (whole.any(), mark("ran to the end", "o", colours.main)),
        (early.any(), mark("stopped early", "o", colours.faint, filled=False)),
        (lost.any(), mark("failed", "x", colours.failed, size=6)),
    ]
    told = [Label(text="as expected", x=low + 0.1 * (high - low), y=low + 0.1 * (high - low), side="below right")]
    if data.judged.any():
        text = f"{data.within} of {int(data.judged.sum())} within 1 sd"
        told.append(Label(text=text, x=low, y=high, side="below right"))
    return Drawing(labels=told, key=[handle for there, handle in handles if there])


def draw_cost(axes: Axes, data: Costs, look: Look) -> Drawing:
    """Draw measured over expected seconds, both in logarithms, with the band between half and twice."""
    titled(axes, look, "Predicted cost", "predicted time", "measured time")
    if not data.numbers.size:
        empty(axes, "no expected time to compare yet", look)
        return Drawing()
    colours = look.colours
    every = np.concatenate([data.expected, data.seconds])
    low, high = float(every.min()) / 2.2, float(every.max()) * 2.2
    most = 3 if look.is_narrow else 5
    log_times(axes, "x", low, high, most)
    log_times(axes, "y", low, high, most)
    ends = np.array([low, high])
    axes.fill_between(ends, ends / 2, ends * 2, color=colours.main, alpha=0.12, linewidth=0, zorder=1)
    axes.plot(ends, ends, "--", color=colours.text, linewidth=1.0, alpha=0.8, zorder=3)
    done = data.judged
    axes.plot(data.expected[done], data.seconds[done], "o", color=colours.main, ms=5, mew=0, alpha=0.8, zorder=4)
    axes.plot(data.expected[~done], data.seconds[~done], "x", color=colours.failed, ms=6, mew=1.6, zorder=4)
    entries = [mark("came to its end", "o", colours.main), mark("failed on the way", "x", colours.failed)]
    text = f"{data.within} of {int(done.sum())} within a factor of 2"
    label = Label(text=text, x=high, y=low, side="above left")
    return Drawing(labels=[label] if done.any() else [], key=entries if (~done).any() else [])


def _common(values: np.ndarray) -> tuple[float, float]:
    """Ends of two axes that show the same unit."""
    low, high = float(values.min()), float(values.max())
    room = 0.1 * (high - low) or 0.05 * abs(high) or 0.1
    return low - room, high + room
