"""Every method by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.problem import HALVING, Problem
from xautolm_nb.core.proposal import Optimizer, Proposal
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
from xautolm_nb.optimize.baselines.variants import Level, Prior
from xautolm_nb.optimize.optimizer import DEFAULT_RUNGS

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


def ours(problem: Problem) -> BayesianOptimizer:
    """The optimizer of this package, as it comes."""
    return BayesianOptimizer(
        space=problem.space,
        rungs=problem.rungs(DEFAULT_RUNGS),
        objectives=(problem.metric.name,),
        maximize=problem.metric.maximize,
        trial_timeout_seconds=problem.timeout,
    )


LEVELS: tuple[Level, ...] = ("low", "moderate", "high")
PRIORS: tuple[Prior, ...] = ("LIAR", "median", "max")


def _warm(level: Level, prior: Prior, *, mended: bool) -> Make:
    """XAutoLM's warm start in the variant that the paper chose for a task; for others, that for LIAR."""

    def make(problem: Problem) -> Optimizer:
        task = problem.name if problem.name in PUBLISHED else "liar"
        name = variant_for(task, level, prior).name
        return WarmStart.named(problem.space, name, mended=mended)

    return make


PUBLISHED = frozenset({"liar", "sst2", "meld", "ag_news"})


METHODS: dict[str, Make] = {
    "ours": ours,
    "ours_no_store": lambda problem: WithoutStore(ours(problem)),
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
