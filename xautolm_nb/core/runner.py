"""What runs trials."""

from collections.abc import Callable
from typing import Protocol

from xautolm_nb.core.events import Event
from xautolm_nb.core.task import Split, Task
from xautolm_nb.core.trial import Outcome, Trial

Emit = Callable[[Event], None]
ShouldStop = Callable[[], bool]


class Runner(Protocol):
    """Runs trials, several at a time where a study has several workers: `run` is then called from as many threads.

    Failure is data: `run` raises only on bugs of the runner itself.
    """

    def run(
        self,
        task: Task,
        trial: Trial,
        *,
        emit: Emit,
        should_stop: ShouldStop,
        timeout: float | None = None,
    ) -> Outcome:
        """Run `trial` from `trial.fidelity` to `trial.target`.

        Args:
            task: The prepared task.
            trial: What to run; a checkpoint is used when `trial.checkpoint` is set.
            emit: Receives `TrialProgress`, at most four a second; called from the thread that called `run`.
            should_stop: Asked at least once a second; True ends the trial at its next step, with a checkpoint.
            timeout: Seconds after which the trial fails as a timeout, whatever it is doing.
        """
        ...

    def recover(self, trial: Trial) -> Trial:
        """The trial as its last checkpoint has it, for one whose process died before it could report.

        A trial without a checkpoint, or whose record is further, comes back unchanged.
        """
        ...

    def evaluate(self, task: Task, trial: Trial, split: Split) -> dict[str, float]:
        """Score the kept weights of a trial on a split: metric name to value."""
        ...

    def export(self, task: Task, trial: Trial, folder: str) -> None:
        """Write the kept model, tokenizer and label map to `folder`, loadable by Transformers alone."""
        ...

    def discard(self, trial: Trial) -> None:
        """Remove the files of a trial that lost."""
        ...

    def size_of(self, trial: Trial) -> int:
        """Bytes that the files of a trial take."""
        ...

    def close(self) -> None:
        """End all processes; no file, process or device memory stays behind."""
        ...
