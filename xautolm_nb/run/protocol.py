"""What the kernel and a worker process say to each other: JSON, one message a line.

Commands go to the worker's stdin, messages come from its stdout. `run`, `evaluate` and `export` are each answered by
exactly one `done`, in order; `stop` ends the running trial at its next step and has no answer of its own. The end of
stdin means that the kernel is gone: the worker exits at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from xautolm_nb.core.context import Context
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Split, Task
from xautolm_nb.core.trial import Failure, Outcome, Trial

Verb = Literal["run", "evaluate", "export", "stop"]
Kind = Literal["ready", "progress", "rung", "done"]

SCRATCH = "XAUTOLM_SCRATCH"
"""Variable that names the worker's folder for files that end with it; made when first needed."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything a worker needs to know about one trial."""

    task: Task
    trial: Trial
    model: ModelInfo
    context: Context
    rungs: tuple[float, ...]
    """Fidelities at which the trial is validated, rising."""
    folder: str
    """The trial's own folder: `checkpoint/` to go on from, `best/` to use."""
    checkpoint_seconds: float = 30.0
    """A checkpoint is written at least this often while training."""
    memory_factor: float = 1.0
    """What predictions of memory are multiplied by, from the peaks of earlier trials."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """From the kernel to the worker."""

    verb: Verb
    job: Job | None = None
    split: Split | None = None
    """For `evaluate`."""
    target: str | None = None
    """For `export`: the folder to write."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """From the worker to the kernel."""

    kind: Kind
    progress: TrialProgress | None = None
    outcome: Outcome | None = None
    """What stands so far with `rung`, the final word with `done`."""
    metrics: Mapping[str, float] | None = None
    """Answer to `evaluate`."""
    failure: Failure | None = None
    """Why `evaluate` or `export` did not work."""
