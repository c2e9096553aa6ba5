"""Results read from what the benchmarks wrote: by method and figure, and as tables in Markdown.

Files are known by their `benchmark` and `settings`; those that agree in both are one result. A method that lacks tasks
is left out and named on stderr: means over different tasks do not compare. Intervals are Student's, over seeds.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stores import STORES
from benchmarks.summary import Estimate, Run, by_seed, estimate, read_runs

Rows = Mapping[str, Mapping[str, Estimate]]
"""Method, or store, to figure to estimate."""
Key = tuple[str, int]
"""Method and number of experiences."""
Cells = Sequence[Mapping[str, Any]]

KINDS = ("replay", "curves", "overhead", "world", "live")
OURS, NO_STORE = "ours", "ours_no_store"
NAMES = {
    OURS: "xautolm-nb",
    NO_STORE: "xautolm-nb, no store",
    "ours_ahead": "xautolm-nb, one ahead",
    "ours_front": "xautolm-nb, score and seconds",
    "asha": "ASHA",
    "asha_store": "ASHA, stored order",
    "bohb": "BOHB",
    "forest": "forests",
    "gp_full": "GP, log EI",
    "hyperband": "Hyperband",
    "knn_25": "kNN-25",
    "knn_50": "kNN-50",
    "nspe": "NSPE",
    "nspe_mended": "NSPE, mended",
    "optuna_gp": "Optuna GP",
    "optuna_hyperband": "Optuna Hyperband",
    "optuna_tpe": "Optuna TPE",
    "optuna_tpe_hyperband": "Optuna TPE, Hyperband",
    "rgpe": "RGPE",
    "smac": "SMAC3",
    "warm_moderate_max": "XAutoLM warm start",
    "warm_moderate_max_mended": "XAutoLM warm start, mended",
}
BAD = ("error@10", "regret@20")
"""What is shown of a store that misleads."""
_HIGH = ("area", "best", "hypervolume", "test", "win_ratio")
_REPLAY = (
    "area",
    "error@10",
    "hours_to_95",
    "regret@10",
    "regret@20",
    "evaluation_seconds",
    "win_ratio",
    "hypervolume",
)
_WORLD = ("best", "area", "evaluation_seconds", "trials")
_LIVE = ("best", "test", "area", "error_ratio", "evaluation_seconds")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was measured with the same settings."""

    benchmark: str
    settings: Mapping[str, Any]
    runs: tuple[Run, ...] = ()
    cells: tuple[Mapping[str, Any], ...] = ()
    """Of `overhead`, in place of runs."""

    @property
    def data(self) -> str:
        """Name of the table it was measured on."""
        return Path(self.settings["data"]).stem

    @property
    def part(self) -> str:
        """The tasks, for a title, where only some of the table's were asked for."""
        tasks = self.settings.get("tasks")
        return f", only {', '.join(tasks)}" if isinstance(tasks, list) else ""

    @property
    def budgets(self) -> list[str]:
        """Of `curves`: the figures that are regret after a budget."""
        return [f"regret@{budget}" for budget in self.settings["budgets"]]


def read_results(folder: str | Path) -> list[Result]:
    """All results of a folder; of a run or cell that several files have, the newest."""
    read = [(path, json.loads(path.read_text())) for path in sorted(Path(folder).rglob("*.json"))]
    ours = [(path, one) for path, one in read if isinstance(one, dict) and one.get("benchmark") in KINDS]
    found: dict[str, Result] = {}
    for path, document in sorted(ours, key=lambda pair: str(pair[1]["date"])):
        name, settings = document["benchmark"], document["settings"]
        key = json.dumps([name, settings], sort_keys=True)
        before = found.get(key, Result(benchmark=name, settings=settings))
        runs = {run.key: run for run in (*before.runs, *read_runs(path, settings))}
        cells = {_place(cell): cell for cell in (*before.cells, *document.get("cells", ()))}
        found[key] = replace(before, runs=tuple(runs.values()), cells=tuple(cells.values()))
    return [result if result.benchmark == "live" else _whole(result) for result in found.values()]


def _place(cell: Mapping[str, Any]) -> tuple[bool, str, int, int]:
    """What tells cells apart, in their order: ours first."""
    return cell["method"] != OURS, cell["method"], cell["experiences"], cell["trials"]


def _whole(result: Result) -> Result:
    """Without the methods that lack tasks."""
    tasks = {run.task for run in result.runs}
    lacking = {}
    for method in {run.method for run in result.runs}:
        if missing := tasks - {run.task for run in result.runs if run.method == method}:
            lacking[method] = ", ".join(sorted(missing))
    for method in sorted(lacking):
        print(f"{result.benchmark}: {method} is left out, it lacks {lacking[method]}", file=sys.stderr)
    return replace(result, runs=tuple(run for run in result.runs if run.method not in lacking))


def rows_of(runs: Sequence[Run], names: Sequence[str]) -> Rows:
    """Method to figure to its estimate over seeds; methods without a seed that has all tasks are left out."""
    methods = dict.fromkeys(run.method for run in runs)
    rows = {method: {name: _estimate(runs, method, name) for name in names} for method in methods}
    return {method: row for method, row in rows.items() if any(value.n for value in row.values())}


def _estimate(runs: Sequence[Run], method: str, name: str) -> Estimate:
    mine = [run for run in runs if run.method == method]
    tasks = {run.task for run in mine}
    known = [run for run in mine if math.isfinite(run.figures.get(name, math.nan))]
    whole = tasks == {run.task for run in known}
    return estimate(list(by_seed(known, method, name).values()) if whole else [])


def store_rows(group: Sequence[Result]) -> Rows:
    """Store to the figures of our search, and `NO_STORE` to those of our search when it is told of none.

    That one is the same whatever the store, so the result with the most runs of it speaks for all.
    """
    told = {result.settings["store"]: rows_of(result.runs, BAD) for result in group}
    rows = {store: told[store][OURS] for store in STORES if OURS in told.get(store, {})}
    alone = [told[store][NO_STORE] for store in told if NO_STORE in told[store]]
    return rows | ({NO_STORE: max(alone, key=lambda row: row[BAD[0]].n)} if alone else {})


def by_dataset(result: Result, names: Sequence[str]) -> dict[str, Rows]:
    """Data set to the rows of its live runs."""
    tasks = sorted({run.task for run in result.runs})
    return {task: rows_of([run for run in result.runs if run.task == task], names) for task in tasks}


def timings(result: Result) -> dict[Key, Cells]:
    """Cells by method and experiences, in order of trials."""
    found: dict[Key, list[Mapping[str, Any]]] = {}
    for cell in sorted(result.cells, key=_place):
        found.setdefault((cell["method"], cell["experiences"]), []).append(cell)
    return dict(found)


def by_store(results: Sequence[Result], benchmark: str) -> list[list[Result]]:
    """Results of a benchmark, those together that differ in the store only."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.benchmark == benchmark:
            others = {name: value for name, value in result.settings.items() if name != "store"}
            found.setdefault(json.dumps(others, sort_keys=True), []).append(result)
    return list(found.values())


def is_higher_better(figure: str) -> bool:
    """Whether more of a figure is better."""
    return figure.split("@")[0] in _HIGH


def counts(*parts: Sequence[Run]) -> str:
    """How many tasks and seeds stand behind the means of one or several parts."""
    tasks = max(len({run.task for run in part}) for part in parts)
    seeds = {len({r.seed for r in part if r.method == name}) for part in parts for name in {r.method for r in part}}
    span = f"{min(seeds)} to {max(seeds)}" if len(seeds) > 1 else f"{max(seeds)}"
    means = f"mean of {tasks} tasks, " if tasks > 1 else ""
    return f"{means}95 % intervals over {span} seeds" if max(seeds) > 1 else f"{means}one seed"


def name_of(label: str) -> str:
    """A method or store as people read it."""
    return NAMES.get(label, label.replace("_", " "))


def tables(results: Sequence[Result]) -> Iterator[tuple[str, Rows]]:
    """Each table there are results for, with its title."""
    for group in by_store(results, "replay"):
        where = f"{group[0].data}, pool {group[0].settings['pool']}{group[0].part}"
        for result in (one for one in group if one.settings["store"] == "honest" and one.runs):
            yield f"Replay: {where}; {counts(result.runs)}", rows_of(result.runs, _REPLAY)
        if store_rows(group).keys() - {"honest", NO_STORE}:
            yield f"Replay with other stores: {where}", store_rows(group)
    for result in results:
        if result.benchmark == "curves":
            where = f"{result.data}, store {result.settings['store']}{result.part}"
            yield f"Curves: {where}; {counts(result.runs)}", rows_of(result.runs, result.budgets)
        elif result.benchmark == "overhead":
            yield f"Overhead: median seconds per proposal, threads: {result.settings['threads']}", _medians(result)
        elif result.benchmark == "world":
            where = f"{result.data}, {result.settings['seconds']:g} s{result.part}"
            yield f"World: {where}; {counts(result.runs)}", rows_of(result.runs, _WORLD)
        elif result.benchmark == "live":
            for dataset, rows in by_dataset(result, _LIVE).items():
                starter = ", starter experience as the store" if result.settings.get("store") == "starter" else ""
                yield f"Live: {dataset}, {result.settings['seconds']:g} s{starter}", rows


def _medians(result: Result) -> Rows:
    return {
        f"{name_of(method)}, {experiences:,} experiences": {
            f"{cell['trials']:,} trials": Estimate(mean=cell["median"], low=math.nan, high=math.nan, n=1)
            for cell in cells
        }
        for (method, experiences), cells in timings(result).items()
    }


def markdown(title: str, rows: Rows) -> str:
    """A table in Markdown: the best mean of each column, and what reads the same, is bold."""
    columns = list(dict.fromkeys(name for row in rows.values() for name, value in row.items() if value.n))
    cells = {name: _column([row.get(name) for row in rows.values()], is_higher_better(name)) for name in columns}
    lines = [f"**{title}**", "", f"| | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for number, label in enumerate(rows):
        lines.append(f"| {name_of(label)} | {' | '.join(cells[name][number] for name in columns)} |")
    return "\n".join(lines)


def _column(values: Sequence[Estimate | None], higher: bool) -> list[str]:
    """Means with half their intervals, to three digits of a middling mean."""
    means = [value.mean for value in values if value is not None and math.isfinite(value.mean)]
    middling = max(float(np.median(np.abs(means))) if means else 1.0, 1e-2)
    digits = max(0, 2 - math.floor(math.log10(middling)))
    best = f"{(max if higher else min)(means, default=math.nan):.{digits}f}"
    return [_written(value, digits, best) for value in values]


def _written(value: Estimate | None, digits: int, best: str) -> str:
    if value is None or not value.n:
        return "–"
    mean, half = f"{value.mean:.{digits}f}", (value.high - value.low) / 2
    shown = f"**{mean}**" if mean == best else mean
    return f"{shown} ± {half:.{digits}f}" if math.isfinite(half) else shown
