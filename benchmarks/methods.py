"""Every method by name, and what a command line says of methods and tasks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.problem import HALVING, Problem
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Optimizer, Proposal
from xautolm_nb.core.trial import Measures, Trial, TrialState
from xautolm_nb.optimize import BayesianOptimizer
from xautolm_nb.optimize.baselines import (
    NSPE,
    AsynchronousHalving,
    BestOfStore,
    Hyperband,
    NearestExperience,
    RandomSearch,
    WarmStart,
    variant_for,
)
from xautolm_nb.optimize.baselines.variants import NAMES, Level, Prior

Make = Callable[[Problem], Optimizer]


@dataclass(frozen=True)
class WithoutStore:
    """An optimizer that is told nothing of the store."""

    inner: Optimizer

    def propose(
        self, context: Any, experiences: Any, trials: Any, *, seed: int, seconds_left: Any = None
    ) -> Proposal | None:
        """As the inner one, with an empty store."""
        return self.inner.propose(context, (), trials, seed=seed, seconds_left=seconds_left)


class Ahead:
    """An optimizer that is asked while the trial before still runs, as by a worker that never waits."""

    def __init__(self, inner: Optimizer) -> None:
        self.inner = inner
        self._before: tuple[Trial, ...] = ()
        self._last: Proposal | None = None

    def propose(
        self, context: Any, experiences: Any, trials: Any, *, seed: int, seconds_left: Any = None
    ) -> Proposal | None:
        """What the inner one proposes knowing that its last proposal runs, but not what came of it."""
        known = tuple(trials) if self._last is None else _running(self._before, self._last, trials[-1])
        found = self.inner.propose(context, experiences, known, seed=seed, seconds_left=seconds_left)
        found = found or self.inner.propose(context, experiences, trials, seed=seed, seconds_left=seconds_left)
        self._before, self._last = tuple(trials), found
        return found


def _running(before: Sequence[Trial], proposal: Proposal, newest: Trial) -> tuple[Trial, ...]:
    """The trials as they stood when the proposal was begun."""
    if proposal.thaw is None:
        begun = replace(
            newest,
            state=TrialState.RUNNING,
            fidelity=0.0,
            curve=(),
            measures=Measures(),
            failure=None,
            checkpoint=False,
        )
        return (*before, begun)
    return tuple(
        replace(trial, state=TrialState.RUNNING, target=proposal.fidelity) if trial.number == proposal.thaw else trial
        for trial in before
    )


def ours(problem: Problem, *more: str) -> BayesianOptimizer:
    """The optimizer of this package, as it comes; `more` objectives beside the metric."""
    return BayesianOptimizer(
        space=problem.space,
        rungs=problem.rungs(DEFAULT_RUNGS),
        objectives=(problem.metric.name, *more),
        maximize=problem.metric.maximize,
        trial_timeout_seconds=problem.timeout,
    )


LEVELS: tuple[Level, ...] = ("low", "moderate", "high")
PRIORS: tuple[Prior, ...] = ("LIAR", "median", "max")


def _warm(level: Level, prior: Prior, *, mended: bool) -> Make:
    """XAutoLM's warm start in the variant that the paper chose for a task; for others, that for LIAR."""

    def make(problem: Problem) -> Optimizer:
        task = problem.name if (problem.name, level, prior) in NAMES else "liar"
        name = variant_for(task, level, prior).name
        return WarmStart.named(problem.space, name, mended=mended)

    return make


PEAKS: Mapping[str, tuple[Level, Prior]] = {
    "liar": ("moderate", "LIAR"),
    "sst2": ("high", "max"),
    "meld": ("low", "LIAR"),
    "ag_news": ("low", "max"),
    "squad": ("high", "max"),
    "drop": ("high", "max"),
}
"""Task to its warm start with the highest published peak F1 (XAutoLM 10), known after the fact only."""


def warm_start(problem: Problem) -> Optimizer:
    """XAutoLM's warm start as published, in the variant that did best on the task; elsewhere the one chosen on LIAR."""
    task = problem.name if problem.name in PEAKS else "liar"
    return WarmStart.named(problem.space, variant_for(task, *PEAKS[task]).name)


METHODS: dict[str, Make] = {
    "ours": ours,
    "ours_no_store": lambda problem: WithoutStore(ours(problem)),
    "ours_front": lambda problem: ours(problem, "seconds"),
    "ours_ahead": lambda problem: Ahead(ours(problem)),
    "random": lambda problem: RandomSearch(space=problem.space),
    "asha": lambda problem: AsynchronousHalving(space=problem.space, rungs=problem.rungs(HALVING), eta=3.0),
    "asha_store": lambda problem: AsynchronousHalving(
        space=problem.space, rungs=problem.rungs(HALVING), eta=3.0, order="store"
    ),
    "asha_store_2_1": lambda problem: AsynchronousHalving(
        space=problem.space, rungs=problem.rungs(HALVING), eta=3.0, order="store", random_share=1 / 3
    ),
    "hyperband": lambda problem: Hyperband(space=problem.space, rungs=problem.rungs(HALVING)),
    "nspe": lambda problem: NSPE(space=problem.space),
    "nspe_mended": lambda problem: NSPE(space=problem.space, mended=True),
    "best_of_store": lambda problem: BestOfStore(space=problem.space),
    "knn_25": lambda problem: NearestExperience(space=problem.space, k=25),
    "knn_50": lambda problem: NearestExperience(space=problem.space, k=50),
    "warm_start": warm_start,
    **{f"warm_{level}_{prior}": _warm(level, prior, mended=False) for level in LEVELS for prior in PRIORS},
    **{f"warm_{level}_{prior}_mended": _warm(level, prior, mended=True) for level in LEVELS for prior in PRIORS},
    **PEERS,
}
"""Name to what builds the optimizer for a problem."""


def named(text: str) -> list[str]:
    """Method names from a list with commas, checked before anything is run.

    Raises:
        SystemExit: There is no such method.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        _check(name)
    return names


def tasks_of(text: str, known: Sequence[str]) -> list[str]:
    """Task names from a list with commas, all when it is empty.

    Raises:
        SystemExit: The table has no such task.
    """
    names = [name.strip() for name in text.split(",")] if text else list(known)
    for name in names:
        if name not in known:
            raise SystemExit(f"There is no task {name!r} in the table. There are: {', '.join(known)}.")
    return names


def tasks_told(names: Sequence[str], known: Sequence[str]) -> str | list[str]:
    """What settings say of the tasks: `all`, or the sorted names of some."""
    return "all" if set(names) == set(known) else sorted(set(names))


def build(name: str, problem: Problem) -> Optimizer:
    """Build a method by name.

    Raises:
        SystemExit: There is no such method.
    """
    _check(name)
    return METHODS[name](problem)


def _check(name: str) -> None:
    if name not in METHODS:
        raise SystemExit(f"There is no method {name!r}. There are: {', '.join(METHODS)}.")
