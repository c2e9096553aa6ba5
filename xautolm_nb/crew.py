"""Trials beside each other: each is attended by a thread of its own and comes back to the search when it ends."""

import queue
import threading
from collections.abc import Callable, Iterator

from xautolm_nb.core.events import Event
from xautolm_nb.core.runner import Emit, Runner, ShouldStop
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Outcome, Trial

Ended = tuple[Trial, Outcome]


def in_turn(emit: Emit) -> Emit:
    """Let several threads emit, one after the other."""
    lock = threading.RLock()

    def emit_alone(event: Event) -> None:
        with lock:
            emit(event)

    return emit_alone


class Crew:
    """Hands trials to a runner, up to `size` at a time. Only `emit` and the runner are called from other threads.

    Args:
        runner: Runs trials, called from `size` threads at once.
        task: The prepared task.
        size: Trials that may run beside each other.
        emit: Receives progress, from the threads; see `in_turn`.
        timeout: Seconds after which a trial fails as a timeout.
    """

    def __init__(self, runner: Runner, task: Task, *, size: int, emit: Emit, timeout: float | None = None) -> None:
        self._runner, self._task, self._size = runner, task, size
        self._emit, self._timeout = emit, timeout
        self._back: queue.SimpleQueue[tuple[Trial, Outcome | BaseException]] = queue.SimpleQueue()
        self._out = 0
        self._recalled = threading.Event()

    @property
    def room(self) -> int:
        """Trials that may be handed over now."""
        return self._size - self._out

    @property
    def is_idle(self) -> bool:
        """Whether every trial that was handed over has been given back."""
        return self._out == 0

    def hand_over(self, trial: Trial, must_end: ShouldStop) -> None:
        """Have a trial run; returns at once.

        Args:
            trial: As it was begun.
            must_end: Whether it is to end at its next step.
        """
        self._out += 1
        attend = threading.Thread(target=self._attend, args=(trial, must_end), daemon=True)
        attend.name = f"trial-{trial.number}"
        attend.start()

    def ended(self) -> Iterator[Ended]:
        """Wait for the first trial that ends and give it back, and whatever else has ended; nothing while idle.

        Raises:
            BaseException: Whatever the runner raised; the trial has no outcome then.
        """
        if self._out:
            yield self._next()
        while self._out and not self._back.empty():
            yield self._next()

    def recall(self) -> Iterator[Ended]:
        """Have all trials end at their next step, and give back those that have an outcome."""
        self._recalled.set()
        while self._out:
            trial, outcome = self._take()
            if isinstance(outcome, Outcome):
                yield trial, outcome

    def _next(self) -> Ended:
        trial, outcome = self._take()
        if isinstance(outcome, BaseException):
            raise outcome
        return trial, outcome

    def _take(self) -> tuple[Trial, Outcome | BaseException]:
        found = self._back.get()
        self._out -= 1
        return found

    def _attend(self, trial: Trial, must_end: Callable[[], bool]) -> None:
        try:
            outcome: Outcome | BaseException = self._runner.run(
                self._task,
                trial,
                emit=self._emit,
                should_stop=lambda: self._recalled.is_set() or must_end(),
                timeout=self._timeout,
            )
        except BaseException as error:  # the thread's outermost frame: the search raises it
            outcome = error
        self._back.put((trial, outcome))
