"""World: searches with a deadline in the open space, on a world fitted to recorded experiences.

    python -m benchmarks.live --data mr --data cr --models path/to/model --rows 500 --trials 18 --collect past.parquet
    python -m benchmarks.world --data past.parquet --methods ours,ours_no_store,optuna_tpe_hyperband,nspe --seeds 8

`replay` and `curves` offer recorded configurations only, and `live` takes hours. Here every configuration of the space
can be proposed, and a search takes seconds: each recorded task is searched with the others as the store, for
`--seconds` on a simulated clock that counts loading (again after each pause), training and validation as the engine
would need them.
"""

import argparse
import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.fitted import FittedWorld
from benchmarks.jobs import Job, run_jobs
from benchmarks.live_run import area
from benchmarks.methods import METHODS, build, named, tasks_of, tasks_told
from benchmarks.problem import Problem
from benchmarks.summary import paired, table
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.trial import CurvePoint, Measures, Outcome, Trial, TrialState
from xautolm_nb.optimize.response import constant_score
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.importing import import_path

LOAD_SECONDS = 1.5
"""Each start and each thaw."""
_SHOWN = ("best", "area", "evaluation_seconds", "trials")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from a command line."""
    args = _parser().parse_args(arguments)
    known = _world(args.data).tasks
    tasks, methods = tasks_of(args.tasks, known), named(args.methods)
    settings = {"data": args.data.rsplit("/", 1)[-1], "seconds": args.seconds, "tasks": tasks_told(tasks, known)}
    jobs = [(method, task, seed) for seed in range(args.seeds) for task in tasks for method in methods]
    work = functools.partial(one, data=args.data, seconds=args.seconds)
    runs = run_jobs("world", jobs, work, settings=settings, out=args.json, processes=args.processes)
    print(table(runs, _SHOWN, tasks=False))
    for method in methods[1:]:
        print(f"{methods[0]} - {method}:", *(f"{f} {paired(runs, methods[0], method, f)}" for f in _SHOWN), sep="  ")


def one(job: Job, *, data: str, seconds: float) -> Mapping[str, float]:
    """Search one task with one method and seed until the time is over; scores are shares of the task's best skill."""
    method, task, seed = job
    world = _world(data)
    problem = world_problem(world, task)
    seen, trials = search(world, problem, method, seed, seconds)
    constant = constant_score(world.metric, problem.context)
    scale = (1.0 - constant) * world.best[task]
    best = max([constant, *(score for _, score in seen)])
    return {
        "best": (best - constant) / scale,
        "area": (area(sorted(seen), seconds, constant) - constant) / scale,
        "evaluation_seconds": float(np.mean([trial.seconds for trial in trials])),
        "trials": float(len(trials)),
    }


def world_problem(world: FittedWorld, task: str) -> Problem:
    """A task of the world, with the records of the other tasks as its store."""

    def run(trial: Trial, fidelity: float) -> Outcome:
        return outcome(world, task, trial, fidelity)

    return Problem(
        name=task,
        context=world.contexts[task],
        space=world.spaces[task],
        metric=world.metric,
        run=run,
        experiences=tuple(record for record in world.records if record.task_name != task),
        levels=DEFAULT_RUNGS,
    )


def search(
    world: FittedWorld, problem: Problem, method: str, seed: int, seconds: float
) -> tuple[list[tuple[float, float]], list[Trial]]:
    """Every validation within the time, as (clock, score), and the trials that were begun."""
    optimizer = build(method, problem)
    trials: dict[int, Trial] = {}
    seen: list[tuple[float, float]] = []
    clock = 0.0
    while clock < seconds:
        proposal = optimizer.propose(
            problem.context, problem.experiences, tuple(trials.values()), seed=seed, seconds_left=seconds - clock
        )
        if proposal is None:
            break
        before = _trial(proposal, trials, seed, problem)
        after = _carried_on(before, proposal.fidelity, problem.run(before, proposal.fidelity), proposal)
        fresh = after.curve[len(before.curve) :]
        known = [(clock + point.seconds - before.seconds, point.score) for point in fresh]
        seen += [(at, score) for at, score in known if at <= seconds]
        clock += after.seconds - before.seconds
        trials[after.number] = after
    return seen, list(trials.values())


def outcome(world: FittedWorld, task: str, trial: Trial, fidelity: float) -> Outcome:
    """Where a trial stands after it was loaded and brought to a fidelity."""
    fate = world.fate(task, trial.config)
    physics = fate.point.physics
    looks = {*(look for look in physics.looks(DEFAULT_RUNGS) if look < fidelity - 1e-9), fidelity}
    load = trial.measures.seconds_load + LOAD_SECONDS
    train, looking, done = trial.measures.seconds_train, trial.measures.seconds_eval, trial.fidelity
    curve = list(trial.curve)
    for look in sorted(look for look in looks if look > trial.fidelity + 1e-9):
        train += fate.pace * physics.seconds_train * (look - done)
        looking += fate.pace * physics.seconds_look
        score = world.score(task, trial.config, look)
        curve.append(CurvePoint(fidelity=look, score=score, seconds=load + train + looking))
        done = look
    measures = Measures(seconds_load=load, seconds_train=train, seconds_eval=looking)
    return Outcome(fidelity=fidelity, curve=tuple(curve), measures=measures)


def _trial(proposal: Proposal, trials: Mapping[int, Trial], seed: int, problem: Problem) -> Trial:
    if proposal.thaw is not None:
        return trials[proposal.thaw]
    maximize = problem.metric.maximize
    return Trial(number=len(trials), config=dict(proposal.config), seed=seed, maximize=maximize)


def _carried_on(trial: Trial, target: float, end: Outcome, proposal: Proposal) -> Trial:
    whole = end.fidelity >= 1.0 - 1e-9
    return replace(
        trial,
        state=TrialState.COMPLETE if whole else TrialState.PAUSED,
        target=target,
        fidelity=end.fidelity,
        curve=end.curve,
        measures=end.measures,
        checkpoint=not whole,
        expected=dict(proposal.expected),
    )


@functools.cache
def _world(data: str) -> FittedWorld:
    return FittedWorld.fit(_experiences(data))


def _experiences(data: str) -> list[Experience]:
    with ExperienceStore.open(":memory:") as store:
        import_path(store, data)
        return list(store.experiences())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.world", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="experiences: what `live --collect` wrote, or any export")
    parser.add_argument("--methods", default="ours,random", help=f"some of {', '.join(METHODS)}")
    parser.add_argument("--tasks", default="", help="all by default")
    parser.add_argument("--seconds", type=float, default=240.0, help="of each search, on the simulated clock")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", help="write results here; what it holds already is not run again")
    return parser


if __name__ == "__main__":
    main()
