"""Figures of merit of live searches, and the bars they are held to.

The paper compares by peak F1, mean evaluation time, error ratio and the share of pipelines above the zero-shot front.
The last needs the trials of two searches, so it is made here, out of what each run keeps (`live_run.kept`).
"""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from benchmarks.fronts import Point, is_dominated, pareto
from benchmarks.live import ratio
from benchmarks.summary import Estimate, Run, estimate, read_runs

OURS, ZERO_SHOT, WARM_START = "ours", "nspe", "warm_start"
ABLATIONS = frozenset({"ours_no_store"})
"""Parts of ours, which ours is not held against."""
TIMES_LESS_TIME, TIMES_FEWER_ERRORS = 4.5, 7.0
"""The paper's headlines, as bars."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What was wanted and what came."""

    wanted: str
    measured: str
    met: bool


def read_live(path: str | Path) -> tuple[Mapping[str, Any], list[Run]]:
    """Settings and runs of a results file, each with its win ratio where it can be had."""
    settings = json.loads(Path(path).read_text())["settings"]
    return settings, with_win_ratio(read_runs(path, settings))


def with_win_ratio(runs: Sequence[Run], reference: str = ZERO_SHOT) -> list[Run]:
    """Runs with the figure `win_ratio`: the share of trials that no trial of the reference's front dominates.

    The front is that of the reference's search of the same task and seed, in score and seconds. Failures count as
    dominated; trials that ended without a score, because the time was over, do not count. Runs without such a
    reference stay as they are.
    """
    fronts = {(run.task, run.seed): pareto(_points(run)) for run in runs if run.method == reference and run.details}
    return [
        replace(run, figures={**run.figures, "win_ratio": _win_ratio(run, fronts[run.task, run.seed])})
        if run.details and (run.task, run.seed) in fronts
        else run
        for run in runs
    ]


def _win_ratio(run: Run, front: Sequence[Point]) -> float:
    points = _points(run)
    judged = len(points) + sum(cause is not None for *_, cause in run.details["trials"])
    return sum(not is_dominated(point, front) for point in points) / judged if judged else 0.0


def _points(run: Run) -> list[Point]:
    return [(score, seconds) for *_, score, seconds, _ in run.details["trials"] if score is not None]


def whole(runs: Sequence[Run]) -> list[Run]:
    """Runs of the tasks and seeds that all methods have: what a comparison may be made of."""
    methods = {run.method for run in runs}
    have = {run.key for run in runs}
    return [run for run in runs if all((method, run.task, run.seed) in have for method in methods)]


def mean_ranks(runs: Sequence[Run], figure: str) -> dict[str, float]:
    """Mean rank of each method over tasks and seeds by a figure of which more is better; 1 is best, ties share."""
    ranks: dict[str, list[float]] = {run.method: [] for run in runs}
    for key in {(run.task, run.seed) for run in runs}:
        field = [run for run in runs if (run.task, run.seed) == key]
        for run, rank in zip(field, rankdata([-run.figures[figure] for run in field]), strict=True):
            ranks[run.method].append(float(rank))
    return {method: statistics.fmean(found) for method, found in ranks.items()}


def error_ratio(runs: Sequence[Run], method: str) -> float:
    """Failed trials over all trials of a method's searches together."""
    mine = [run.figures for run in runs if run.method == method]
    return sum(figures["failed"] for figures in mine) / max(1.0, sum(figures["trials"] for figures in mine))


def gaps(runs: Sequence[Run], method: str, other: str, figure: str) -> dict[str, Estimate]:
    """Task to the paired difference of two methods over the seeds both have; tasks without any are left out."""
    values = {run.key: run.figures[figure] for run in runs if run.method in (method, other)}
    found: dict[str, list[float]] = {}
    for task, seed in sorted({(task, seed) for _, task, seed in values}):
        if (method, task, seed) in values and (other, task, seed) in values:
            found.setdefault(task, []).append(values[method, task, seed] - values[other, task, seed])
    return {task: estimate(of) for task, of in found.items()}


def best_at(run: Run, clocks: Sequence[float]) -> list[float]:
    """Best validation score that a run had at each of some seconds."""
    times, scores = zip(*run.details["curve"], strict=True)
    places = np.searchsorted(times, clocks, side="right") - 1
    return [float(scores[place]) for place in places]


def bars(runs: Sequence[Run], *, warm_start: str = WARM_START) -> list[Bar]:
    """The four bars of the live comparison; `runs` hold ours, zero-shot and the warm start for all tasks and seeds."""
    held = [run for run in runs if run.method not in ABLATIONS]
    ranks = mean_ranks(held, "test")
    times = ratio(runs, ZERO_SHOT, OURS, "evaluation_seconds")
    mine, zero = error_ratio(runs, OURS), error_ratio(runs, ZERO_SHOT)
    behind = gaps(runs, OURS, warm_start, "test")
    worst = min(behind, key=lambda task: behind[task].mean)
    fewer = (
        f", {zero / mine:.1f} times fewer" if 0 < mine < zero else ", no search failed a trial" * (mine == zero == 0)
    )
    return [
        Bar(
            wanted="best mean rank of test F1",
            measured=", ".join(f"{method} {rank:.2f}" for method, rank in sorted(ranks.items(), key=lambda r: r[1])),
            met=ranks[OURS] == min(ranks.values()) and list(ranks.values()).count(ranks[OURS]) == 1,
        ),
        Bar(
            wanted=f"mean evaluation time at least {TIMES_LESS_TIME} times lower than zero-shot",
            measured=f"{times.mean:.2f} times lower{_within(times, '.2f')}",
            met=times.mean >= TIMES_LESS_TIME,
        ),
        Bar(
            wanted=f"error ratio at least {TIMES_FEWER_ERRORS:g} times lower than zero-shot, or zero",
            measured=f"{mine:.1%} beside {zero:.1%}{fewer}",
            met=mine == 0 or zero / mine >= TIMES_FEWER_ERRORS,
        ),
        Bar(
            wanted="on no task behind the original warm start (mean test F1)",
            measured=f"least on {worst}: {behind[worst].mean:+.3f}{_within(behind[worst], '+.3f')}",
            met=behind[worst].mean >= 0,
        ),
    ]


def _within(found: Estimate, form: str) -> str:
    """The interval in words; nothing for a single seed."""
    return f" ({found.low:{form}} to {found.high:{form}})" if math.isfinite(found.low) else ""
