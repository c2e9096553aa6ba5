"""Training: how fast one trial fine-tunes, beside what people write by hand with Transformers.

    python -m benchmarks.training --data DATA/meld --data DATA/ag_news --rows 1200 --seeds 3 --model FOLDER \
        --learning-rate 2e-4 --json benchmarks/results/training.json

Each way trains the same model on the same rows with the same batch size, learning rate, schedule and epochs, one after
the other in one process, and scores the same validation rows:

- `padded`: the Trainer of Transformers, every text padded to `--padded` tokens, as XAutoLM does it; the median of its
  seven lengths (64 to 4096, cut to what the model takes) is the model's own limit
- `trainer`: the Trainer as it comes, each batch padded to its longest text
- `float32`: ours without the shorter numbers that the processor computes natively
- `ours`: a trial as a search runs it

Rows a second are those of training alone: loading, tokenising and validating are the same work for all and left out.
`rows_per_cpu_second` counts the process's own time and is the figure to read where other programs share the processor;
ratios are of it on a CPU and of the wall clock on a GPU, between runs with the same seed. `second_tokenising` is what a
second trial of a study spends on tokens.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.summary import Estimate, Run, estimate, write
from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Outcome, Trial
from xautolm_nb.metafeatures import describe_task, probe_system
from xautolm_nb.run.data import read_tokens
from xautolm_nb.run.device import choose_precision
from xautolm_nb.run.finetune import FineTuning
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.methods import load_model
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.scoring import Judge
from xautolm_nb.space import inspect_folder
from xautolm_nb.tasks import prepare_task
from xautolm_nb.tasks.files import read_split
from xautolm_nb.tasks.load import load_tables

Figures = dict[str, float]


class Deaf:
    """Listens to nothing."""

    def progress(self, progress: TrialProgress) -> None:
        """Not heard."""

    def rung(self, outcome: Outcome) -> None:
        """Not heard."""


class Clock:
    """Wall-clock and processor seconds of a training."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add the time of the block."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.processor += time.process_time() - processor

    def figures(self, rows: int, score: float) -> Figures:
        """Rows a second by either clock."""
        return {"rows_per_second": rows / self.wall, "rows_per_cpu_second": rows / self.processor, "score": score}


class Timed(FineTuning):
    """A trial whose training is timed by both clocks."""

    clock: Clock

    def _train_until(self, goal: int) -> bool:
        with self.clock.running():
            return super()._train_until(goal)


def ours(job: Job) -> Figures:
    """A trial as a search runs it."""
    training = Timed(job, Deaf(), lambda: False)
    training.clock = Clock()
    training.load()
    outcome = training.run()
    return training.clock.figures(rows_trained(job), outcome.curve[-1].score)


def rows_trained(job: Job) -> int:
    """Rows of all epochs."""
    return job.task.rows["train"] * int(job.trial.config["epochs"])


def float32(job: Job) -> Figures:
    """The same without the machine's 16-bit numbers."""
    system = replace(job.context.system, bfloat16=False)
    return ours(replace(job, context=replace(job.context, system=system), folder=f"{job.folder}-float32"))


def trainer(job: Job, *, padded: int | None = None) -> Figures:
    """The Trainer of Transformers, with dynamic padding or with a fixed one."""
    from transformers import DataCollatorWithPadding, Trainer, TrainerCallback

    tokenizer = load_tokenizer(job.model)
    table = read_split(job.task, "train")
    limit = {"max_length": padded, "padding": "max_length"} if padded else {}
    coded = tokenizer(table["text"].tolist(), truncation=True, **limit)
    rows = [
        {"input_ids": ids, "attention_mask": mask, "labels": int(label)}
        for ids, mask, label in zip(coded["input_ids"], coded["attention_mask"], table["label"], strict=True)
    ]
    model = load_model(job.model, job.trial.config, job.task, seed=job.trial.seed)
    clock, ends = Clock(), ExitStack()

    class Timing(TrainerCallback):
        """Starts the clock where the Trainer has set itself up, as ours is not timed while it loads."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            """Start."""
            ends.enter_context(clock.running())

    with tempfile.TemporaryDirectory() as folder:
        loop = Trainer(
            model=model,
            args=arguments(job, folder),
            train_dataset=rows,
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[Timing()],
        )
        with ends:
            loop.train()
    return clock.figures(rows_trained(job), judge(job).score(model, batch_size=32).value)


def arguments(job: Job, folder: str) -> Any:
    """The trial's configuration in the words of the Trainer; a GPU computes in bfloat16 for all."""
    from transformers import TrainingArguments

    config = job.trial.config
    return TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=int(config["batch_size"]),
        num_train_epochs=float(config["epochs"]),
        learning_rate=float(config["learning_rate"]),
        weight_decay=float(config["weight_decay"]),
        lr_scheduler_type=str(config["schedule"]),
        warmup_steps=0,
        seed=job.trial.seed,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        bf16=job.context.system.device == "cuda",
        use_cpu=job.context.system.device == "cpu",
    )


def judge(job: Job) -> Judge:
    """Scores the validation rows."""
    tokens = read_tokens(job.task, "validation", job.model, lambda: load_tokenizer(job.model), None)
    return Judge(
        task=job.task,
        split="validation",
        tokens=tokens,
        info=job.model,
        precision=choose_precision(job.context.system),
        tokenizer=lambda: load_tokenizer(job.model),
    )


def make_job(task: Task, context: Context, model: ModelInfo, folder: Path, *, seed: int, **config: Any) -> Job:
    """A full run with the settings people start from."""
    usual: dict[str, ConfigValue] = {
        "model": model.id, "method": "full", "optimizer": "adamw", "schedule": "linear", "warmup_ratio": 0.0,
        "weight_decay": 0.01, "learning_rate": 5e-5, "batch_size": 16, "epochs": 1, "class_weights": False,
        "dropout": 0.1,
    }  # fmt: skip
    trial = Trial(number=0, config={**usual, **config}, seed=seed)
    return Job(task=task, trial=trial, model=model, context=context, rungs=(1.0,), folder=str(folder / f"trial-{seed}"))


def measure(job: Job, ways: Mapping[str, Callable[[Job], Figures]]) -> list[Run]:
    """Train in each way, one after the other."""
    runs = []
    for name, way in ways.items():
        runs.append(Run(method=name, task=job.task.name, seed=job.trial.seed, figures=way(job)))
        print(f"{job.task.name} seed {job.trial.seed} {name}: {runs[-1].figures}", flush=True)
    return runs


def second_tokenising(job: Job) -> float:
    """Seconds that the second trial of a study spends on tokens, with another cut-off than the first."""
    read_tokens(job.task, "train", job.model, lambda: load_tokenizer(job.model), None)
    start = time.perf_counter()
    for split in ("train", "validation"):
        read_tokens(job.task, split, job.model, lambda: load_tokenizer(job.model), 32)
    return time.perf_counter() - start


def ratios(runs: Sequence[Run]) -> dict[str, dict[str, Estimate]]:
    """By task and other way: rows a second of ours over its, and the difference of the scores; 95 % intervals."""
    found = {(run.task, run.method, run.seed): run.figures for run in runs}
    lines: dict[str, dict[str, Estimate]] = {}
    for task, method in dict.fromkeys((run.task, run.method) for run in runs if run.method != "ours"):
        seeds = [seed for (t, m, seed) in found if (t, m) == (task, method)]
        pairs = [(found[task, "ours", seed], found[task, method, seed]) for seed in seeds]
        clock = "rows_per_second" if torch.cuda.is_available() else "rows_per_cpu_second"
        faster = estimate([a[clock] / b[clock] for a, b in pairs])
        better = estimate([a["score"] - b["score"] for a, b in pairs])
        lines[f"{task} ours / {method}"] = {"speed": faster, "score": better}
    return lines


def main(options: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", required=True, help="anything prepare_task reads; repeatable")
    parser.add_argument("--model", required=True, help="folder of a checkpoint")
    parser.add_argument("--rows", type=int, default=1200, help="training rows; a third as many are scored")
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--padded", type=int, help="tokens of a text in `padded`; default: the model's limit")
    parser.add_argument("--ways", default="padded,trainer,float32,ours")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", help="write the figures here")
    parser.add_argument("--threads", type=int, help="threads of the processor; None takes what torch takes")
    chosen = parser.parse_args(options)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    chosen.padded = chosen.padded or inspect_folder(chosen.model).max_positions
    known: dict[str, Callable[[Job], Figures]] = {
        "padded": lambda job: trainer(job, padded=chosen.padded), "trainer": trainer, "float32": float32, "ours": ours,
    }  # fmt: skip
    ways = {name: known[name] for name in chosen.ways.split(",")}
    runs, tokenising = run_all(chosen, ways)
    lines = ratios(runs) if "ours" in ways else {}
    for name, line in lines.items():
        print(f"{name}: {line['speed']} times the rows a second, score difference {line['score']}")
    for name, seconds in tokenising.items():
        print(f"{name}: tokens of a second trial with another length in {seconds:.3f} s")
    if chosen.json:
        settings = {name: value for name, value in vars(chosen).items() if name != "json"}
        settings |= {"data": [Path(data).name for data in chosen.data], "model": Path(chosen.model).name}
        settings |= {"threads": torch.get_num_threads(), "second_tokenising": tokenising}
        found = {name: {key: str(value) for key, value in line.items()} for name, line in lines.items()}
        write(chosen.json, "training", settings, runs, ratios=found)


def some_rows(data: str, count: int) -> pd.DataFrame:
    """Training rows from all over a data set, `text` and `label` alone."""
    frames = load_tables(data).frames
    table = frames.get("train", frames.get("all", pd.DataFrame()))
    return table.sample(min(count, len(table)), random_state=0)[["text", "label"]]


def run_all(chosen: argparse.Namespace, ways: Mapping[str, Callable[[Job], Figures]]) -> tuple[list[Run], Figures]:
    """All tasks and seeds, and the seconds of a second trial's tokens by task."""
    model, system = inspect_folder(chosen.model), probe_system(None)
    runs: list[Run] = []
    tokenising: Figures = {}
    for data in chosen.data:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            options: dict[str, Any] = {"validation": 0.25, "test": False, "name": Path(data).name}
            task, _ = prepare_task(some_rows(data, chosen.rows * 4 // 3), folder=folder / "data", **options)
            context = Context(task=describe_task(task, landmark_rows=100), system=system)
            tokenising[task.name] = second_tokenising(make_job(task, context, model, folder, seed=0))
            for seed in range(chosen.seeds):
                config = {"epochs": chosen.epochs, "learning_rate": chosen.learning_rate}
                job = make_job(task, context, model, folder, seed=seed, **config)
                runs += measure(job, ways)
    return runs, tokenising


if __name__ == "__main__":
    main()
