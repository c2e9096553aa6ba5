"""From single runs to tables: means, intervals over seeds, paired differences, JSON."""

import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from scipy.stats import t as student

Figures = Mapping[str, float]
_PACKAGES = ("xautolm-nb", "torch", "botorch", "gpytorch", "scikit-learn", "optuna", "smac", "neural-pipeline-search")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What one run brought: numbers that are averaged, and what is kept beside them."""

    figures: Figures
    details: Mapping[str, Any] = field(default_factory=dict)
    """Anything JSON can hold."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Figures of one method on one task with one seed."""

    method: str
    task: str
    seed: int
    figures: Figures
    details: Mapping[str, Any] = field(default_factory=dict)
    """What is kept beside the figures; each benchmark has its own."""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells runs apart."""
        return (self.method, self.task, self.seed)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval over seeds (Student's t)."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        half = (self.high - self.low) / 2
        return f"{self.mean:.3f}±{half:.3f}" if math.isfinite(half) else f"{self.mean:.3f}"


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and interval of values, one per seed."""
    x = np.asarray(values, dtype=float)
    mean = float(np.mean(x)) if len(x) else math.nan
    half = float(student.ppf(0.975, len(x) - 1) * np.std(x, ddof=1) / math.sqrt(len(x))) if len(x) > 1 else math.nan
    return Estimate(mean=mean, low=mean - half, high=mean + half, n=len(x))


def by_seed(runs: Sequence[Run], method: str, figure: str) -> dict[int, float]:
    """Mean of a figure over tasks, for each seed that has all tasks."""
    chosen = [run for run in runs if run.method == method]
    tasks = {run.task for run in chosen}
    seeds = sorted({run.seed for run in chosen})
    table = {(run.task, run.seed): run.figures[figure] for run in chosen}
    return {
        seed: float(np.mean([table[task, seed] for task in tasks]))
        for seed in seeds
        if all((task, seed) in table for task in tasks)
    }


def paired(runs: Sequence[Run], method: str, other: str, figure: str) -> Estimate:
    """Difference of two methods' figures over the seeds both have, task means."""
    one, two = by_seed(runs, method, figure), by_seed(runs, other, figure)
    return estimate([one[seed] - two[seed] for seed in sorted(one.keys() & two.keys())])


def summarise(runs: Sequence[Run]) -> dict[str, dict[str, dict[str, Any]]]:
    """Method to task (and `mean` over tasks) to figure to estimate."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for method in dict.fromkeys(run.method for run in runs):
        mine = [run for run in runs if run.method == method]
        names = list(mine[0].figures)
        rows: dict[str, dict[str, Any]] = {}
        for task in sorted({run.task for run in mine}):
            own = [run for run in mine if run.task == task]
            rows[task] = {name: _brief(estimate([run.figures[name] for run in own])) for name in names}
        rows["mean"] = {name: _brief(estimate(list(by_seed(runs, method, name).values()))) for name in names}
        result[method] = rows
    return result


def table(runs: Sequence[Run], figures: Sequence[str], *, tasks: bool = True) -> str:
    """A table for people: one line per method; a figure per task, or its mean over tasks with the interval."""
    lines = ["method".ljust(26) + "".join(name.rjust(24) for name in figures)]
    for method in dict.fromkeys(run.method for run in runs):
        mine = [run for run in runs if run.method == method]
        cells = []
        for name in figures:
            if tasks:
                names = sorted({run.task for run in mine})
                parts = [np.mean([run.figures[name] for run in mine if run.task == task]) for task in names]
                cells.append(" / ".join(f"{part:.3g}" for part in parts))
            else:
                cells.append(str(estimate(list(by_seed(runs, method, name).values()))))
        lines.append(method.ljust(26) + "".join(cell.rjust(24) for cell in cells))
    return "\n".join(lines)


def write(path: str | Path, name: str, settings: Mapping[str, Any], runs: Sequence[Run], **more: Any) -> None:
    """Write runs and their summary with the machine and the versions they were made on."""
    document = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "settings": dict(settings),
        "machine": machine(),
        "versions": versions(),
        **more,
        "summary": summarise(runs),
        "runs": [_entry(run) for run in runs],
    }
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(".part")
    scratch.write_text(_compact(document))
    scratch.replace(target)


def read_runs(path: str | Path, settings: Mapping[str, Any]) -> list[Run]:
    """Runs an earlier call left with the same settings; none when there is no such file."""
    target = Path(path)
    if not target.exists():
        return []
    document = json.loads(target.read_text())
    if document["settings"] != json.loads(json.dumps(dict(settings))):
        return []
    return [Run(**{**run, "figures": _numbers(run["figures"])}) for run in document["runs"]]


def machine() -> dict[str, Any]:
    """What it ran on, without names."""
    return {
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Versions of the packages that matter, as far as they are installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _entry(run: Run) -> dict[str, Any]:
    """A run as it is written; without details where it has none."""
    entry = {**asdict(run), "figures": {name: _short(value) for name, value in run.figures.items()}}
    return entry if run.details else {name: value for name, value in entry.items() if name != "details"}


def _brief(value: Estimate) -> dict[str, Any]:
    return {"mean": _short(value.mean), "low": _short(value.low), "high": _short(value.high), "n": value.n}


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None


def _numbers(figures: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else float(value) for name, value in figures.items()}


def _compact(document: Mapping[str, Any]) -> str:
    """JSON with one run per line."""
    runs = document["runs"]
    head = json.dumps({key: value for key, value in document.items() if key != "runs"}, indent=1)
    lines = ",\n".join("  " + json.dumps(run) for run in runs)
    return head[:-2] + ',\n "runs": [\n' + lines + "\n ]\n}\n"
