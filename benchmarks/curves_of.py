"""Problems from tables of recorded learning curves: one row per configuration, a list of validations each.

`taskset` columns: `task`, hyperparameters (any numbers), `valid_loss`; every epoch costs the same. `nmtlc` columns:
`task`, `base_model` and hyperparameters, `bleu_curve`; a checkpoint costs 1 / (own length). Other tables of these
columns are read the same way. A value that is not finite ends a curve: the best before it stays, and is paid for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.problem import Problem
from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Measures, Outcome, Trial
from xautolm_nb.space import Categorical, Float, Parameter, SearchSpace

SECONDS = 100.0
"""A full run costs this much on the simulated clock."""
_CURVES = {"valid_loss": Metric(name="loss", maximize=False), "bleu_curve": Metric(name="bleu")}
_NEVER = {"task", "config_id", "test_loss", "perplexity_curve", "max_len", "train_rows"}
_MOMENTA = ("beta1", "beta2")  # what matters of a momentum is its distance from 1


@dataclass(frozen=True, kw_only=True)
class Table:
    """All recorded runs of all tasks."""

    metric: Metric
    space: SearchSpace
    """Without a list: the ranges of all tasks."""
    runs: Mapping[str, Mapping[str, tuple[Config, np.ndarray]]]
    """Task to configuration key to configuration and running best, one value per checkpoint."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, sorted."""
        return tuple(sorted(self.runs))


def read_curves(path: str | Path) -> Table:
    """Read a table; which columns hold the curve tells its kind.

    Raises:
        SystemExit: No column of the table is a curve.
    """
    frame = pd.read_parquet(path)
    column = next((name for name in _CURVES if name in frame.columns), None)
    if column is None:
        wanted, came = " or ".join(map(repr, _CURVES)), ", ".join(map(repr, frame.columns))
        raise SystemExit(f"{path}: expected a column {wanted} with the curves, but the columns are {came}.")
    metric = _CURVES[column]
    names = [name for name in frame.columns if name not in _NEVER | set(_CURVES)]
    runs: dict[str, dict[str, tuple[Config, np.ndarray]]] = {}
    for row in frame.to_dict("records"):
        config = _config({name: row[name] for name in names})
        values = running_best(np.asarray(row[column], dtype=float), maximize=metric.maximize)
        runs.setdefault(str(row["task"]), {})[config_key(config)] = (config, values)
    configs = [config for task in runs.values() for config, _ in task.values()]
    space = SearchSpace(name=f"curves/{Path(path).stem}", parameters=_parameters(configs), models={})
    return Table(metric=metric, space=space, runs=runs)


def running_best(values: np.ndarray, *, maximize: bool) -> np.ndarray:
    """Best value so far; from the first value that is not finite on, the best before it (the worst possible at first).

    A loss is capped at 5: far above chance nothing is worth telling apart.
    """
    bad = -np.inf if maximize else np.inf
    alive = np.cumsum(~np.isfinite(values)) == 0
    kept = np.where(alive, values, bad)
    best = np.maximum.accumulate(kept) if maximize else np.minimum.accumulate(kept)
    return np.where(np.isfinite(best), best, 0.0 if maximize else 5.0) if maximize else np.minimum(best, 5.0)


def curve_problem(
    table: Table, task: str, *, experiences: Sequence[Experience] = (), context: Context | None = None
) -> Problem:
    """A search over the recorded configurations of one task."""
    runs = table.runs[task]
    longest = max(len(values) for _, values in runs.values())

    def run(trial: Trial, fidelity: float) -> Outcome:
        _, values = runs[config_key(trial.config)]
        reached = max(1, round(fidelity * len(values)))
        return outcome(values, reached, at=fidelity)

    return Problem(
        name=task,
        context=context or task_context(task),
        space=_listed(table.space, [config for config, _ in runs.values()]),
        metric=table.metric,
        run=run,
        experiences=tuple(experiences),
        levels=tuple((i + 1) / longest for i in range(longest)),
    )


def outcome(values: np.ndarray, reached: int, *, at: float = 1.0) -> Outcome:
    """The first `reached` checkpoints of a run, the last of them standing for fidelity `at`.

    Runs differ in length: the checkpoint nearest to a wanted fidelity is taken for it.
    """
    whole = len(values)
    points = tuple(
        CurvePoint(
            fidelity=at if i == reached - 1 else min((i + 1) / whole, at),
            score=float(values[i]),
            seconds=SECONDS * (i + 1) / whole,
        )
        for i in range(reached)
    )
    return Outcome(fidelity=at, curve=points, measures=Measures(seconds_train=SECONDS * reached / whole))


def stored_runs(table: Table, task: str, configs: Sequence[str]) -> list[Experience]:
    """Whole runs of a task as experiences."""
    context = task_context(task)
    found = []
    for number, key in enumerate(configs):
        config, values = table.runs[task][key]
        done = outcome(values, len(values))
        score = done.curve[-1].score
        found.append(
            Experience(
                task_name=task,
                metric=table.metric,
                context=context,
                space=table.space.name,
                config=config,
                fidelity=1.0,
                score=score,
                seconds=SECONDS,
                curve=done.curve,
                measures=done.measures,
                study=f"recorded-{task}",
                trial=number,
                fingerprint=task,
            )
        )
    return found


def task_context(task: str) -> Context:
    """A context without meta-features: the tables say nothing about their tasks but the name."""
    system = SystemMetaFeatures(paper=(2.0, 2.0, 2.0, 16.0, 0.0), hostname_hash="recorded")
    return Context(task=TaskMetaFeatures(kind="classification", paper=()), system=system)


def _listed(space: SearchSpace, configs: Sequence[Config]) -> SearchSpace:
    return SearchSpace(name=space.name, parameters=space.parameters, models={}, only=tuple(configs))


def _config(row: Mapping[str, object]) -> dict[str, ConfigValue]:
    config: dict[str, ConfigValue] = {}
    for name, value in row.items():
        if isinstance(value, str):
            config[name] = value
        elif name in _MOMENTA:
            config[f"one_minus_{name}"] = max(1.0 - float(value), 1e-12)  # type: ignore[arg-type]
        else:
            config[name] = float(value)  # type: ignore[arg-type]
    return config


def _parameters(configs: Sequence[Config]) -> tuple[Parameter, ...]:
    parameters: list[Parameter] = []
    for name in configs[0]:
        values = sorted({config[name] for config in configs}, key=str)
        if isinstance(values[0], str):
            parameters.append(Categorical(name=name, values=tuple(values), default=values[0]))
            continue
        numbers = [float(value) for value in values]
        low, high = min(numbers), max(numbers)
        parameters.append(Float(name=name, low=low, high=high, default=low, log=low > 0))
    return tuple(parameters)
