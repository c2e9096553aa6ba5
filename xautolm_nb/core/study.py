"""A study as it is kept and as it is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xautolm_nb.core.context import Context
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.places import without_places
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Trial


class StudyState(StrEnum):
    """Where a study stands.

    created ──► running ◄──► paused
                  │  ▲
                  │  └────── interrupted    its owner died; `resume` takes it up
                  └──► finished | stopped | failed    `resume` with a new budget takes it up again
    """

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class Control(StrEnum):
    """What someone asked of a running study; the loop reads it between steps."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The process that runs a study. Process ids are reused, so the start time belongs to the name."""

    pid: int
    started: float
    """Start time of the process, seconds since the epoch."""
    host: str
    birth: str = ""
    """Boot and moment of the start as the system counts it; unlike `started` it stands still when a clock is set."""

    def is_same(self, other: "Owner") -> bool:
        """Whether both name one process."""
        born = (self.pid, self.host, self.birth) == (other.pid, other.host, other.birth)
        return born and (bool(self.birth) or self.started == other.started)


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """What the store keeps of a study besides its trials."""

    id: str
    name: str
    task: Task
    context: Context | None = None
    """None until the study has described its task and machine."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """The `SearchRequest` as plain data, enough to go on without the caller's objects."""
    folder: str = ""
    """Where data, checkpoints and logs lie."""
    state: StudyState = StudyState.CREATED
    control: Control = Control.RUN
    owner: Owner | None = None
    heartbeat: float = 0.0
    """Wall-clock time of the owner's last sign of life, seconds since the epoch."""
    spent_seconds: float = 0.0
    """Wall-clock time the search has run, pauses not counted."""
    budget_seconds: float = 0.0
    created_at: str = ""
    message: str = ""
    progress: TrialProgress | None = None
    """How far the running trial is; where several run, the one with the lowest number."""
    beside: tuple[TrialProgress, ...] = ()
    """How far the others are that run, by number."""
    prior: Mapping[str, Any] = field(default_factory=dict)
    """What past experience contributed: counts, similar tasks, weights."""
    versions: Mapping[str, str] = field(default_factory=dict)
    stopped: tuple[int, ...] = ()
    """Trials that someone stopped one by one: they stay where they are, with their checkpoints."""

    @property
    def running(self) -> tuple[TrialProgress, ...]:
        """How far each running trial is, by number."""
        return (self.progress, *self.beside) if self.progress is not None else ()

    @property
    def trusted_code(self) -> tuple[str, ...]:
        """Models whose own code the study asks to run, as they are shown: pinned, folders by their last name."""
        asked = self.request.get("trust_code")
        return tuple(without_places(str(entry)) for entry in asked) if isinstance(asked, list | tuple) else ()


def in_order(running: Iterable[TrialProgress]) -> tuple[TrialProgress | None, tuple[TrialProgress, ...]]:
    """The progress of the running trial with the lowest number, and that of the others: the latest of each."""
    latest = {progress.number: progress for progress in running}
    ordered = [latest[number] for number in sorted(latest)]
    return (ordered[0] if ordered else None), tuple(ordered[1:])


@dataclass(frozen=True, kw_only=True)
class StudyView:
    """An immutable picture of a study: enough to draw any view from, in any process."""

    record: StudyRecord
    trials: tuple[Trial, ...] = ()
    best: int | None = None
    """Number of the best trial."""
    pareto: tuple[int, ...] = ()
    """Numbers of the trials no other trial beats in both score and seconds, by falling score."""
    seq: int = 0
    """Grows with every change."""
