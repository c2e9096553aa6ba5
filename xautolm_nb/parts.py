"""The parts of a search and its budget: what `request.wire` brings together and `study.search` works with."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer
from xautolm_nb.core.runner import Runner
from xautolm_nb.core.study import Owner, StudyRecord
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import SearchSpace
from xautolm_nb.store import ExperienceStore


@dataclass(frozen=True, kw_only=True)
class Study:
    """One search with its parts and its rules."""

    record: StudyRecord
    context: Context
    space: SearchSpace
    optimizer: Optimizer
    runner: Runner
    store: ExperienceStore
    seed: int = 0
    grace: float = 30.0
    """Seconds a running trial may go on past the budget."""
    trial_timeout: float | None = None
    """Seconds after which a trial that has not come back fails as a timeout."""
    max_trials: int | None = None
    keep: int = 3
    """Checkpoints of this many best trials are kept."""
    disk_gib: float | None = None
    """Room for the files of all trials; the worst make way first."""
    holder: Owner | None = None
    """The process that holds the study; what it writes is refused once another has taken over."""
    use_prior: bool = True
    use_starter: bool = False
    """Whether the experiences that ship with the package stand in while the store has none for this task."""
    ahead: bool = False
    """Whether the next proposal is made while a trial runs."""
    workers: int = 1
    """Trials that run beside each other; `runner.run` is called from as many threads."""
    summarise: Callable[[Sequence[Experience]], Mapping[str, Any]] = lambda experiences: {}
    """What past experience contributes, for people."""


@dataclass(kw_only=True)
class Budget:
    """Running time on a monotonic clock: neither a pause, nor a set clock, nor a machine that sleeps counts.

    `time.monotonic` is CLOCK_MONOTONIC on Linux and stands still in a suspend, as CLOCK_BOOTTIME would not: a laptop
    that was closed over night finds the budget that was left.
    """

    seconds: float
    spent_before: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _since: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Let the time run."""
        if self._since is None:
            self._since = self.clock()

    def pause(self) -> None:
        """Hold the time."""
        self.spent_before, self._since = self.spent, None

    @property
    def spent(self) -> float:
        """Seconds the search has run."""
        return self.spent_before + (self.clock() - self._since if self._since is not None else 0.0)

    @property
    def left(self) -> float:
        """Seconds to go; negative inside the grace."""
        return self.seconds - self.spent


def as_experience(study: Study, trial: Trial) -> Experience | None:
    """What a trial teaches other tasks; None while it has neither a score nor a failure."""
    if trial.score is None and trial.failure is None:
        return None
    record = study.record
    return Experience(
        task_name=record.task.name,
        metric=record.task.metric,
        context=study.context,
        space=study.space.name,
        config=trial.config,
        fidelity=trial.fidelity,
        score=trial.score,
        seconds=trial.seconds,
        curve=trial.curve,
        measures=trial.measures,
        failure=trial.failure,
        model=study.space.models.get(str(trial.config.get("model"))),
        seed=trial.seed,
        created_at=trial.created_at,
        source=f"xautolm_nb {record.versions.get('xautolm-nb', '')}".strip(),
        study=record.id,
        trial=trial.number,
        fingerprint=record.task.fingerprint,
        versions=record.versions,
    )
