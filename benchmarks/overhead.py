"""Overhead: seconds and memory that a proposal takes, by trials of the study and by experiences in the store.

    python -m benchmarks.overhead --data xautolm_trials.parquet --json out.json

Each cell is a fresh process: load all libraries by a small proposal, then time the `first` proposal with the store
(it fits the prior), then `--repeats` more. A proposal is carried out before the next is asked for, and at least one
trial is added, so no cached answer is timed. Trials and experiences are made up: the former sampled from the space and
given curves, the latter recorded trials resampled with small changes, on tasks near the recorded ones.

Peers get trials without a pause (most know whole runs only) and no store.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.methods import METHODS, build
from benchmarks.problem import Problem
from benchmarks.recorded import F1, Record, read_trials
from benchmarks.summary import write
from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial, TrialState
from xautolm_nb.optimize.optimizer import DEFAULT_RUNGS
from xautolm_nb.space import DEFAULT_POOL, SearchSpace, build_space, default_search_ids, estimate, original_space

OURS = "ours"
TRIALS = "10,30,100,300,500,1000"
EXPERIENCES = "0,100,1000,10000"
PAUSED, FAILED = 0.6, 0.1
"""Shares of the trials; the others are complete."""
PER_TASK = 50
"""Experiences of one stored task."""
STATELESS = tuple(name for name in METHODS if name != "smac")
"""SMAC's first answers are those of its initial design, whatever it was told."""
_WARM_UP = 5  # trials of the proposal that loads all libraries
_LOSS_OF_MEMORY = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is timed: a method with so many trials and experiences."""

    method: str
    trials: int
    experiences: int


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What a cell took. Memory is the resident set of its process, in MiB."""

    method: str
    trials: int
    """Before the first proposal."""
    experiences: int
    first: float
    """Seconds of the first proposal with the store."""
    median: float
    p90: float
    seconds: tuple[float, ...]
    """Of each later proposal."""
    distinct: int
    """Different ones among all proposals."""
    thaws: int
    base_mib: float
    """Peak before the first proposal: libraries, trials and store."""
    peak_mib: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from a command line."""
    args = _parser().parse_args(arguments)
    cells = planned(args.trials, args.experiences, args.peers)
    settings = {
        "data": Path(args.data).name,
        "repeats": args.repeats,
        "threads": args.threads,
        "models": len(default_search_ids),
        "rungs": DEFAULT_RUNGS,
        "shares": {"paused": PAUSED, "failed": FAILED},
    }
    done: list[Mapping[str, Any]] = []
    print(_HEAD)
    for cell in cells:
        timing = apart(cell, args.data, args.repeats, args.threads)
        print(line(timing), flush=True)
        done.append(asdict(timing))
        if args.json:
            write(args.json, "overhead", settings, [], cells=done)


def planned(trials: str, experiences: str, peers: str) -> list[Cell]:
    """All cells, our optimizer first.

    Raises:
        SystemExit: A peer is unknown or cannot be timed.
    """
    counts = [int(count) for count in trials.split(",")]
    stores = [int(count) for count in experiences.split(",")]
    names = [name for name in peers.split(",") if name]
    if wrong := [name for name in names if name not in STATELESS]:
        raise SystemExit(f"Method {wrong[0]!r} cannot be timed. These can: {', '.join(STATELESS)}.")
    ours = [Cell(method=OURS, trials=n, experiences=k) for k in stores for n in counts]
    return ours + [Cell(method=name, trials=n, experiences=0) for name in names for n in counts]


def apart(cell: Cell, data: str, repeats: int, threads: int) -> Timing:
    """Measure a cell in a process of its own, spawned so that nothing is inherited."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(measure, cell, data, repeats, threads).result()


def measure(cell: Cell, data: str, repeats: int, threads: int) -> Timing:
    """Time the proposals of a cell, here and now."""
    import torch

    torch.set_num_threads(threads)
    recorded = read_trials(data)
    rng = np.random.default_rng([cell.trials, cell.experiences])
    problem = make_problem(recorded, cell.experiences, rng)
    trials = sampled(problem, cell.trials, rng, paused=PAUSED if cell.method == OURS else 0.0)
    small = build(cell.method, problem)
    small.propose(problem.context, (), remember(small, problem, trials[:_WARM_UP]), seed=0)
    optimizer = build(cell.method, problem)
    base = peak_mib()
    seconds, proposals = timed(optimizer, problem, trials, 1 + repeats, rng)
    later = seconds[1:]
    return Timing(
        **asdict(cell),
        first=seconds[0],
        median=float(np.median(later)),
        p90=float(np.quantile(later, 0.9)),
        seconds=tuple(later),
        distinct=len({(config_key(p.config), p.fidelity, p.thaw) for p in proposals}),
        thaws=sum(p.thaw is not None for p in proposals),
        base_mib=base,
        peak_mib=peak_mib(),
    )


def timed(
    optimizer: Optimizer, problem: Problem, trials: Sequence[Trial], n: int, rng: np.random.Generator
) -> tuple[list[float], list[Proposal]]:
    """Ask `n` times, carrying out each proposal before the next: seconds and proposals."""
    seconds, proposals = [], []
    trials = remember(optimizer, problem, trials)
    for _ in range(n):
        start = time.perf_counter()
        proposal = optimizer.propose(problem.context, problem.experiences, trials, seed=0)
        seconds.append(time.perf_counter() - start)
        if proposal is None:
            raise SystemExit(f"Nothing was proposed after {len(trials)} trials.")
        proposals.append(proposal)
        trials = carried_out(problem, trials, proposal, rng)
    return seconds, proposals


def carried_out(
    problem: Problem, trials: Sequence[Trial], proposal: Proposal, rng: np.random.Generator
) -> tuple[Trial, ...]:
    """The trials after a proposal; where one was thawed, a sampled one joins them."""
    if proposal.thaw is None:
        return (*trials, run(problem, len(trials), proposal.config, proposal.fidelity))
    thawed = run(problem, proposal.thaw, proposal.config, proposal.fidelity)
    others = (trial for trial in trials if trial.number != proposal.thaw)
    return (*others, thawed, run(problem, len(trials), problem.space.sample(rng), DEFAULT_RUNGS[0]))


def remember(optimizer: Optimizer, problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Tell Optuna's studies of trials they did not ask for; the other methods read them in every call."""
    if not type(optimizer).__module__.endswith("optuna_peers"):
        return tuple(trials)
    import optuna

    from benchmarks.peers.foreign import is_fixed, told
    from benchmarks.peers.optuna_peers import OptunaPeer, distribution
    from benchmarks.peers.pool import gain_of

    assert isinstance(optimizer, OptunaPeer)
    study = optimizer._study = optimizer._open(0)
    for trial in trials:
        known = told(trial.config, problem.space)
        study.add_trial(
            optuna.create_trial(
                params={name: value for name, (_, value) in known.items() if not is_fixed(known[name][0])},
                distributions={name: distribution(p) for name, (p, _) in known.items() if not is_fixed(p)},
                value=gain_of(trial, trials, problem),
            )
        )
    return tuple(trials)


def make_problem(recorded: Mapping[str, Sequence[Record]], experiences: int, rng: np.random.Generator) -> Problem:
    """A new task near a recorded one, the default models, and a store."""
    records = [record.experience for task in recorded.values() for record in task]
    context = new_context(records[0].context, rng, with_lengths=True)
    models = [model for model in DEFAULT_POOL if model.id in default_search_ids]
    space = build_space(context, models)
    return Problem(
        name="new",
        context=context,
        space=space,
        metric=F1,
        run=lambda trial, fidelity: outcome(space, context, trial.config, fidelity),
        experiences=tuple(stored(records, experiences, rng)),
        levels=DEFAULT_RUNGS,
    )


def new_context(known: Context, rng: np.random.Generator, *, with_lengths: bool = False) -> Context:
    """The context of a task like a known one: other rows and texts, nearly the same classes."""
    spread = np.array([0.5, 0.0, *[0.05] * 4, 0.3, 0.3, 0.05, 0.05])
    rows, classes, *rest = np.array(known.task.paper) * np.exp(spread * rng.normal(size=len(spread)))
    task = TaskMetaFeatures(kind=known.task.kind, paper=(float(round(rows)), float(classes), *map(float, rest)))
    if with_lengths:
        words, largest = task.paper[6], min(task.paper[4], 1.0)
        lengths = {"tokens_mean": 1.3, "tokens_p50": 1.1, "tokens_p95": 2.5, "tokens_p99": 3.5, "tokens_max": 6.0}
        extra = {name: factor * words for name, factor in lengths.items()}
        extra |= {"rows_train": task.paper[0], "rows_validation": task.paper[0] / 4}
        extra |= {"constant_f1": 2 * largest / (1 + largest) / task.paper[1]}
        task = replace(task, extra=extra)
    return replace(known, task=task)


def stored(records: Sequence[Experience], n: int, rng: np.random.Generator) -> list[Experience]:
    """Experiences as a long-lived store holds them: `PER_TASK` each of many tasks, resampled from recorded trials."""
    space = original_space()
    by_task: dict[str, list[Experience]] = {}
    for record in records:
        by_task.setdefault(record.task_name, []).append(record)
    made: list[Experience] = []
    while len(made) < n:
        name = str(rng.choice(sorted(by_task)))
        task, context = f"{name}-{len(made)}", new_context(by_task[name][0].context, rng)
        for number in range(min(PER_TASK, n - len(made))):
            record = by_task[name][int(rng.integers(len(by_task[name])))]
            made.append(_like(replace(record, task_name=task, context=context, study=task, trial=number), space, rng))
    return made


def _like(record: Experience, space: SearchSpace, rng: np.random.Generator) -> Experience:
    config = next(iter(space.neighbors(record.config, rng, 1)), record.config)
    slower, better = float(np.exp(0.2 * rng.normal())), float(0.02 * rng.normal())
    curve = tuple(
        replace(point, score=float(np.clip(point.score + better, 0.0, 1.0)), seconds=point.seconds * slower)
        for point in record.curve
    )
    score = None if record.score is None else float(np.clip(record.score + better, 0.0, 1.0))
    seconds = None if record.seconds is None else record.seconds * slower
    return replace(record, config=config, score=score, seconds=seconds, curve=curve)


def sampled(problem: Problem, n: int, rng: np.random.Generator, *, paused: float = PAUSED) -> tuple[Trial, ...]:
    """Trials with configurations of the space that can run here, paused more often at the low rungs."""
    halts, dead = round(paused * n), round(FAILED * n)
    weights = 1 / np.array(DEFAULT_RUNGS[:-1])
    low = rng.choice(DEFAULT_RUNGS[:-1], size=halts, p=weights / weights.sum())
    ends = rng.permutation([*low, *[0.0] * dead, *[1.0] * (n - halts - dead)])
    return tuple(run(problem, number, _runnable(problem, rng), float(end)) for number, end in enumerate(ends))


def _runnable(problem: Problem, rng: np.random.Generator) -> dict[str, ConfigValue]:
    config = problem.space.sample(rng)
    for _ in range(50):
        if problem.space.check(config, problem.context) is None:
            break
        config = problem.space.sample(rng)
    return config


def run(problem: Problem, number: int, config: Config, fidelity: float) -> Trial:
    """A trial brought to a fidelity; 0 means that it failed."""
    end = outcome(problem.space, problem.context, config, fidelity)
    whole = TrialState.COMPLETE if fidelity >= 1.0 else TrialState.PAUSED
    state = whole if end.failure is None else TrialState.FAILED
    return Trial(
        number=number,
        config=dict(config),
        seed=0,
        state=state,
        target=fidelity,
        fidelity=end.fidelity,
        curve=end.curve,
        measures=end.measures,
        failure=end.failure,
        checkpoint=state is TrialState.PAUSED,
    )


def outcome(space: SearchSpace, context: Context, config: Config, fidelity: float) -> Outcome:
    """What a configuration does: a saturating curve to a score that is smooth in the unit cube, with noise."""
    physics = estimate(config, space.models[str(config["model"])], context)
    load, train = 5.0, max(physics.seconds - 5.0, 1.0)
    if fidelity <= 0:
        measures = Measures(seconds_load=load, seconds_train=min(train, 10.0))
        return Outcome(fidelity=0.0, measures=measures, failure=_LOSS_OF_MEMORY)
    place = space.encode(config)
    rng = np.random.default_rng(int(config_key(config)[:8], 16))
    best = 0.5 + 0.3 * np.cos(np.arange(len(place)))
    top = 0.3 + 0.55 * float(np.exp(-2.0 * np.mean((place - best) ** 2))) + 0.02 * rng.normal()
    rate = 4.0 + rng.normal()
    rise = {rung: 1 - np.exp(-max(rate, 1.0) * rung) for rung in DEFAULT_RUNGS if rung <= fidelity + 1e-9}
    curve = tuple(
        CurvePoint(fidelity=rung, score=float(0.2 + (top - 0.2) * share), seconds=load + train * rung)
        for rung, share in rise.items()
    )
    return Outcome(fidelity=fidelity, curve=curve, measures=Measures(seconds_load=load, seconds_train=train * fidelity))


def peak_mib() -> float:
    """Largest resident set of this process so far.

    On Linux a process starts `ru_maxrss` with the peak of the one that spawned it, so the kernel's own mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        marks = [row.split()[1] for row in status.read_text().splitlines() if row.startswith("VmHWM")]
        if marks:
            return int(marks[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


_HEAD = "method          trials  experiences   first s  median s     p90 s  peak MiB"


def line(timing: Timing) -> str:
    """A cell as a line of the table."""
    t = timing
    counts = f"{t.method:<14}{t.trials:>8}{t.experiences:>13}"
    return f"{counts}{t.first:>10.3f}{t.median:>10.3f}{t.p90:>10.3f}{t.peak_mib:>10.0f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="table with the columns of xautolm_trials.parquet")
    parser.add_argument("--trials", default=TRIALS, help="numbers of trials")
    parser.add_argument("--experiences", default=EXPERIENCES, help="numbers of stored experiences")
    parser.add_argument("--repeats", type=int, default=5, help="timed proposals after the first")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count() or 1, help="of torch; all cores by default")
    parser.add_argument("--peers", default="", help="methods timed without a store, such as optuna_tpe,optuna_gp")
    parser.add_argument("--json", help="write results here")
    return parser


if __name__ == "__main__":
    main()
