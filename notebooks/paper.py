"""What the notebooks of the paper share: where the data lie, tables that are kept, and the look of the figures."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))  # the benchmarks are no part of the installed package

from benchmarks.recorded import CONTEXTS, read_contexts
from xautolm_nb.core.context import Context
from xautolm_nb.plots.theme import BLUE, LIGHT, ORANGE, SKY, VERMILION

SHARED = (ROOT / os.environ.get("XAUTOLM_SHARED", "../shared")).resolve()
"""Recorded trials, data sets and learning curves; a relative path counts from the checkout, as in the tests."""
SMOKE = os.environ.get("SMOKE", "") not in ("", "0")
"""A short run: kept tables are read and the work of each notebook is cut down to about a minute."""
KEEP = SMOKE or os.environ.get("KEEP", "") not in ("", "0")
"""Kept tables are read and not made anew, for a change of text or figures."""
RESULTS = HERE / "results"

GREEN, PURPLE, YELLOW, BLACK = "#009E73", "#CC79A7", "#F0E442", "#222222"
COLOURS = {"liar": PURPLE, "sst2": BLUE, "meld": ORANGE, "ag_news": GREEN, "squad": SKY, "drop": VERMILION}
"""One colour for each task of the paper, from Okabe and Ito's palette."""
TITLES = {
    "liar": "LIAR",
    "sst2": "SST-2",
    "meld": "MELD",
    "ag_news": "AG News",
    "squad": "SQuAD",
    "drop": "DROP",
}
RECORDED = ("sst2", "meld", "ag_news")
"""Tasks whose trials were released."""
LEVELS, PRIORS = ("low", "moderate", "high"), ("LIAR", "median", "max")


def shared(*parts: str) -> Path:
    """A file or folder of the shared data.

    Raises:
        FileNotFoundError: It is not there; the message says what to do.
    """
    place = SHARED.joinpath(*parts)
    if not place.exists():
        raise FileNotFoundError(
            f"Expected recorded data at {place}. Set XAUTOLM_SHARED to the folder that holds {'/'.join(parts)}."
        )
    return place


def kept(name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The table `results/<name>.csv`: made and written anew in a full run, read with `SMOKE=1` or `KEEP=1`."""
    place = RESULTS / f"{name}.csv"
    if not KEEP:
        make().to_csv(place, index=False, lineterminator="\n")
    return pd.read_csv(place)


def published() -> pd.DataFrame:
    """The paper's table of runs: one row for each task and method, F1 of SQuAD on 0 to 100."""
    return pd.read_csv(RESULTS / "published_runs.csv")


def contexts() -> dict[str, Context]:
    """Recorded meta-features of the four classification tasks, and of the machine."""
    return read_contexts(CONTEXTS)


def rows_of(task: str, *splits: str) -> pd.DataFrame:
    """The splits of a data set, one after the other; all that it has when none is named."""
    folder = shared("datasets", task)
    names = splits or [name for name in ("train", "validation", "test") if (folder / f"{name}.parquet").exists()]
    return pd.concat([pd.read_parquet(folder / f"{name}.parquet") for name in names], ignore_index=True)


def panels(
    rows: int = 1, columns: int = 1, *, width: float = 4.2, height: float = 3.0, **more: Any
) -> tuple[Figure, Any]:
    """A figure with a grid of axes, shape `(rows, columns)`; inches of one panel. No pyplot, so nothing leaks."""
    figure = Figure(figsize=(width * columns, height * rows), dpi=100, layout="constrained", facecolor="white")
    grid = figure.subplots(rows, columns, squeeze=False, **more)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(LIGHT.faint)
        axes.tick_params(labelsize=8.5, colors=LIGHT.text, length=0)
        axes.grid(color=LIGHT.grid, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.xaxis.label.set(size=9, color=LIGHT.text)
        axes.yaxis.label.set(size=9, color=LIGHT.text)
        axes.title.set_size(10)
    return figure, grid


def dots(axes: Axes, labels: Sequence[str], means: Sequence[float], lows: Sequence[float], highs: Sequence[float],
         colours: Sequence[str]) -> None:  # fmt: skip
    """Draw one dot with its interval for each label, from the top."""
    for place, (mean, low, high, colour) in enumerate(zip(means, lows, highs, colours, strict=True)):
        if np.isfinite(low):
            axes.plot([low, high], [place, place], color=colour, linewidth=1.6, zorder=3)
        axes.plot(mean, place, "o", color=colour, markersize=5, zorder=4)
    axes.set_yticks(range(len(labels)), list(labels))
    axes.set_ylim(len(labels) - 0.4, -0.6)
