"""A simulated world for tests of the loop: contexts, a small pool, and runs whose score and cost follow a formula."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.run import ReplayRunner, SimulatedClock
from xautolm_nb.space import build_space
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Study

CONTEXT = Context(
    task=TaskMetaFeatures(
        kind="classification",
        paper=(1000.0, 2.0, 1.0, 0.5, 0.5, 1.0, 80.0, 30.0, 0.375, 0.6),
        extra={"rows_train": 800.0, "rows_validation": 200.0, "tokens_mean": 20.0, "tokens_p50": 18.0,
               "tokens_p90": 35.0, "tokens_p95": 40.0, "tokens_p99": 50.0, "tokens_max": 60.0, "constant_f1": 1 / 3,
               "constant_accuracy": 0.5},
    ),
    system=SystemMetaFeatures(paper=(2.0, 2.0, 2.5, 24.0, 0.0), memory_gib=24.0, tflops=0.1),
)  # fmt: skip

MODELS = tuple(
    ModelInfo(
        id=f"model-{layers}", path=f"model-{layers}", family="bert", parameters=layers * 1_800_000 + 12_000_000,
        embedding_parameters=12_000_000, layers=layers, full_layers=layers, hidden=384, intermediate=1536, heads=12,
        vocabulary=30522, max_positions=512, where="local",
    )
    for layers in (2, 4, 6)
)  # fmt: skip
RUNGS = (0.25, 0.5, 1.0)


def task(folder: Path | str = "") -> Task:
    return Task(
        name="world", kind="classification", text=("text",), label="label", metric=Metric(name="f1"),
        labels=("no", "yes"), rows={"train": 800, "validation": 200, "test": 200}, folder=str(folder), fingerprint="w",
    )  # fmt: skip


def whole_run(trial: Trial) -> Outcome:
    """Score peaks at a learning rate in the middle of its range and grows with layers; sgd runs out of memory."""
    config = trial.config
    if config.get("optimizer") == "sgd":
        failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
        return Outcome(fidelity=0.0, measures=Measures(seconds_train=1.0), failure=failure)
    layers = int(str(config["model"]).split("-")[1])
    distance = abs(math.log10(float(config["learning_rate"])) + 4.0)
    final = 0.55 + 0.05 * layers - 0.1 * distance
    seconds = 10.0 * layers * float(config["epochs"]) / 3
    curve = tuple(
        CurvePoint(fidelity=rung, score=final * (0.6 + 0.4 * rung), seconds=seconds * rung, step=int(100 * rung))
        for rung in RUNGS
    )
    return Outcome(fidelity=1.0, curve=curve, measures=Measures(seconds_train=seconds, steps=100))


class Scripted:
    """An optimizer that reads its proposals from a list; it stops when the list ends."""

    def __init__(self, proposals: Sequence[Proposal]) -> None:
        self.proposals = list(proposals)
        self.seen: list[tuple[int, float | None]] = []

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        self.seen.append((len(trials), seconds_left))
        return self.proposals.pop(0) if self.proposals else None


def config(model: int = 4, **changes: ConfigValue) -> dict[str, ConfigValue]:
    space = build_space(CONTEXT, MODELS)
    return {**space.default(model_id=f"model-{model}"), **changes}


def start(config: Mapping[str, ConfigValue], fidelity: float = 1.0) -> Proposal:
    return Proposal(config=config, fidelity=fidelity, reason="as scripted")


def make_study(store: ExperienceStore, optimizer: object, **rules: object) -> Study:
    """A study over the simulated world, entered into `store`."""
    record = StudyRecord(id=f"study-{len(store.studies())}", name="world", task=task(), context=CONTEXT)
    store.create_study(record)
    space = build_space(CONTEXT, MODELS)
    runner = ReplayRunner(whole_run, clock=SimulatedClock())
    parts = {"record": record, "context": CONTEXT, "space": space, "optimizer": optimizer, "runner": runner}
    return Study(**{**parts, "store": store, **rules})  # type: ignore[arg-type]
