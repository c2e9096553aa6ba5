"""Figures of what the benchmarks wrote, and the same numbers as tables.

    python -m benchmarks.figures --results benchmarks/results --out docs/images
    python -m benchmarks.figures --results benchmarks/results --tables docs/benchmarks.md

Which files are one result, and who is left out, is said in `benchmarks.tabled`.
"""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from scipy.optimize import isotonic_regression

from benchmarks.curves import STORES as CURVE_STORES
from benchmarks.tabled import (
    BAD,
    NO_STORE,
    OURS,
    Cells,
    Key,
    Result,
    Rows,
    by_dataset,
    by_store,
    counts,
    is_higher_better,
    markdown,
    name_of,
    read_results,
    rows_of,
    store_rows,
    tables,
    timings,
)
from xautolm_nb.plots.figures import to_svg
from xautolm_nb.plots.theme import LIGHT

BARS = (1.0, 3.0)
"""Seconds a proposal should take, and may take."""
TITLES = {
    "area": "best so far, mean over the time",
    "best": "best validation score",
    "hours_to_95": "hours to 95 % of the third best",
}
_REPLAY = ("area", "error@10", "hours_to_95")
_LIVE = ("best", "evaluation_seconds")
_HEAD = """# What was measured

Written by `python -m benchmarks.figures --tables docs/benchmarks.md` from `benchmarks/results/`;
[benchmarks/README.md](../benchmarks/README.md) says what each figure means and how it is measured again. The best mean
of each column is bold."""
_FLOOR = 1e-4  # of regret on an axis of logarithms: it is 0 where the best was found
_ROW, _SMALL, _TITLE = 0.24, 8.0, 9.0
_MARKS = "sD^vP*X<>ph"


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the figures, or print or write the tables, of a folder of results."""
    args = _parser().parse_args(arguments)
    results = read_results(args.results)
    if args.tables == "-":
        print(page(results))
        return
    if args.tables:
        Path(args.tables).write_text(f"{_HEAD}\n\n{page(results)}\n")
        print(args.tables)
        return
    drawn: dict[str, Figure] = {}
    for name, figure in figures(results):
        if name in drawn:
            raise SystemExit(f"Two results in {args.results} are {name!r} with other settings. Keep one of them there.")
        drawn[name] = figure
    Path(args.out).mkdir(parents=True, exist_ok=True)
    for name, figure in drawn.items():
        target = Path(args.out) / f"{name}.svg"
        target.write_bytes(to_svg(figure))
        print(target)


def page(results: Sequence[Result]) -> str:
    """All tables in Markdown."""
    return "\n\n".join(markdown(title, rows) for title, rows in tables(results))


def figures(results: Sequence[Result]) -> Iterator[tuple[str, Figure]]:
    """Each figure there are results for, with its name."""
    for group in by_store(results, "replay"):
        where = f"{group[0].data}_{group[0].settings['pool']}"
        for result in (one for one in group if one.settings["store"] == "honest" and rows_of(one.runs, _REPLAY)):
            yield f"replay_{where}", replay_figure(result)
        if store_rows(group).keys() - {"honest", NO_STORE}:
            yield f"stores_{where}", stores_figure(group)
    for group in by_store([result for result in results if result.runs], "curves"):
        yield f"curves_{group[0].data}_{max(group[0].settings['budgets'])}", curves_figure(group)
    for result in results:
        if result.benchmark == "overhead" and result.cells:
            yield "overhead", overhead_figure(result)
        elif result.benchmark == "live" and result.runs:
            starter = "_starter" if result.settings.get("store") == "starter" else ""
            yield f"live_{result.settings['seconds']:g}s{starter}", live_figure(result)


def replay_figure(result: Result) -> Figure:
    """Draw area, failures and hours of each method as dots with intervals, the best area on top."""
    rows = rows_of(result.runs, _REPLAY)
    figure, panels = _panels(1, 3, height=0.8 + _ROW * len(rows))
    _draw_rows(panels[0], rows, _ranked(rows, "area"))
    return _finished(figure, counts(result.runs))


def stores_figure(group: Sequence[Result]) -> Figure:
    """Draw failures and regret of our search with each store; the grey band is our search without one."""
    rows = store_rows(group)
    figure, panels = _panels(1, 2, height=1.0 + _ROW * len(rows))
    order = [store for store in rows if store != NO_STORE]
    _draw_rows(panels[0], {store: rows[store] for store in order}, order, ours=order)
    for axes, name in zip(panels[0], BAD, strict=True):
        if NO_STORE in rows:
            value = rows[NO_STORE][name]
            axes.axvspan(value.low, value.high, color=LIGHT.faint, alpha=0.25, linewidth=0, zorder=1)
            axes.axvline(value.mean, color=LIGHT.faint, linewidth=1.4, zorder=2)
            axes.set_title("no store", x=value.mean, transform=axes.get_xaxis_transform(), fontsize=_SMALL)
    return _finished(
        figure, counts(*([run for run in result.runs if run.method in (OURS, NO_STORE)] for result in group))
    )


def curves_figure(group: Sequence[Result]) -> Figure:
    """Draw regret against budget, a line for each method and a panel for each store."""
    ordered = sorted(group, key=lambda result: CURVE_STORES.index(result.settings["store"]))
    columns = min(3, len(ordered))
    figure, panels = _panels(-(-len(ordered) // columns), columns, width=4.3, height=3.4, sharey=True)
    for axes, result in zip(panels.flat, ordered, strict=False):
        _draw_regret(axes, result)
        axes.set_title(f"store: {result.settings['store']}", loc="left", fontsize=_TITLE)
        axes.set_xlabel("budget in full runs")
    for axes in panels[:, 0]:
        axes.set_ylabel("regret")
    for axes in panels.flat[len(ordered) :]:
        axes.set_visible(False)
    for axes in panels.flat[: len(ordered)]:  # now that the limits all panels share are known
        _label_ends(axes)
    return _finished(figure, counts(*(result.runs for result in group)))


def overhead_figure(result: Result) -> Figure:
    """Draw seconds per proposal against trials, a line for each number of experiences."""
    figure, panels = _panels(1, 2, width=4.3, height=3.4, sharey=True)
    titles = {"median": "later proposals: median, whisker to the 90 % mark", "first": "first proposal"}
    for axes, (part, title) in zip(panels[0], titles.items(), strict=True):
        _draw_seconds(axes, timings(result), part)
        axes.set_title(title, loc="left", fontsize=_TITLE)
        axes.set_xlabel("trials of the study")
    panels[0][0].set_ylabel("seconds")
    for axes in panels[0]:
        _label_ends(axes)
    return _finished(figure, f"at the end of each line: stored experiences; threads: {result.settings['threads']}")


def live_figure(result: Result) -> Figure:
    """Draw peak score and evaluation seconds of each method, a row of panels for each data set."""
    parts = by_dataset(result, _LIVE)
    figure, panels = _panels(len(parts), 2, height=0.8 + _ROW * max(map(len, parts.values())), width=4.0)
    for pair, (dataset, rows) in zip(panels, parts.items(), strict=True):
        _draw_rows(pair, rows, _ranked(rows, "best"))
        pair[0].set_title(dataset, loc="left", fontsize=_TITLE, fontweight="bold")
    return _finished(figure, counts(*([run for run in result.runs if run.task == task] for task in parts)))


def _ranked(rows: Rows, figure: str) -> list[str]:
    """Methods, the largest first."""
    return sorted(rows, key=lambda method: -np.nan_to_num(rows[method][figure].mean, nan=-np.inf))


def _draw_rows(panels: Sequence[Axes], rows: Rows, order: Sequence[str], *, ours: Sequence[str] = (OURS,)) -> None:
    """Draw a dot with its interval for each row, from the top, and a panel for each figure; our rows stand out."""
    for axes, name in zip(panels, next(iter(rows.values())), strict=True):
        for place, label in enumerate(order):
            value, main = rows[label][name], label in ours
            colour, width, size = (LIGHT.main, 2.0, 6.0) if main else (LIGHT.faint, 1.4, 4.5)
            axes.plot([value.low, value.high], [place, place], color=colour, linewidth=width, zorder=3)
            axes.plot(value.mean, place, "o", color=colour, markersize=size, zorder=4)
        if OURS in order:
            axes.axvline(rows[OURS][name].mean, color=LIGHT.main, linewidth=0.8, alpha=0.35, zorder=1)
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.set_yticks(range(len(order)), [name_of(label) for label in order] if axes is panels[0] else [])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{_title(name)} ({'more' if is_higher_better(name) else 'less'} is better)")
    for text, label in zip(panels[0].get_yticklabels(), order, strict=True):
        text.set(color=LIGHT.main if label == OURS else LIGHT.text, fontweight="bold" if label == OURS else "normal")


def _draw_regret(axes: Axes, result: Result) -> None:
    """Draw each method's regret: our intervals as bands, those of peers as whiskers a little apart."""
    budgets = np.array(result.settings["budgets"], dtype=float)
    rows = rows_of(result.runs, result.budgets)
    for number, (method, row) in enumerate(rows.items()):
        mean, low, high = np.maximum([(e.mean, e.low, e.high) for e in row.values()], _FLOOR).T
        if method in (OURS, NO_STORE):
            axes.fill_between(budgets, low, high, color=LIGHT.main, alpha=0.15, linewidth=0, zorder=2)
            axes.plot(budgets, mean, label=method, **_style(method))
        else:
            at = budgets * 1.012 ** (number - len(rows) / 2)
            axes.vlines(at, low, high, color=LIGHT.faint, linewidth=0.8, zorder=2)
            axes.plot(at, mean, label=method, **_style(method, _MARKS[number % len(_MARKS)]))
    _in_logs(axes, [int(budget) for budget in budgets])


def _draw_seconds(axes: Axes, lines: Mapping[Key, Cells], part: str) -> None:
    """Draw one time of the cells; lines of more experiences are darker."""
    most = math.log1p(max(experiences for _, experiences in lines)) or 1.0
    for number, ((method, experiences), cells) in enumerate(lines.items()):
        trials, seconds = [cell["trials"] for cell in cells], [cell[part] for cell in cells]
        style = _style(method, _MARKS[number % len(_MARKS)])
        style["alpha"] = 0.35 + 0.65 * math.log1p(experiences) / most if method == OURS else 1.0
        axes.plot(trials, seconds, label=f"{experiences:,}" if method == OURS else method, **style)
        if part == "median":
            axes.vlines(trials, seconds, [cell["p90"] for cell in cells], color=style["color"], linewidth=1.0, zorder=2)
    for bar in BARS:
        axes.axhline(bar, color=LIGHT.accent, linewidth=1.0, linestyle="--", zorder=1)
        axes.text(0.01, bar, f"{bar:g} s", transform=axes.get_yaxis_transform(), va="bottom", fontsize=_SMALL)
    _in_logs(axes, sorted({cell["trials"] for cells in lines.values() for cell in cells}))


def _style(method: str, mark: str = "o") -> dict[str, Any]:
    if method == OURS:
        return {"color": LIGHT.main, "linewidth": 2.2, "marker": "o", "markersize": 5.0, "zorder": 5}
    if method == NO_STORE:
        return {"color": LIGHT.main, "linewidth": 1.4, "linestyle": "--", "marker": "o", "markersize": 3.5, "zorder": 4}
    return {"color": LIGHT.faint, "linewidth": 1.1, "marker": mark, "markersize": 4.0, "zorder": 3}


def _label_ends(axes: Axes) -> None:
    """Name each line at the right of the axes, the names apart from each other."""
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    ends = [(float(np.asarray(line.get_xdata())[-1]), float(np.asarray(line.get_ydata())[-1])) for line in lines]
    low, high = np.log10(axes.get_ylim())
    inches = axes.bbox.height / axes.figure.dpi
    places = spread([(math.log10(y) - low) / (high - low) for _, y in ends], 1.25 * _SMALL / 72 / inches)
    for line, end, place in zip(lines, ends, places, strict=True):
        method = str(line.get_label())
        axes.annotate(
            name_of(method),
            end,
            xytext=(1.05, place),
            textcoords="axes fraction",
            va="center",
            fontsize=_SMALL,
            fontweight="bold" if method == OURS else "normal",
            color=LIGHT.text if line.get_color() == LIGHT.faint else LIGHT.main,
            arrowprops={"arrowstyle": "-", "color": LIGHT.faint, "linewidth": 0.5, "shrinkB": 3, "relpos": (0.0, 0.5)},
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """The places nearest to the wanted ones that are a gap apart, none above 1."""
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    apart = np.empty(len(places))
    apart[order] = isotonic_regression(np.asarray(places, dtype=float)[order] - steps).x + steps
    return list(apart - max(0.0, float(apart.max()) - 1.0))


def _panels(rows: int, columns: int, *, height: float, width: float = 3.2, sharey: bool = False) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width * columns, height * rows + 0.3), facecolor=LIGHT.background, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    for axes in panels.flat:
        axes.tick_params(labelsize=_SMALL, colors=LIGHT.text, length=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(LIGHT.faint)
        axes.grid(color=LIGHT.grid, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.xaxis.label.set(size=_SMALL, color=LIGHT.text)
        axes.yaxis.label.set(size=_SMALL, color=LIGHT.text)
    return figure, panels


def _in_logs(axes: Axes, ticks: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(ticks), [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _finished(figure: Figure, note: str) -> Figure:
    """Add the note and lay out, once: the solver's last digits differ from call to call, and would in the file."""
    figure.supxlabel(note, fontsize=_SMALL, color=LIGHT.text, x=0.99, ha="right")
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position().bounds, 4))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 4), round(y, 4)))
    return figure


def _title(figure: str) -> str:
    name, _, count = figure.partition("@")
    words = {"error": "failed among the first", "regret": "regret after", "best": "best of the first"}
    return f"{words[name]} {count} trials" if count else TITLES.get(figure, figure.replace("_", " "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__.split("\n")[0])
    parser.add_argument("--results", default="benchmarks/results", help="folder of what the benchmarks wrote")
    parser.add_argument("--out", default="docs/images", help="folder of the figures")
    parser.add_argument("--tables", nargs="?", const="-", help="write tables in Markdown to this file, or print them")
    return parser


if __name__ == "__main__":
    main()
