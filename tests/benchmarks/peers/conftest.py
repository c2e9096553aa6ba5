"""Small searches for the peers: a quadratic over three numbers, and a conditional space with failures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from worlds import CONTEXT

from benchmarks.curves_of import task_context
from benchmarks.peers import PEERS, forest
from benchmarks.problem import Problem, Step, search
from xautolm_nb.core.config import Config
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.space import Float, SearchSpace, original_space

LEVELS = (2 / 51, 6 / 51, 17 / 51, 1.0)
CUBE = SearchSpace(
    name="cube/1",
    parameters=tuple(Float(name=name, low=0.0, high=1.0, default=0.5) for name in ("a", "b", "c")),
    models={},
)
Walk = Callable[..., list[Step]]
MakeQuadratic = Callable[..., Problem]


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread and few trees."""
    monkeypatch.setattr(forest, "TREES", 20)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def truth(config: Config) -> float:
    return 1.0 - sum((float(config[name]) - 0.6) ** 2 for name in CUBE.names)


def curve(value: float, fidelity: float, *, maximize: bool) -> tuple[CurvePoint, ...]:
    def score(level: float) -> float:
        return value * (0.5 + 0.5 * level) if maximize else (1.0 - value + 0.01) * (2.0 - level)

    return tuple(
        CurvePoint(fidelity=level, score=score(level), seconds=100 * level)
        for level in LEVELS
        if level <= fidelity + 1e-9
    )


@pytest.fixture
def quadratic() -> MakeQuadratic:
    """Builds a search over so many points of a cube, with a store of the same truth if wanted."""

    def make(n: int, *, maximize: bool = True, stored: int = 0, levels: Sequence[float] = LEVELS) -> Problem:
        rng = np.random.default_rng(0)
        metric = Metric(name="f1" if maximize else "loss", maximize=maximize)

        def run(trial: Trial, fidelity: float) -> Outcome:
            points = curve(truth(trial.config), fidelity, maximize=maximize)
            return Outcome(fidelity=fidelity, curve=points, measures=Measures(seconds_train=100 * fidelity))

        listed = tuple(CUBE.sample(rng) for _ in range(n))
        records = [CUBE.sample(rng) for _ in range(stored)]
        experiences = tuple(
            Experience(
                task_name="other", metric=metric, context=task_context("other"), space=CUBE.name, config=config,
                fidelity=1.0, score=curve(truth(config), 1.0, maximize=maximize)[-1].score, seconds=100.0,
            )
            for config in records
        )  # fmt: skip
        return Problem(
            name="cube", context=task_context("cube"), space=replace(CUBE, only=listed), metric=metric, run=run,
            levels=tuple(levels), experiences=experiences,
        )  # fmt: skip

    return make


@pytest.fixture
def conditional() -> Problem:
    """Recorded configurations of the original space; large batches run out of memory, one record lacks a value."""
    rng = np.random.default_rng(1)
    space = original_space()
    listed = [space.sample(rng) for _ in range(10)]
    lora = next(config for config in listed if "init_lora_weights" in config)
    del lora["init_lora_weights"]
    metric = Metric(name="f1")

    def failure(config: Config) -> Failure | None:
        big = int(config["batch_size"]) >= 128
        return Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory") if big else None

    def score(config: Config) -> float:
        return 0.3 + 0.05 * int(config["epochs"])

    def run(trial: Trial, fidelity: float) -> Outcome:
        if (why := failure(trial.config)) is not None:
            return Outcome(fidelity=0.0, measures=Measures(seconds_train=1.0), failure=why)
        points = (CurvePoint(fidelity=1.0, score=score(trial.config), seconds=10.0),)
        return Outcome(fidelity=1.0, curve=points, measures=Measures(seconds_train=10.0))

    records = [space.sample(rng) for _ in range(20)]
    experiences = tuple(
        Experience(
            task_name="other", metric=metric, context=CONTEXT, space=space.name, config=config, fidelity=1.0,
            score=None if failure(config) else score(config), seconds=10.0, failure=failure(config),
        )
        for config in records
    )  # fmt: skip
    return Problem(
        name="conditional", context=CONTEXT, space=replace(space, only=tuple(listed)), metric=metric, run=run,
        experiences=experiences,
    )  # fmt: skip


@pytest.fixture
def walk() -> Walk:
    """Lets a peer search, for so many decisions or so many whole runs' cost."""

    def through(name: str, problem: Problem, *, seed: int = 0, most: int = 10_000, runs: float = np.inf) -> list[Step]:
        if name == "smac":
            pytest.importorskip("smac")
        return search(problem, PEERS[name](problem), seed=seed, go_on=lambda step: step.clock < 100 * runs, most=most)

    return through


@pytest.fixture
def random_best() -> Callable[[Problem, int], float]:
    """Median over random searches of the best truth among so many whole runs."""

    def median(problem: Problem, runs: int) -> float:
        rng = np.random.default_rng(2)
        values = np.array([truth(config) for config in problem.space.only])
        return float(np.median([values[rng.permutation(len(values))[:runs]].max() for _ in range(200)]))

    return median


@pytest.fixture
def best() -> Callable[[list[Step]], float]:
    """Best truth among the configurations that were run to their end."""
    return lambda steps: max(truth(step.trial.config) for step in steps if step.trial.fidelity >= 1.0)
