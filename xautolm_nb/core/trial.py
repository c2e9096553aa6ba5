"""A trial: one configuration on its way through the fidelities, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from xautolm_nb.core.config import ConfigValue

EnergySource = Literal["measured", "estimated", "unknown"]

START = "start_"
"""Before the names of what the first proposal of a trial expected, where a later one was made."""


class TrialState(StrEnum):
    """Where a trial stands.

    queued ──► running ──► complete        ran to fidelity 1
                 ▲ │  ────► failed         a typed `Failure` says why; never run again
                 │ ▼
                paused                      stopped at a lower fidelity, goes on from its checkpoint when thawed
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come from this trial."""
        return self in (TrialState.COMPLETE, TrialState.FAILED)


class FailureKind(StrEnum):
    """Why a trial failed. The kinds below `error` come from imported records of other code bases."""

    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    NOT_FINITE = "not_finite"
    MODEL_UNAVAILABLE = "model_unavailable"
    HOST_MEMORY = "host_memory"
    DISK = "disk"
    CRASH = "crash"
    ERROR = "error"
    NO_CLASSIFICATION_HEAD = "no_classification_head"
    ADAPTER_MISMATCH = "adapter_mismatch"
    FRAMEWORK_BUG = "framework_bug"

    @property
    def is_about_config(self) -> bool:
        """Whether the failure speaks about the configuration on that machine, for any code base."""
        return self in (FailureKind.OUT_OF_MEMORY, FailureKind.TIMEOUT, FailureKind.NOT_FINITE)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What went wrong: the kind for the learner, one line for the table, details for the log."""

    kind: FailureKind
    message: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One validation on the way: after `fidelity` of the full run, `seconds` of work in all."""

    fidelity: float
    score: float
    seconds: float
    step: int = 0
    loss: float | None = None
    """Mean training loss since the point before."""
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a run cost, summed over its parts. Unknown is None, never 0."""

    seconds_load: float = 0.0
    seconds_train: float = 0.0
    seconds_eval: float = 0.0
    tokens: int = 0
    """Training tokens seen, padding included."""
    steps: int = 0
    peak_memory_gib: float | None = None
    """Peak memory of the training device: allocated GPU memory, or the worker's resident memory on a CPU."""
    energy_kwh: float | None = None
    energy_source: EnergySource = "unknown"

    @property
    def seconds(self) -> float:
        """Load, train and evaluate."""
        return self.seconds_load + self.seconds_train + self.seconds_eval


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call of a runner brought. Failure is data.

    `curve` and `measures` are of the whole trial so far, the thawed part included, so the last outcome says all.
    """

    fidelity: float
    """Share of the full run that is done; the trial can be thawed from here when a checkpoint exists."""
    curve: tuple[CurvePoint, ...] = ()
    measures: Measures = field(default_factory=Measures)
    failure: Failure | None = None
    checkpoint: bool = False
    """Whether a checkpoint to go on from lies in the trial's folder."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One configuration, the fidelity it has reached and everything measured on the way."""

    number: int
    config: Mapping[str, ConfigValue]
    seed: int
    state: TrialState = TrialState.QUEUED
    target: float = 1.0
    """The fidelity it is to run to now."""
    fidelity: float = 0.0
    """The fidelity it has reached."""
    curve: tuple[CurvePoint, ...] = ()
    measures: Measures = field(default_factory=Measures)
    failure: Failure | None = None
    checkpoint: bool = False
    maximize: bool = True
    reason: str = ""
    """Why it was proposed, in words: a line, then one for each experience that argued for or against it."""
    expected: Mapping[str, float] = field(default_factory=dict)
    """What its newest proposal expected: score, seconds, success (a probability), gain; once it was taken up again,
    also what its first one expected, under the same names with `START` before them."""
    created_at: str = ""
    finished_at: str = ""
    deaths: int = 0
    """How often in a row the searching process died while this trial ran, without getting any further."""

    @property
    def score(self) -> float | None:
        """Best validation score so far; its weights are the ones kept. None before the first validation."""
        if not self.curve:
            return None
        scores = [point.score for point in self.curve]
        return max(scores) if self.maximize else min(scores)

    @property
    def best_point(self) -> CurvePoint | None:
        """The validation that gave `score`."""
        return next((point for point in self.curve if point.score == self.score), None)

    @property
    def seconds(self) -> float:
        """Work spent on this trial so far: load, train, evaluate."""
        return self.measures.seconds
