"""The workers of a runner: one warm in reserve where that pays, none left behind."""

import itertools
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xautolm_nb.core.errors import StudyError
from xautolm_nb.run.child import Child

PATIENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
"""Threads that wait sleep instead of spinning: beside another busy process a step takes 1.1 s and not 2.9 s, or in
bfloat16 .45 s and not 2.2 s (MiniLM, 16 rows of 32 tokens, 2 cores)."""

_NUMBERS = itertools.count()  # of this process's workers, whichever pool they are of


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """How workers are started, kept and ended."""

    spare: bool | None = None
    """Keep one worker warm for the next trial while one trains; None does so on a GPU."""
    reuse: bool | None = None
    """Use a worker again after a success; None does so on a CPU (on a GPU its exit frees the memory)."""
    stop_grace: float = 10.0
    """Seconds a trial gets to write its checkpoint after a stop, before its worker is killed."""
    checkpoint_seconds: float = 30.0
    """A checkpoint is written at least this often while training."""
    memory_gib: float | None = None
    """Resident host memory at which a worker is ended; None leaves that to the system."""
    command: tuple[str, ...] = (sys.executable, "-m", "xautolm_nb.run.worker")
    """Starts a worker; the device follows as the last argument."""


class WorkerPool:
    """Hands out workers, each to one user at a time. Safe to use from several threads.

    Args:
        device: Where the workers train.
        logs: Folder for what they print.
        options: How they are started and kept.
        environment: Variables of theirs, on top of this process's own and of `PATIENT`.
    """

    def __init__(
        self, *, device: str, logs: Path, options: WorkerOptions, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command: Sequence[str] = (*options.command, device)
        hidden = {} if device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
        self.environment = {**PATIENT, **hidden, **(environment or {})}
        """Variables of the workers, on top of this process's own."""
        self._logs = logs
        self._spare = device == "cuda" if options.spare is None else options.spare
        self._reuse = device != "cuda" if options.reuse is None else options.reuse
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: list[Child] = []
        self._is_closed = False

    def warm_up(self) -> None:
        """See to it that one idle worker is there; its imports run while the caller goes on."""
        with self._lock:
            if not self._idle and not self._is_closed:
                self._idle.append(self._spawn())

    def take(self) -> Child:
        """A worker of one's own: a warm one, else a new one.

        Raises:
            StudyError: The pool is closed.
        """
        with self._lock:
            if self._is_closed:
                raise StudyError("The runner of this study is closed.", hint="Resume the study to run more.")
            child = self._next_alive() or self._spawn()
            self._busy.append(child)
        if self._spare:
            self.warm_up()
        return child

    def give_back(self, child: Child) -> None:
        """Return a worker that did well: it serves again, or makes room for a fresh one."""
        if not self._reuse or not child.is_alive:
            self.replace(child)
            return
        with self._lock:
            self._forget(child)
            is_wanted = not self._is_closed and not self._idle
            if is_wanted:
                self._idle.append(child)
        if not is_wanted:
            child.kill()

    def replace(self, child: Child) -> None:
        """End a worker for good; the next one imports while the search thinks."""
        with self._lock:
            self._forget(child)
        child.kill()
        self.warm_up()

    def close(self) -> None:
        """End all workers, the idle and the busy. A second call does nothing."""
        with self._lock:
            self._is_closed = True
            children = [*self._idle, *self._busy]
            self._idle, self._busy = [], []
        for child in children:
            child.kill()

    def _next_alive(self) -> Child | None:
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.kill()
        return None

    def _spawn(self) -> Child:
        log = self._logs / f"worker-{time.strftime('%Y%m%d-%H%M%S')}-{next(_NUMBERS)}.log"
        return Child(self._command, log, self.environment)

    def _forget(self, child: Child) -> None:
        if child in self._busy:
            self._busy.remove(child)
