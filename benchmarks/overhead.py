"""Overhead: seconds and memory that a proposal takes, by trials of the study and by experiences in the store.

    python -m benchmarks.overhead --data xautolm_trials.parquet --json out.json

Each cell is a fresh process: load all libraries by a small proposal, then time the `first` proposal with the store
(it fits the prior), then `--repeats` more. A proposal is carried out before the next is asked for, and at least one
trial is added, so no cached answer is timed. Trials and experiences are made up (`benchmarks.simulated`).

Peers get trials without a pause (most know whole runs only) and no store.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.methods import METHODS, build
from benchmarks.problem import Problem
from benchmarks.recorded import read_trials
from benchmarks.simulated import FAILED, PAUSED, carried_out, make_problem, sampled
from benchmarks.summary import write
from xautolm_nb.core.config import config_key
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Optimizer, Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import default_search_ids

OURS = "ours"
TRIALS = "10,30,100,300,500,1000"
EXPERIENCES = "0,100,1000,10000"
STATELESS = tuple(name for name in METHODS if name != "smac")
"""SMAC's first answers are those of its initial design, whatever it was told."""
_WARM_UP = 5  # trials of the proposal that loads all libraries


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
