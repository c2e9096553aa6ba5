"""What happens while a study runs, as frozen data that any view may draw."""

from dataclasses import dataclass
from typing import TypeAlias

from xautolm_nb.core.trial import Trial


@dataclass(frozen=True, kw_only=True)
class StudyStarted:
    """The loop began, or went on after a pause or a crash."""

    study: str


@dataclass(frozen=True, kw_only=True)
class StudyMessage:
    """A line for the user about what the study is doing between trials."""

    message: str


@dataclass(frozen=True, kw_only=True)
class TrialStarted:
    """A trial was handed to the runner."""

    trial: Trial


@dataclass(frozen=True, kw_only=True)
class TrialProgress:
    """How far the running trial is; at most four a second per trial."""

    number: int
    phase: str
    """`load`, `train` or `evaluate`."""
    step: int
    total: int
    """Steps of the full run (fidelity 1)."""
    fidelity: float
    loss: float | None = None
    score: float | None = None
    seconds: float = 0.0
    """Work on this trial so far."""
    seconds_left: float | None = None
    """Until the trial reaches its target; None while it cannot be told."""
    peak_memory_gib: float | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrialFinished:
    """A trial came back: paused, complete or failed."""

    trial: Trial


@dataclass(frozen=True, kw_only=True)
class StudyFinished:
    """The loop ended; `reason` is one of budget, converged, stopped, paused, failed."""

    reason: str


Event: TypeAlias = StudyStarted | StudyMessage | TrialStarted | TrialProgress | TrialFinished | StudyFinished
