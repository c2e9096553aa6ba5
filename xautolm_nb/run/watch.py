"""Watching a worker while it runs a trial: progress out, stop and deadline in, and a name for however it ends."""

import time
from collections.abc import Callable
from dataclasses import replace

from xautolm_nb.core.runner import Emit, ShouldStop
from xautolm_nb.core.trial import Failure, FailureKind, Outcome, Trial
from xautolm_nb.run.child import Child, ChildGone
from xautolm_nb.run.pool import WorkerOptions
from xautolm_nb.run.protocol import Command, Message

POLL_SECONDS = 0.1
PROGRESS_SECONDS = 0.25
WEIGH_SECONDS = 0.5


class Watch:
    """Follows one `run` command to its end.

    Args:
        child: The worker that got the command.
        trial: As it was handed to the worker.
        emit: Receives progress.
        should_stop: Asked about ten times a second.
        timeout: Seconds from now after which the worker is killed.
        options: Seconds from a stop to the kill, and the limit of memory.
    """

    def __init__(
        self,
        child: Child,
        trial: Trial,
        emit: Emit,
        should_stop: ShouldStop,
        timeout: float | None,
        options: WorkerOptions,
    ) -> None:
        self._child, self._trial = child, trial
        self._emit, self._should_stop = emit, should_stop
        self._start = time.monotonic()
        self._timeout = float("inf") if timeout is None else timeout
        self._options = options
        self._weighed_at = self._start
        self._stopped_at: float | None = None
        self._emitted_at = float("-inf")
        self._so_far = Outcome(fidelity=trial.fidelity, curve=trial.curve, measures=trial.measures)

    def attend(self, recover: Callable[[], Trial]) -> Outcome:
        """Wait for the outcome.

        Args:
            recover: Reads the last checkpoint, for a trial whose worker had to be killed after a stop.
        """
        while True:
            try:
                message = self._child.receive(POLL_SECONDS)
            except ChildGone:
                return self._failed(self._child.why_gone())
            if message is not None and message.kind == "done":
                return message.outcome or self._failed(_no_outcome())
            if message is not None:
                self._hear(message)
            now = time.monotonic()
            if now - self._start > self._timeout:
                self._child.kill()
                return self._failed(self._timed_out())
            if self._stopped_at is None and self._should_stop():
                self._stopped_at = now
                self._child.send(Command(verb="stop"))
            elif self._stopped_at is not None and now - self._stopped_at > self._options.stop_grace:
                self._child.kill()
                return self._paused(recover())
            taken = self._weigh(now)
            if taken is not None:
                self._child.kill()
                return self._failed(self._too_heavy(taken))

    def _weigh(self, now: float) -> float | None:
        """Host memory of the worker in GiB when it is more than it may take; looked at twice a second."""
        allowed = self._options.memory_gib
        if allowed is None or now - self._weighed_at < WEIGH_SECONDS:
            return None
        self._weighed_at = now
        taken = self._child.memory_gib
        return taken if taken > allowed else None

    def _too_heavy(self, taken: float) -> Failure:
        message = (
            f"The worker took {taken:.2f} GiB of host memory, more than the {self._options.memory_gib:g} GiB allowed "
            "(worker_memory_gib)."
        )
        return Failure(kind=FailureKind.HOST_MEMORY, message=message)

    def _hear(self, message: Message) -> None:
        if message.outcome is not None:
            self._so_far = message.outcome
        now = time.monotonic()
        if message.progress is not None and now - self._emitted_at >= PROGRESS_SECONDS:
            self._emitted_at = now
            self._emit(message.progress)

    def _failed(self, failure: Failure) -> Outcome:
        """What stood at the last validation, plus the time that went by since the trial was handed over."""
        spent = time.monotonic() - self._start
        before = self._trial.measures
        known = self._so_far.measures
        missing = max(0.0, before.seconds + spent - known.seconds)
        measures = replace(known, seconds_train=known.seconds_train + missing)
        return Outcome(fidelity=self._so_far.fidelity, curve=self._so_far.curve, measures=measures, failure=failure)

    def _timed_out(self) -> Failure:
        message = f"The trial was still at work after {self._timeout:g} s, the limit for one trial."
        return Failure(kind=FailureKind.TIMEOUT, message=message)

    def _paused(self, found: Trial) -> Outcome:
        """A stopped trial whose worker did not answer in time: what its last checkpoint has."""
        return Outcome(fidelity=found.fidelity, curve=found.curve, measures=found.measures, checkpoint=found.checkpoint)


def wait_for_answer(child: Child) -> Message:
    """Wait for the `done` of a command that is no trial.

    Raises:
        ChildGone: The worker ended without an answer.
    """
    while True:
        message = child.receive(POLL_SECONDS)
        if message is not None and message.kind == "done":
            return message


def _no_outcome() -> Failure:
    return Failure(kind=FailureKind.ERROR, message="An outcome is expected of a worker, but its answer has none.")
