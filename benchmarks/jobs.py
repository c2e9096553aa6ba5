"""Run many searches in a few processes; what is done is kept, so that a stopped benchmark goes on."""

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.summary import Figures, Findings, Run, read_runs, write

Job = tuple[str, str, int]
"""Method, task, seed."""
Work = Callable[[Job], Figures | Findings]
_SAVE_EVERY = 20.0  # seconds


def run_jobs(
    name: str,
    jobs: Sequence[Job],
    work: Work,
    *,
    settings: Mapping[str, Any],
    out: str | None,
    processes: int = 2,
) -> list[Run]:
    """Do the jobs that `out` does not hold yet; progress goes to stderr, results to `out` as they come.

    Raises:
        SystemExit: `out` holds results of other settings, which would be lost.
    """
    done = {run.key: run for run in _earlier(out, name, settings)} if out else {}
    left = [job for job in jobs if job not in done]
    started = saved = time.monotonic()
    for count, (job, found) in enumerate(_results(left, work, processes), start=1):
        findings = found if isinstance(found, Findings) else Findings(figures=found)
        figures, details = findings.figures, findings.details
        done[job] = Run(method=job[0], task=job[1], seed=job[2], figures=figures, details=details)
        if sys.stderr.isatty() or count % max(1, len(left) // 10) == 0:
            ahead = (time.monotonic() - started) / count * (len(left) - count)
            print(f"{name}: {count} of {len(left)}, {ahead:.0f} s left", file=sys.stderr)
        if out and time.monotonic() - saved > _SAVE_EVERY:
            write(out, name, settings, _kept(done, jobs))
            saved = time.monotonic()
    if out:
        write(out, name, settings, _kept(done, jobs))
    return _ordered(done, jobs)


def _earlier(out: str, name: str, settings: Mapping[str, Any]) -> list[Run]:
    """Runs that the file holds already."""
    if Path(out).exists():
        document = json.loads(Path(out).read_text())
        there = {"benchmark": document.get("benchmark"), **document.get("settings", {})}
        here = json.loads(json.dumps({"benchmark": name, **settings}))
        same = {key for key in there.keys() & here.keys() if there[key] == here[key]}
        if other := [key for key in {**there, **here} if key not in same]:
            told = "; ".join(f"{key}: {_told(there, key)} there, {_told(here, key)} now" for key in other)
            raise SystemExit(f"{out} holds results of other settings ({told}). Choose another file for --json.")
    return read_runs(out, settings)


def _told(settings: Mapping[str, Any], key: str) -> str:
    return json.dumps(settings[key]) if key in settings else "nothing"


def _results(jobs: Sequence[Job], work: Work, processes: int):  # type: ignore[no-untyped-def]
    if processes <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield job, work(job)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, initializer=_alone, maxtasksperchild=20) as pool:
        for job, found in pool.imap_unordered(_Pair(work), jobs):
            if isinstance(found, SystemExit):
                raise found
            yield job, found


class _Pair:
    """Give a job back with its result, or with what ends the program: a pool waits for ever for a worker that exits."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self, job: Job) -> tuple[Job, Figures | Findings | SystemExit]:
        try:
            return job, self.work(job)
        except SystemExit as end:
            return job, end


def _alone() -> None:
    """One thread per process: they share few cores."""
    import torch

    torch.set_num_threads(1)


def _ordered(done: Mapping[Job, Run], jobs: Sequence[Job]) -> list[Run]:
    return [done[job] for job in jobs if job in done]


def _kept(done: Mapping[Job, Run], jobs: Sequence[Job]) -> list[Run]:
    """What was asked for, then what an earlier call with other methods, tasks or seeds left."""
    asked = set(jobs)
    return [*_ordered(done, jobs), *(run for job, run in done.items() if job not in asked)]
