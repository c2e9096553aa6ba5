"""Replay: one recorded task is searched, the others are the store.

    python -m benchmarks.replay --data xautolm_trials.parquet --methods ours,random,nspe --seeds 10 --json out.json

`--pool full` offers every recorded trial, `sample` a random 75 % of them (the same for all methods of a seed), `clean`
leaves out failures that another code base would not have. The store is a random 90 % of the other tasks' trials, so
that a deterministic method has seeds; `--store` names a misleading one instead.
"""

import argparse
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.fronts import Point, hypervolume, is_dominated, pareto
from benchmarks.jobs import Job, run_jobs
from benchmarks.methods import METHODS, build, named, tasks_of, tasks_told
from benchmarks.problem import Problem, Step, search
from benchmarks.recorded import Record, carries_over, draw, pool_problem, read_trials
from benchmarks.stores import STORES
from benchmarks.summary import paired, table
from xautolm_nb.optimize.response import constant_score

ZERO_SHOT = "nspe"
HOURS = 8.0
POOLS = ("full", "sample", "clean")
_LAST = 15  # evaluation seconds are averaged over this many trials
_SHOWN = (
    "error@10",
    "best@5",
    "best@10",
    "regret@10",
    "hours_to_95",
    "area",
    "hypervolume",
    "win_ratio",
    "evaluation_seconds",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from a command line."""
    args = _parser().parse_args(arguments)
    known = sorted(_trials(args.data))
    tasks = tasks_of(args.tasks, known)
    methods = named(args.methods)
    settings = {
        "data": args.data.rsplit("/", 1)[-1],
        "pool": args.pool,
        "store": args.store,
        "steps": args.steps,
        "tasks": tasks_told(tasks, known),
    }
    jobs = [(method, task, seed) for seed in range(args.seeds) for task in tasks for method in methods]
    work = functools.partial(one, data=args.data, pool=args.pool, store=args.store, steps=args.steps)
    runs = run_jobs("replay", jobs, work, settings=settings, out=args.json, processes=args.processes)
    print(table(runs, _SHOWN))
    print(table(runs, _SHOWN, tasks=False))
    print("area of who knows every outcome:", ", ".join(f"{task} {_known(task, args):.3f}" for task in tasks))
    for method in methods[1:]:
        print(f"{methods[0]} - {method}:", *(f"{f} {paired(runs, methods[0], method, f)}" for f in _SHOWN), sep="  ")


def one(job: Job, *, data: str, pool: str, store: str, steps: int) -> Mapping[str, float]:
    """Search one task with one method and seed."""
    method, task, seed = job
    problem, records = make_problem(_trials(data), task, pool=pool, store=store, seed=seed)
    found = run_through(problem, method, seed, steps)
    reference = run_through(problem, ZERO_SHOT, seed, steps)
    return figures(found, problem, records, reference)


def make_problem(
    trials: Mapping[str, Sequence[Record]], task: str, *, pool: str, store: str, seed: int
) -> tuple[Problem, list[Record]]:
    """The pool and store of a seed: drawn alike for all methods."""
    rng = np.random.default_rng([seed, 0])
    offered = list(trials[task])
    if pool == "sample":
        offered = draw(offered, 0.75, rng)
    elif pool == "clean":
        offered = [record for record in offered if carries_over(record)]
    others = [record for name in sorted(trials) if name != task for record in trials[name]]
    experiences = [record.experience for record in draw(others, 0.9, np.random.default_rng([seed, 1]))]
    altered = STORES[store](experiences, np.random.default_rng([seed, 2]))
    return pool_problem(offered, experiences=altered), offered


def run_through(problem: Problem, method: str, seed: int, steps: int) -> list[Step]:
    """Let a method decide for so many trials; what is left of the pool follows in random order, on the clock."""
    decided = search(problem, build(method, problem), seed=seed, go_on=lambda step: True, most=steps)
    rest = search(
        problem, _Rest(build("random", problem), decided), seed=seed + 1000, go_on=lambda step: True
    )  # fmt: skip
    last = decided[-1].clock if decided else 0.0
    return [*decided, *(Step(trial=s.trial, clock=last + s.clock, proposal=s.proposal) for s in rest)]


class _Rest:
    """Random search over what was not decided yet."""

    def __init__(self, inner: Any, decided: Sequence[Step]) -> None:
        self.inner, self.before = inner, tuple(step.trial for step in decided)

    def propose(self, context: Any, experiences: Any, trials: Any, *, seed: int, seconds_left: Any = None) -> Any:
        """As the inner optimizer, knowing both parts."""
        return self.inner.propose(context, experiences, (*self.before, *trials), seed=seed)


def figures(
    steps: Sequence[Step], problem: Problem, records: Sequence[Record], reference: Sequence[Step]
) -> dict[str, float]:
    """All figures of a run.

    Regret is 1 - best skill / best skill of the pool; area is the mean of that ratio over the first eight hours; the
    win ratio is the share of the first 20 trials that have a score and that no point of the front of the zero-shot
    search's first 20 dominates, so a failure counts as lost.
    """
    constant = constant_score(problem.metric, problem.context)
    scores = np.array([step.trial.score for step in steps], dtype=float)
    skill = _skill(scores, constant)
    failed = np.array([step.trial.failure is not None for step in steps])
    hours = np.array([step.clock for step in steps]) / 3600.0
    known = sorted((r.experience.score for r in records if r.experience.score is not None), reverse=True) or [constant]
    top = max((known[0] - constant) / (1 - constant), 1e-9)
    best = np.maximum.accumulate(skill) / top
    result: dict[str, float] = {}
    for k in (10, 15, 20):
        result[f"error@{k}"] = float(np.mean(failed[:k]))
    for k in (5, 10, 15, 20):
        result[f"best@{k}"] = float(np.nanmax([constant, *scores[:k]]))
        result[f"regret@{k}"] = float(1 - best[min(k, len(best)) - 1])
    third = known[min(2, len(known) - 1)]
    reached = np.flatnonzero(np.nan_to_num(scores, nan=-1.0) >= 0.95 * third)
    result["hours_to_95"] = float(hours[reached[0]]) if len(reached) else float(hours[-1])
    result["area"] = area(best, hours)
    done = [step.trial.seconds for step in steps[:_LAST] if step.trial.failure is None]
    result["evaluation_seconds"] = float(np.mean(done)) if done else float("nan")
    front = pareto(_points(reference[:20]))
    points = _points(steps[:20])
    judged = max(1, min(20, len(steps)))
    result["win_ratio"] = sum(not is_dominated(point, front) for point in points) / judged
    result["hypervolume"] = hypervolume(points, worst_seconds=problem.timeout or 1.0, worst_score=constant)
    return result


def area(best: np.ndarray, hours: np.ndarray) -> float:
    """Mean over the first eight hours of the best ratio at that time; 0 before the first trial ended."""
    edges = np.clip(np.concatenate([hours, [np.inf]]), 0, HOURS)
    return float(np.sum(best * np.diff(edges)) / HOURS)


def highest_area(points: Sequence[Point]) -> float:
    """The area of the best trials in the best order, which only who knows every outcome can choose.

    A chain of points of the front that ends at score e loses, against e at once, hours x (e - score before) with each
    of its points: for each end the shortest path. Exact while the chain fits into the hours of the area.

    Args:
        points: Share of the best skill, and hours, of each trial that has a score.
    """
    front = [(0.0, 0.0), *sorted(point for point in pareto(points) if point[0] > 0)]
    highest = 0.0
    for end in range(1, len(front)):
        lost = [0.0]
        for place in range(1, end + 1):
            hours = front[place][1]
            lost.append(min(lost[before] + hours * (front[end][0] - front[before][0]) for before in range(place)))
        highest = max(highest, front[end][0] - lost[end] / HOURS)
    return highest


def _known(task: str, args: argparse.Namespace) -> float:
    """Mean of the highest area over the pools of the seeds."""
    found = []
    for seed in range(args.seeds):
        problem, records = make_problem(_trials(args.data), task, pool=args.pool, store=args.store, seed=seed)
        scores = np.array([record.experience.score for record in records], dtype=float)
        skill = _skill(scores, constant_score(problem.metric, problem.context))
        share = skill / max(skill.max(), 1e-9)
        found.append(highest_area([(s, record.wall / 3600) for s, record in zip(share, records, strict=True)]))
    return float(np.mean(found))


def _skill(scores: np.ndarray, constant: float) -> np.ndarray:
    """How far each score is above the constant prediction, of what is to be had there; 0 without a score."""
    skill: np.ndarray = np.clip((np.nan_to_num(scores, nan=constant) - constant) / (1 - constant), 0.0, 1.0)
    return skill


def _points(steps: Sequence[Step]) -> list[tuple[float, float]]:
    return [(step.trial.score, step.trial.seconds) for step in steps if step.trial.score is not None]


@functools.cache
def _trials(data: str) -> dict[str, list[Record]]:
    return read_trials(data)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="table with the columns of xautolm_trials.parquet")
    parser.add_argument("--methods", default="ours,random", help=f"some of {', '.join(METHODS)}; the first is compared")
    parser.add_argument("--tasks", default="", help="all by default")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pool", choices=POOLS, default="full")
    parser.add_argument("--store", choices=sorted(STORES), default="honest")
    parser.add_argument("--steps", type=int, default=25, help="trials the method decides about")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", help="write results here; what it holds already is not run again")
    return parser


if __name__ == "__main__":
    main()
