"""Live: equal wall-clock time, real fine-tuning; the methods share space, runner, splits and rules.

    python -m benchmarks.live --data mr --data cr --models path/to/model --rows 600 --trials 6 --collect past.parquet
    python -m benchmarks.live --data sst2 --data ag_news --methods ours,optuna_tpe_hyperband,nspe --seconds 180 \
        --seeds 3 --models path/to/model --rows 1500 --store past.parquet --json out.json
    python -m benchmarks.live --data ag_news --methods ours,ours_no_store --seconds 180 --seeds 3 \
        --models all-MiniLM-L6-v2 --rows 1500 --starter --json starter.json

The first line runs random searches and writes their experiences down; the second searches; the third asks what the
starter experience brings that ships with the package. A search is told the stored experiences of other data sets only:
those of its own name or fingerprint are left out, but nobody notices when two sets share texts under different names,
so such sets do not belong in the store (the starter knows its own).

The time starts when the parts are wired: describing the task and the machine is the same work for all methods. From
then on all counts: reading the experiences, proposals, starting the worker, loading models, training, validation. The
trial at work when the time is over is stopped; what it has scored until then counts.
"""

import argparse
import functools
import math
import statistics
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.jobs import Job, run_jobs
from benchmarks.live_run import run
from benchmarks.methods import METHODS, named
from benchmarks.summary import Estimate, Findings, Run, estimate, paired, table
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import Trial
from xautolm_nb.request import SearchRequest, create_study, wire
from xautolm_nb.space import MODEL_IDS
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.importing import export_parquet, import_path
from xautolm_nb.study import Budget, Study, search
from xautolm_nb.tasks.load import SPLIT_NAMES, load_tables

FOREVER = 1e7
"""Seconds of a search that ends by its number of trials."""
_SHOWN = ("best", "best_full", "test", "area", "trials", "error_ratio", "evaluation_seconds", "proposing")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is the same for all searches."""

    models: tuple[str, ...]
    seconds: float
    timeout: float
    """Seconds after which a trial fails as a timeout."""
    rows: int | None = None
    """Most rows of each split; None takes all."""
    epochs: int = 5
    device: str | None = None
    store: str | None = None
    """Experiences to import: whatever the package imports."""
    starter: bool = False
    """Whether the experience that ships with the package stands in for a store."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of all requests, such as `kind`, `text`, `label`, `methods`; `objectives` is `("f1",)` without."""

    @property
    def settings(self) -> dict[str, Any]:
        """What tells benchmarks apart, without places."""
        more = {"request": dict(self.request)} if self.request else {}
        return {
            **more,
            "models": [Path(model).name for model in self.models],
            "seconds": self.seconds,
            "timeout": self.timeout,
            "rows": self.rows,
            "epochs": self.epochs,
            "device": self.device,
            "store": Path(self.store).name if self.store else "starter" if self.starter else None,
            "stored": contents(self.store) if self.store else None,
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark, or collect experiences, from a command line."""
    args = _parser().parse_args(arguments)
    data = by_name(args.data)
    terms = Terms(
        models=tuple(args.models.split(",")),
        seconds=args.seconds,
        timeout=args.timeout or args.seconds / 3,
        rows=args.rows,
        epochs=args.epochs,
        device=args.device,
        store=args.store,
        starter=args.starter,
    )
    if args.collect:
        collect(data, terms, trials=args.trials, out=args.collect)
    else:
        compare(data, terms, named(args.methods), seeds=args.seeds, out=args.json, processes=args.processes)


def searched(
    data: Mapping[str, str], terms: Terms, methods: Sequence[str], *, seeds: int, out: str | None, processes: int = 1
) -> list[Run]:
    """Run every method on all data with all seeds; what `out` holds is not run again.

    Every process needs cores of its own: times of searches that share one compare with nothing.
    """
    jobs = [(method, name, seed) for seed in range(seeds) for name in data for method in methods]
    work = functools.partial(one, data=data, terms=terms)
    return run_jobs("live", jobs, work, settings=terms.settings, out=out, processes=processes)


def compare(
    data: Mapping[str, str], terms: Terms, methods: Sequence[str], *, seeds: int, out: str | None, processes: int = 1
) -> None:
    """Run every method on all data with all seeds, and print what came of it."""
    runs = searched(data, terms, methods, seeds=seeds, out=out, processes=processes)
    print(table(runs, _SHOWN))
    print(table(runs, _SHOWN, tasks=False))
    for other in methods[1:]:
        print(f"{methods[0]} - {other}:", *(f"{f} {paired(runs, methods[0], other, f)}" for f in _SHOWN), sep="  ")
    for other in methods[1:]:
        found = ratio(runs, methods[0], other, "evaluation_seconds")
        print(f"evaluation_seconds, {methods[0]} / {other}:  {found.mean:.3f} ({found.low:.3f} to {found.high:.3f})")


def one(job: Job, *, data: Mapping[str, str], terms: Terms) -> Findings:
    """Search one data set with one method and seed, in a store of its own."""
    method, name, seed = job
    options = {"seed": seed, "budget_seconds": terms.seconds, "grace_seconds": 0}
    with tempfile.TemporaryDirectory() as folder, ExperienceStore.open(Path(folder)) as store:
        study = wired(name, data[name], terms, store, options)
        with closing(study.runner):
            store.append(*past(terms.store, name, study.record.task.fingerprint))
            return run(study, method, terms.seconds)


def collect(data: Mapping[str, str], terms: Terms, *, trials: int, out: str) -> None:
    """Run a random search of so many trials on each data set and write all experiences to a Parquet file.

    Experiences that are there already stay; a data set that has as many is left out.
    """
    for name, source in data.items():
        seed = zlib.crc32(name.encode()) % 2**31  # other configurations for each
        options = {"optimizer": "random", "max_trials": trials, "use_prior": False, "seed": seed}
        with tempfile.TemporaryDirectory() as folder, ExperienceStore.open(Path(folder)) as store:
            if Path(out).exists():
                import_path(store, out)
            if sum(experience.task_name == name for experience in store.experiences()) >= trials:
                continue
            study = wired(name, source, terms, store, options)
            with closing(study.runner):
                search(study, budget=Budget(seconds=FOREVER), control=lambda: Control.RUN, emit=lambda event: None)
            print(f"{name}: {table_of(store.trials(study.record.id))}")
            print(f"{out}: {export_parquet(store, out)} experiences")


def table_of(trials: Sequence[Trial]) -> str:
    """Trials in a line: how many, how many failed, the best score, the seconds of all."""
    scores = [trial.score for trial in trials if trial.score is not None]
    failed = sum(trial.failure is not None for trial in trials)
    seconds = sum(trial.seconds for trial in trials)
    return f"{len(trials)} trials, {failed} failed, best {max(scores, default=float('nan')):.3f}, {seconds:.0f} s"


def wired(name: str, source: str, terms: Terms, store: ExperienceStore, options: Mapping[str, Any]) -> Study:
    """A study as the package wires it; only what past experience contributes is not put down for people."""
    request = SearchRequest.from_mapping(
        {
            "name": name,
            "models": terms.models,
            "objectives": ("f1",),
            "trial_timeout_seconds": terms.timeout,
            "max_epochs": terms.epochs,
            "device": terms.device,
            "use_starter": terms.starter,
            **terms.request,
            **options,
        }
    )
    record, _ = create_study(request, rows_of(source, terms.rows), store)
    return replace(wire(record, store), summarise=lambda experiences: {})


def ratio(runs: Sequence[Run], method: str, other: str, figure: str) -> Estimate:
    """A method's figure over another's: geometric mean with its 95 % interval over seeds (Student's t of logarithms).

    Logarithms of the ratios are averaged over the tasks that both have of a seed.
    """
    one, two = _of(runs, method, figure), _of(runs, other, figure)
    by_seed: dict[int, list[float]] = {}
    for task, seed in sorted(one.keys() & two.keys()):
        by_seed.setdefault(seed, []).append(math.log(one[task, seed] / two[task, seed]))
    logs = estimate([statistics.fmean(values) for values in by_seed.values()])
    return Estimate(mean=math.exp(logs.mean), low=math.exp(logs.low), high=math.exp(logs.high), n=logs.n)


def _of(runs: Sequence[Run], method: str, figure: str) -> Mapping[tuple[str, int], float]:
    """Task and seed to the figure, where it is more than 0."""
    mine = [run for run in runs if run.method == method]
    return {(run.task, run.seed): run.figures[figure] for run in mine if run.figures[figure] > 0}


def by_name(paths: Sequence[str]) -> dict[str, str]:
    """Paths by the names of their data sets: that of the folder or file, or of the folder where the file is a split.

    Raises:
        SystemExit: Two have one name, so that a search would not be told apart from its own past.
    """
    found: dict[str, str] = {}
    for path in paths:
        name = load_tables(path).name
        name = Path(path).resolve().parent.name if name.lower() in SPLIT_NAMES else name
        if name in found:
            raise SystemExit(f"Two data sets are called {name!r}: {found[name]} and {path}. Rename one.")
        found[name] = path
    return found


def rows_of(source: str, rows: int | None) -> Any:
    """The tables of a data set, each cut to the same random rows for all seeds."""
    frames = {
        split: frame if rows is None or len(frame) <= rows else frame.sample(n=rows, random_state=0, ignore_index=True)
        for split, frame in load_tables(source).frames.items()
    }
    return frames.get("all", frames)


def past(path: str | None, name: str, fingerprint: str) -> list[Experience]:
    """Stored experiences of other data sets: neither of this name nor of these rows."""
    stored = _stored(path) if path else ()
    return [one for one in stored if one.task_name.lower() != name.lower() and one.fingerprint != fingerprint]


def contents(path: str) -> dict[str, dict[str, int]]:
    """Tasks of a store, with their trials and how many of them failed."""
    trials: dict[str, dict[tuple[str, int], bool]] = {}
    for place, one in enumerate(_stored(path)):  # the last record of a trial counts; some records are not of a study
        key = (one.study, one.trial) if one.study and one.trial is not None else ("", place)
        trials.setdefault(one.task_name, {})[key] = one.failure is not None
    return {name: {"trials": len(of), "failed": sum(of.values())} for name, of in sorted(trials.items())}


@functools.cache
def _stored(path: str) -> tuple[Experience, ...]:
    with ExperienceStore.open(":memory:") as store:
        import_path(store, path, model_ids=MODEL_IDS)
        return tuple(store.experiences())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, action="append", help="a file or folder; may be given several times")
    parser.add_argument("--methods", default="ours,random", help=f"some of {', '.join(METHODS)}; the first is compared")
    parser.add_argument("--models", default="all-MiniLM-L6-v2", help="ids or folders, with commas")
    parser.add_argument("--seconds", type=float, default=180.0, help="of each search")
    parser.add_argument("--timeout", type=float, help="seconds a trial may take; a third of the search by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="searches at once; each needs a core of its own")
    parser.add_argument("--rows", type=int, help="most rows of each split; all by default")
    parser.add_argument("--epochs", type=int, default=5, help="most epochs of a configuration")
    parser.add_argument("--device", help="cpu or cuda; the GPU by default, when there is one")
    past = parser.add_mutually_exclusive_group()
    past.add_argument("--store", help="experiences that `ours` and others that use them start from")
    past.add_argument("--starter", action="store_true", help="they start from what ships with the package instead")
    parser.add_argument("--json", help="write results here; what it holds already is not run again")
    parser.add_argument("--collect", help="run no methods, but random searches, and write their experiences here")
    parser.add_argument("--trials", type=int, default=6, help="of each of these searches")
    return parser


if __name__ == "__main__":
    main()
