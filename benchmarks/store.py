"""The experience store under load: many writers at once, and a large store, on SQLite and on PostgreSQL.

    python -m benchmarks.store --json benchmarks/results/store.json

Writers are processes that append one record at a time, each in its own transaction; every hundredth record is written
by all of them. The large store is filled in bulk and then opened anew for each question.
Records are as long as real ones (a curve of five validations, eleven parameters). Times are wall-clock seconds,
`cpu` those in which this process computed (on a busy machine the two differ by more than the waiting for the disk);
`sync` is what the disk takes to keep 8 KiB: a durable append waits for that, as what a trial brings does.
"""

import argparse
import functools
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.postgres import NoServer, serve
from benchmarks.summary import write
from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint
from xautolm_nb.metafeatures import context_weights
from xautolm_nb.store import ExperienceStore

RUNGS = (0.0625, 0.125, 0.25, 0.5, 1.0)
BULK = 5000


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds of one question, asked several times."""

    database: str
    question: str
    first: float
    median: float
    p90: float
    cpu: float
    """Median of this process's processor time."""
    times: int


@dataclass(frozen=True, kw_only=True)
class Race:
    """What many writers at once brought."""

    database: str
    writers: int
    records: int
    """Different ones, over all writers."""
    errors: int
    lost: int
    duplicated: int
    seconds: float
    per_second: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from a command line."""
    args = _parser().parse_args(arguments)
    timings: list[Timing] = [_timing("disk", "sync", _sync_times(args.repeats))]
    races: list[Race] = []
    for database in args.databases.split(","):
        with _database(database) as url:
            if url is None:
                continue
            races.append(race(database, url, writers=args.writers, records=args.appends))
            print(_line(asdict(races[-1])), flush=True)
        with _database(database) as url:
            assert url is not None
            fill(url, args.rows, args.contexts)
            for timing in measure(database, url, args):
                timings.append(timing)
                print(_line(asdict(timing)), flush=True)
    if args.json:
        settings = {name: value for name, value in vars(args).items() if name != "json"}
        write(args.json, "store", settings, [], races=[asdict(r) for r in races], timings=[asdict(t) for t in timings])


def race(database: str, url: str, *, writers: int, records: int) -> Race:
    """Let processes append at once, and count what arrived."""
    context = multiprocessing.get_context("spawn")
    shares = [range(start, records, writers) for start in range(writers)]
    with context.Pool(writers) as pool:
        pool.map(_ready, range(writers * 4))  # imports are not timed
        started = time.perf_counter()
        results = pool.starmap(_append_all, [(url, [*share, *range(0, records, 100)]) for share in shares], chunksize=1)
        seconds = time.perf_counter() - started
    with ExperienceStore.open(url) as store:
        found = {experience.seed for experience in store.experiences()}
        count, sound = store.count(), store.doctor() == []
    assert sound, "the store is damaged"
    return Race(
        database=database,
        writers=writers,
        records=records,
        errors=sum(len(errors) for errors in results),
        lost=len(set(range(records)) - found),
        duplicated=count - len(found),
        seconds=seconds,
        per_second=sum(len(share) for share in shares) / seconds,
    )


def _ready(_number: int) -> None:
    time.sleep(0.1)


def _append_all(url: str, numbers: Sequence[int]) -> list[str]:
    errors = []
    with ExperienceStore.open(url) as store:
        for number in numbers:
            try:
                store.append(make_experience(number, number // 50))
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
    return errors


def fill(url: str, rows: int, contexts: int) -> None:
    """Append records in bulk, evenly over the contexts."""
    with ExperienceStore.open(url) as store:
        for start in range(0, rows, BULK):
            numbers = range(start, min(rows, start + BULK))
            store.append(*[make_experience(number, number * contexts // rows) for number in numbers])


def measure(database: str, url: str, args: argparse.Namespace) -> Iterator[Timing]:
    """Ask a large store its questions."""
    yield _timing(database, "open", timed(lambda: ExperienceStore.open(url).close(), args.repeats))
    targets = iter(range(args.contexts, args.contexts + 1000))

    def similar(store: ExperienceStore) -> None:
        found = store.similar(make_context(next(targets)), 50, weigh=context_weights)
        assert len(found) == min(50, args.rows)

    cold = []
    for _ in range(max(3, args.repeats // 20)):
        with ExperienceStore.open(url) as store:
            cold += timed(functools.partial(similar, store), 1)
    yield _timing(database, "similar, first of a process", cold)
    with ExperienceStore.open(url) as store:
        similar(store)
        yield _timing(database, "similar", timed(lambda: similar(store), args.repeats))
        yield _timing(database, "contexts", timed(store.contexts, max(3, args.repeats // 20)))
        numbers = iter(range(10**7, 2 * 10**7))
        made = iter([make_experience(next(numbers), number % args.contexts) for number in range(2 * args.repeats)])
        yield _timing(database, "append", timed(lambda: store.append(next(made)), args.repeats))
        yield _timing(database, "append, durable", timed(lambda: store.append(next(made), durable=True), args.repeats))


def timed(work: Callable[[], object], repeats: int) -> list[tuple[float, float]]:
    """Wall-clock seconds and processor seconds of each call."""
    seconds = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        seconds.append((time.perf_counter() - wall, time.process_time() - processor))
    return seconds


def make_context(number: int) -> Context:
    """A made-up context; equal numbers give equal ones."""
    rng = np.random.default_rng(number)
    rows, classes = float(rng.integers(100, 10**6)), float(rng.integers(2, 30))
    paper = (rows, classes, *(float(value) for value in rng.uniform(0, 1, 4)), 80.0, 20.0, 0.25, float(rng.uniform()))
    extra = {name: float(rng.integers(5, 500)) for name in ("tokens_p50", "tokens_p95", "tokens_p99", "vocabulary")}
    system = SystemMetaFeatures(paper=(4.0, 8.0, 3.5, 31.0, 0.0), memory_gib=31.0)
    return Context(task=TaskMetaFeatures(kind="classification", paper=paper, extra=extra), system=system)


def make_experience(number: int, context: int) -> Experience:
    """A made-up record as long as a real one; equal numbers give equal ones."""
    curve = tuple(
        CurvePoint(fidelity=fidelity, score=0.5 + fidelity / 4, seconds=60 * fidelity, step=int(480 * fidelity),
                   loss=0.7 - fidelity / 2, metrics={"accuracy": 0.5, "f1": 0.5})
        for fidelity in RUNGS
    )  # fmt: skip
    config: dict[str, ConfigValue] = {
        "model": "distilbert/distilbert-base-uncased", "method": "lora", "learning_rate": 1e-4 + number * 1e-12,
        "epochs": 3, "batch_size": 16, "weight_decay": 0.01, "warmup_ratio": 0.1, "schedule": "linear",
        "lora_rank": 8, "lora_alpha": 16, "lora_dropout": 0.1,
    }  # fmt: skip
    return Experience(
        task_name=f"task {context}",
        metric=Metric(name="f1"),
        context=make_context(context),
        space="xautolm-nb/1",
        config=config,
        fidelity=1.0,
        score=0.75,
        seconds=60.0,
        curve=curve,
        seed=number,
        created_at=f"2025-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}+00:00",
        source="benchmark",
        study=f"study {context}",
        trial=number % 50,
        fingerprint=f"{context:032x}",
    )


def _sync_times(repeats: int) -> list[tuple[float, float]]:
    with tempfile.TemporaryFile() as file:
        file.write(b"0" * 8192 * repeats)
        os.fsync(file.fileno())
        file.seek(0)

        def sync() -> None:
            file.write(os.urandom(8192))
            file.flush()
            os.fdatasync(file.fileno())

        return timed(sync, repeats)


@contextmanager
def _database(name: str) -> Iterator[str | None]:
    """Connection string of a new and empty store; None when there is no server."""
    with ExitStack() as stack:
        if name == "sqlite":
            yield str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store.sqlite")
            return
        try:
            server = stack.enter_context(serve())
        except NoServer as error:
            print(f"{name}: {error}")
            yield None
            return
        yield server.create("store")


def _timing(database: str, question: str, seconds: Sequence[tuple[float, float]]) -> Timing:
    wall, processor = np.array(seconds).T
    return Timing(
        database=database,
        question=question,
        first=float(wall[0]),
        median=float(np.median(wall)),
        p90=float(np.quantile(wall, 0.9)),
        cpu=float(np.median(processor)),
        times=len(seconds),
    )


def _line(figures: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value:.4f}" if isinstance(value, float) else f"{value}" if isinstance(value, str)
                     else f"{name} {value}" for name, value in figures.items())  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Time the experience store under load.")
    parser.add_argument("--databases", default="sqlite,postgresql", help="with commas")
    parser.add_argument("--rows", type=int, default=100_000, help="records of the large store")
    parser.add_argument("--contexts", type=int, default=2000, help="their contexts: a study is one, at about 50 trials")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--appends", type=int, default=10_000, help="records of all writers together")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--json", help="write the figures to this file")
    return parser


if __name__ == "__main__":
    main()
