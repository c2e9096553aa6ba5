"""Memory: predicted against measured peaks of training, for models x methods x batches x lengths.

    python -m benchmarks.memory --model FOLDER --model FOLDER[:3] --json benchmarks/results/memory.json

Each cell is a fresh process that takes two optimizer steps on rows of one length and reads the peak: allocated memory
of the GPU where there is one, else the process's resident memory. The prediction is `space.physics.expected_peak_gib`.
Printed are the mean absolute error in per cent and, by method, the ratio of measured to predicted: a constant of the
formula is wrong where the ratio is the same for all cells of a method.
"""

import argparse
import multiprocessing
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from benchmarks.summary import Run, write
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import build_space, discover_models
from xautolm_nb.space.physics import expected_peak_gib

METHODS = ("full", "partial", "lora", "head")
BATCHES = (8, 32)
LENGTHS = (32, 128, 256)
STEPS = 2


def make_context(length: int, system: SystemMetaFeatures) -> Context:
    """A task whose rows are all of one length."""
    names = ("mean", "p50", "p90", "p95", "p99", "max")
    extra = {"rows_train": 1000.0, "rows_validation": 100.0, **{f"tokens_{name}": float(length) for name in names}}
    task = TaskMetaFeatures(kind="classification", paper=(1000.0, 2.0, *(0.0,) * 8), extra=extra)
    return Context(task=task, system=replace(system, memory_gib=1e6, gpu_memory_gib=1e6))


def measure(model: ModelInfo, method: str, batch: int, length: int, system: SystemMetaFeatures) -> float:
    """Peak GiB of some steps, read as a trial reads it; to be called in a process of its own."""
    import numpy as np

    from xautolm_nb.run.device import choose_precision
    from xautolm_nb.run.engine import Engine
    from xautolm_nb.run.measure import read_peak_gib, start_peak
    from xautolm_nb.run.protocol import Job
    from xautolm_nb.run.tokens import Tokens

    context = make_context(length, system)
    config = {**build_space(context, [model], methods=(method,)).default(method=method), "batch_size": batch}
    task = Task(
        name="cells", kind="classification", text=("text",), label="label", metric=Metric(name="f1"),
        labels=("a", "b"), rows={"train": batch}, folder="", fingerprint="",
    )  # fmt: skip
    job = Job(task=task, trial=Trial(number=0, config=config, seed=0), model=model, context=context, rungs=(1.0,),
              folder="")  # fmt: skip
    tokens = Tokens(
        ids=np.random.default_rng(0).integers(5, max(model.vocabulary, 10), batch * length).astype(np.int32),
        offsets=np.arange(batch + 1, dtype=np.int64) * length,
        labels=np.arange(batch, dtype=np.int64) % 2,
    )
    precision = choose_precision(system)
    start_peak(precision.device)
    engine = Engine(job, tokens, precision, micro_batch=batch, total=STEPS)
    engine.train_mode()
    for _ in range(STEPS):
        engine.step(np.arange(batch))
    return read_peak_gib(precision.device)


def predict(model: ModelInfo, method: str, batch: int, length: int, system: SystemMetaFeatures) -> float:
    """Predicted peak, GiB."""
    context = make_context(length, system)
    config = {**build_space(context, [model], methods=(method,)).default(method=method), "batch_size": batch}
    return expected_peak_gib(config, model, context, batch)


def run_cells(
    models: Sequence[ModelInfo],
    system: SystemMetaFeatures,
    *,
    methods: Sequence[str] = METHODS,
    batches: Sequence[int] = BATCHES,
    lengths: Sequence[int] = LENGTHS,
) -> list[Run]:
    """Measure every cell, each in a fresh process."""
    runs = []
    start = _start_method(system)
    for model, method, batch, length in product(models, methods, batches, lengths):
        with ProcessPoolExecutor(1, mp_context=start) as pool:
            measured = pool.submit(measure, model, method, batch, length, system).result()
        predicted = predict(model, method, batch, length, system)
        name = f"{model.id} {batch} x {length}"
        runs.append(Run(method=method, task=name, seed=0, figures={"measured": measured, "predicted": predicted}))
        print(f"{name:<40}{method:<10}measured {measured:6.2f} GiB  predicted {predicted:6.2f} GiB", flush=True)
    return runs


def _start_method(system: SystemMetaFeatures) -> BaseContext:
    """How a process begins: from one with the imports done, which CUDA does not allow."""
    if system.device == "cuda":
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["benchmarks.memory", "xautolm_nb.run.engine", "xautolm_nb.run.finetune", "peft"])
    return server


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Mean absolute error in per cent of the measured peak, and measured over predicted by method (median)."""
    errors = [abs(run.figures["predicted"] / run.figures["measured"] - 1) for run in runs]
    ratios: dict[str, list[float]] = {}
    for run in runs:
        ratios.setdefault(run.method, []).append(run.figures["measured"] / run.figures["predicted"])
    by_method = {method: round(statistics.median(values), 3) for method, values in ratios.items()}
    return {"cells": len(runs), "error_percent": round(100 * statistics.mean(errors), 1), "ratio": by_method}


def main(options: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    from xautolm_nb.metafeatures import probe_system

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", required=True, help="folder or id, cuts too (name[:3]); repeatable")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--batches", default=",".join(map(str, BATCHES)))
    parser.add_argument("--lengths", default=",".join(map(str, LENGTHS)))
    parser.add_argument("--json", help="write the figures here")
    chosen = parser.parse_args(options)
    runs = run_cells(
        discover_models(chosen.model, allow_network=False),
        probe_system(None),
        methods=chosen.methods.split(","),
        batches=[int(size) for size in chosen.batches.split(",")],
        lengths=[int(size) for size in chosen.lengths.split(",")],
    )
    found = summary(runs)
    print(found)
    if chosen.json:
        settings = {name: value for name, value in vars(chosen).items() if name != "json"}
        settings["model"] = [Path(model).name for model in chosen.model]
        write(chosen.json, "memory", settings, runs, errors=found)


if __name__ == "__main__":
    main()
