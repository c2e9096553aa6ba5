"""A small world to tune in: four made-up models, a smooth truth with curves, costs and memory errors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from xautolm_nb.core.config import Config, config_key
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.space import SearchSpace, build_space, estimate

RUNGS = (0.125, 0.25, 0.5, 1.0)
F1 = Metric(name="f1")


def _model(name: str, *, layers: int, hidden: int, family: str = "bert") -> ModelInfo:
    body = 12 * layers * hidden**2
    return ModelInfo(
        id=name,
        path=name,
        family=family,
        parameters=body + 30_000 * hidden,
        embedding_parameters=30_000 * hidden,
        layers=layers,
        full_layers=layers,
        hidden=hidden,
        intermediate=4 * hidden,
        heads=hidden // 64,
        vocabulary=30_000,
        max_positions=512,
        languages=("en",),
    )


MODELS = (
    _model("tiny", layers=2, hidden=128),
    _model("small", layers=6, hidden=384),
    _model("base", layers=12, hidden=768, family="roberta"),
    _model("large", layers=24, hidden=1024, family="roberta"),
)


def make_context(
    *, rows: int = 4000, classes: int = 4, largest: float = 0.4, memory_gib: float = 24.0, host: str = "here"
) -> Context:
    smallest = (1 - largest) / (classes - 1)
    paper = (float(rows), float(classes), 1.9, smallest, largest, smallest / largest, 90.0, 40.0, 0.45, 0.5)
    constant = 2 * largest / (1 + largest) / classes
    extra = {
        "rows_train": float(rows),
        "rows_validation": rows / 4,
        "tokens_mean": 24.0,
        "tokens_p50": 20.0,
        "tokens_p95": 48.0,
        "tokens_p99": 60.0,
        "tokens_max": 90.0,
        "constant_f1": constant,
    }
    return Context(
        task=TaskMetaFeatures(kind="classification", paper=paper, extra=extra),
        system=SystemMetaFeatures(
            paper=(8.0, 16.0, 3.0, 64.0, memory_gib),
            device="cuda",
            gpu_name="card",
            gpu_count=1,
            gpu_memory_gib=memory_gib,
            memory_gib=64.0,
            tflops=60.0,
            hostname_hash=host,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class World:
    """A truth: every configuration has a final score, a curve, a cost and perhaps a failure."""

    context: Context = field(default_factory=make_context)
    shift: float = 0.0
    """Moves the best travel: tasks of one family differ a little."""
    slowness: float = 1.0
    memory_error_above: float = 0.6
    """Share of the device's predicted memory above which a trial dies."""

    @property
    def space(self) -> SearchSpace:
        return build_space(self.context, MODELS)

    def final(self, config: Config) -> float:
        """Final score: larger models are better, the optimizer must travel the right distance."""
        model = next(model for model in MODELS if model.id == config["model"])
        physics = estimate(config, model, self.context)
        method = {"full": 1.0, "partial": 0.97, "lora": 0.98, "head": 0.75}[str(config["method"])]
        capacity = 0.45 + 0.13 * (math.log10(model.parameters) - 6.5) / 1.5
        best = {"full": -1.4, "partial": -1.0, "lora": -0.4, "head": 0.3}[str(config["method"])] + self.shift
        miss = (physics.travel - best) / 0.8
        wiggle = 0.015 * math.sin(int(config_key(config)[:6], 16))
        return 0.2 + capacity * method * 1.15 * math.exp(-0.5 * miss**2) + wiggle

    def score(self, config: Config, fidelity: float) -> float:
        model = next(model for model in MODELS if model.id == config["model"])
        travel = estimate(config, model, self.context).travel
        rate = 3.0 + 1.5 * math.tanh(travel + 1.0) + 0.7 * math.sin(int(config_key(config)[6:12], 16))
        return 0.14 + (self.final(config) - 0.14) * (1 - math.exp(-rate * fidelity)) / (1 - math.exp(-rate))

    def seconds(self, config: Config) -> float:
        model = next(model for model in MODELS if model.id == config["model"])
        return self.slowness * estimate(config, model, self.context).seconds

    def fails(self, config: Config) -> bool:
        model = next(model for model in MODELS if model.id == config["model"])
        return estimate(config, model, self.context).memory_share > self.memory_error_above

    def run(self, trials: list[Trial], proposal: Proposal) -> list[Trial]:
        """Run a proposal and give the trials after it."""
        if proposal.thaw is None:
            trial = Trial(number=len(trials), config=dict(proposal.config), seed=0)
        else:
            trial = next(trial for trial in trials if trial.number == proposal.thaw)
        return [*(t for t in trials if t.number != trial.number), self._go(trial, proposal.fidelity)]

    def _go(self, trial: Trial, target: float) -> Trial:
        load, full = 2.0, self.seconds(trial.config)
        if self.fails(trial.config):
            failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
            measures = Measures(seconds_load=load, seconds_train=3.0)
            return replace(trial, state=TrialState.FAILED, failure=failure, measures=measures)
        loads = trial.measures.seconds_load + load
        train = max(full - load, 0.1) * target
        points = tuple(
            CurvePoint(
                fidelity=rung, score=self.score(trial.config, rung), seconds=loads + max(full - load, 0.1) * rung
            )
            for rung in RUNGS
            if trial.fidelity < rung <= target + 1e-9
        )
        state = TrialState.COMPLETE if target >= 1 else TrialState.PAUSED
        return replace(
            trial,
            state=state,
            fidelity=target,
            target=target,
            curve=(*trial.curve, *points),
            measures=Measures(seconds_load=loads, seconds_train=train),
            checkpoint=state is TrialState.PAUSED,
        )


def search(
    world: World,
    optimizer: Optimizer,
    *,
    budget: float,
    experiences: Sequence[Experience] = (),
    seed: int = 0,
    most: int = 200,
) -> list[Trial]:
    """The loop of a study in simulated time."""
    trials: list[Trial] = []
    for _ in range(most):
        left = budget - sum(trial.seconds for trial in trials)
        if left <= 0:
            break
        proposal = optimizer.propose(world.context, experiences, trials, seed=seed, seconds_left=left)
        if proposal is None:
            break
        trials = world.run(trials, proposal)
    return trials


def as_experiences(world: World, trials: list[Trial], *, name: str) -> tuple[Experience, ...]:
    """Trials as the store would hold them."""
    models: Mapping[str, ModelInfo] = {model.id: model for model in MODELS}
    kept = []
    for trial in trials:
        kept.append(
            Experience(
                task_name=name,
                metric=F1,
                context=world.context,
                space="xautolm-nb/1",
                config=trial.config,
                fidelity=trial.fidelity,
                score=trial.score,
                seconds=trial.seconds,
                curve=trial.curve,
                measures=trial.measures,
                failure=trial.failure,
                model=models[str(trial.config["model"])],
                study=name,
                trial=trial.number,
                source="test",
            )
        )
    return tuple(kept)


def best(trials: list[Trial]) -> float:
    return max((trial.score for trial in trials if trial.score is not None), default=0.0)


def random_experiences(world: World, *, name: str, n: int, seed: int) -> tuple[Experience, ...]:
    rng = np.random.default_rng(seed)
    space, trials = world.space, list[Trial]()
    for _ in range(n):
        trials = world.run(trials, Proposal(config=space.sample(rng), fidelity=1.0))
    return as_experiences(world, trials, name=name)


def neighbouring_store(n: int = 30) -> tuple[Experience, ...]:
    """Two tasks like `World()` with random trials each, run elsewhere."""
    found: tuple[Experience, ...] = ()
    for number, (rows, shift) in enumerate(((6000, 0.15), (2500, -0.1))):
        other = World(context=make_context(rows=rows, host="elsewhere"), shift=shift)
        found += random_experiences(other, name=f"task{number}", n=n, seed=number)
    return found


def inverted(experiences: Sequence[Experience]) -> tuple[Experience, ...]:
    """The same trials with good and bad scores exchanged: the store that misleads most."""
    return tuple(
        replace(
            record,
            score=None if record.score is None else 1 - record.score,
            curve=tuple(replace(point, score=1 - point.score) for point in record.curve),
        )
        for record in experiences
    )


def failed(experiences: Sequence[Experience], kind: FailureKind = FailureKind.OUT_OF_MEMORY) -> tuple[Experience, ...]:
    """The same trials as failures without a score."""
    failure = Failure(kind=kind, message="it did not work")
    return tuple(replace(record, score=None, curve=(), fidelity=0.0, failure=failure) for record in experiences)


def optimum(world: World, seed: int = 0) -> float:
    """Close to the best final score: the best of many random configurations."""
    rng = np.random.default_rng(seed)
    return max(world.final(world.space.sample(rng)) for _ in range(600))
