"""Curves: multi-fidelity search over recorded learning curves, regret against budget in full runs.

    python -m benchmarks.curves --data taskset_text.parquet --methods ours,asha_store --seeds 5 --json out.json

Each task of the table is searched with the others as the store: `--store thin` draws 30 configurations of each, `full`
takes all, `none` nothing; `inverted` and `permuted` mislead. Every configuration can be paused at each checkpoint.
"""

import argparse
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.curves_of import SECONDS, Table, curve_problem, read_curves, stored_runs
from benchmarks.jobs import Job, run_jobs
from benchmarks.methods import METHODS, build, named, tasks_of, tasks_told
from benchmarks.problem import Problem, Step, search
from benchmarks.summary import paired, table
from xautolm_nb.core.experience import Experience

BUDGETS = (2, 5, 10, 20)
"""Full runs after which regret is taken."""
STORES = ("thin", "full", "none", "inverted", "permuted")
_THIN = 30
CHANCE_LOSS = float(np.log(2.0))
"""Loss of a coin on two even classes; a search that never beats it has regret 1, if any run of the task does."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from a command line."""
    args = _parser().parse_args(arguments)
    recorded = _table(args.data)
    tasks = tasks_of(args.tasks, recorded.tasks)
    methods = named(args.methods)
    budgets = tuple(budget for budget in BUDGETS if budget <= args.budget)
    settings = {
        "data": args.data.rsplit("/", 1)[-1],
        "store": args.store,
        "budgets": budgets,
        "tasks": tasks_told(tasks, recorded.tasks),
    }
    first = args.first_seed
    jobs = [(method, task, seed) for seed in range(first, first + args.seeds) for task in tasks for method in methods]
    work = functools.partial(one, data=args.data, store=args.store, budgets=budgets)
    runs = run_jobs("curves", jobs, work, settings=settings, out=args.json, processes=args.processes)
    shown = [f"regret@{budget}" for budget in budgets]
    print(table(runs, shown, tasks=False))
    if args.by_task:
        print(table(runs, shown))
    for method in methods[1:]:
        print(f"{methods[0]} - {method}:", *(f"{f} {paired(runs, methods[0], method, f)}" for f in shown), sep="  ")


def one(job: Job, *, data: str, store: str, budgets: Sequence[int]) -> Mapping[str, float]:
    """Search one task with one method and seed until the largest budget is spent."""
    method, task, seed = job
    recorded = _table(data)
    problem = curve_problem(recorded, task, experiences=make_store(recorded, task, store, seed))
    limit = max(budgets) * SECONDS
    steps = search(problem, build(method, problem), seed=seed, go_on=lambda step: step.clock < limit)
    return figures(steps, problem, recorded, task, budgets)


def figures(
    steps: Sequence[Step], problem: Problem, recorded: Table, task: str, budgets: Sequence[int]
) -> dict[str, float]:
    """Regret after each budget, and how much was begun and finished."""
    sign = 1.0 if problem.metric.maximize else -1.0
    finals = [values[-1] for _, values in recorded.runs[task].values()]
    top = max(sign * value for value in finals)
    worst = min(sign * value for value in finals)
    if not problem.metric.maximize and top > -CHANCE_LOSS:
        worst = -CHANCE_LOSS
    result: dict[str, float] = {}
    for budget in budgets:
        seen = [sign * (s.trial.score or 0.0) for s in steps if s.clock <= budget * SECONDS + 1e-6]
        best = max([worst, *seen])
        result[f"regret@{budget}"] = (top - best) / max(top - worst, 1e-12)
    result["begun"] = float(len({step.trial.number for step in steps}))
    result["finished"] = float(len({s.trial.number for s in steps if s.trial.fidelity >= 1.0}))
    return result


def make_store(recorded: Table, task: str, store: str, seed: int) -> list[Experience]:
    """The other tasks' runs, drawn alike for all methods of a seed."""
    rng = np.random.default_rng([seed, 3])
    found: list[Experience] = []
    for other in recorded.tasks if store != "none" else ():
        if other == task:
            continue
        keys = sorted(recorded.runs[other])
        chosen = keys if store == "full" else [keys[i] for i in rng.permutation(len(keys))[:_THIN]]
        records = stored_runs(recorded, other, chosen)
        found += _mislead(records, store, rng) if store in ("inverted", "permuted") else records
    return found


def _mislead(records: Sequence[Experience], how: str, rng: np.random.Generator) -> list[Experience]:
    """Give each record the outcome of another: of the mirrored rank, or of any."""
    order = sorted(range(len(records)), key=lambda i: records[i].score or 0.0)
    mirrored = dict(zip(order, reversed(order), strict=True))
    drawn = dict(enumerate(rng.permutation(len(records)).tolist()))
    source = mirrored if how == "inverted" else drawn
    return [_outcome_of(record, records[source[i]]) for i, record in enumerate(records)]


def _outcome_of(record: Experience, other: Experience) -> Experience:
    return replace(record, score=other.score, curve=other.curve)


@functools.cache
def _table(data: str) -> Table:
    return read_curves(data)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="table with the columns of taskset_text or nmtlc")
    parser.add_argument("--methods", default="ours,asha,random", help=f"some of {', '.join(METHODS)}")
    parser.add_argument("--tasks", default="", help="all by default")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--store", choices=STORES, default="thin")
    parser.add_argument("--budget", type=int, default=max(BUDGETS), help="full runs")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--by-task", action="store_true", help="also print each task's figures")
    parser.add_argument("--json", help="write results here; what it holds already is not run again")
    return parser


if __name__ == "__main__":
    main()
