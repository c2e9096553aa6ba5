"""Workers: what a trial costs beside its training and validating, over a sequence of trials.

    python -m benchmarks.worker --data DATA/sst2 --model FOLDER --json benchmarks/results/worker.json

A sequence of trials runs through `ProcessRunner` as a search runs them: the worker is spawned, loads the model anew for
each trial, and is used again. The trials take one step on few rows, so that nearly all that they cost is what is to be
measured. By trial:

- `cpu_seconds`: processor time of the worker (and of this process while it waits), spawn and imports in the first
- `wall_seconds`: from the order to the outcome, less the seconds of training and validating; the figure to read on a
  machine that nobody else uses
- `share`: the mean of `cpu_seconds` over a trial of `--trial` seconds (60)
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.summary import Run, estimate, write
from benchmarks.training import make_job, some_rows
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Trial
from xautolm_nb.metafeatures import describe_task, probe_system
from xautolm_nb.run import ProcessRunner
from xautolm_nb.space import inspect_folder
from xautolm_nb.tasks import prepare_task

ROWS = 24


def processor_seconds() -> float:
    """Processor time of this process and of the workers it has."""
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (own, *own.children(recursive=True)))


def run_trials(task: Task, context: Context, model: ModelInfo, folder: Path, count: int) -> list[Run]:
    """Run a sequence of trials that hardly train, each with another seed."""
    runs = []
    before = processor_seconds()
    runner = ProcessRunner(folder=folder, models={model.id: model}, context=context, rungs=(1.0,))
    try:
        for number in range(count):
            job = make_job(task, context, model, folder, seed=number, batch_size=128)
            trial = Trial(number=number, config=job.trial.config, seed=number)
            start = time.perf_counter()
            outcome = runner.run(task, trial, emit=lambda event: None, should_stop=lambda: False)
            wall, now = time.perf_counter() - start, processor_seconds()
            if outcome.failure is not None:
                raise RuntimeError(f"trial {number} was to succeed, but failed: {outcome.failure.message}")
            work = outcome.measures.seconds_train + outcome.measures.seconds_eval
            figures = {"cpu_seconds": now - before, "wall_seconds": wall - work}
            runs.append(Run(method="worker", task=task.name, seed=number, figures=figures))
            print(f"trial {number}: {figures}", flush=True)
            before = now
            runner.discard(trial)
    finally:
        runner.close()
    return runs


def summary(runs: Sequence[Run], trial_seconds: float) -> dict[str, str | float]:
    """Means with 95 % intervals, and the mean processor time as a share of a trial."""
    cpu, wall = (estimate([run.figures[name] for run in runs]) for name in ("cpu_seconds", "wall_seconds"))
    share = round(cpu.mean / trial_seconds, 4)
    return {"trials": len(runs), "cpu_seconds": str(cpu), "wall_seconds": str(wall), "share": share}


def main(options: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="anything prepare_task reads")
    parser.add_argument("--model", required=True, help="folder of a checkpoint")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--trial", type=float, default=60.0, help="seconds of the trial that the share is of")
    parser.add_argument("--json", help="write the figures here")
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = some_rows(chosen.data, ROWS)
        task, _ = prepare_task(rows, folder=folder / "data", test=False, name=Path(chosen.data).name)
        context = Context(task=describe_task(task, landmark_rows=50), system=probe_system(None))
        runs = run_trials(task, context, inspect_folder(chosen.model), folder / "study", chosen.trials)
    found = summary(runs, chosen.trial)
    print(found)
    if chosen.json:
        settings = {"data": Path(chosen.data).name, "model": Path(chosen.model).name, "trial": chosen.trial}
        write(chosen.json, "worker", settings, runs, overhead=found)


if __name__ == "__main__":
    main()
