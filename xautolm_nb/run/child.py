"""A worker process as the kernel sees it: start it, talk to it, end it for good."""

import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.trial import Failure, FailureKind
from xautolm_nb.run.protocol import SCRATCH, Command, Message

LOG_TAIL_BYTES = 4000
DETAIL_LINES = 12


class ChildGone(Exception):
    """The worker process has ended without an answer."""


class Child:
    """One worker process with its pipes, its log, and a folder beside the log for what it may leave behind.

    Args:
        command: What to start.
        log: File for everything the process prints.
        environment: Variables on top of this process's own.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.scratch = log.with_suffix(".files").absolute()
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(environment or {}), SCRATCH: str(self.scratch)},
                start_new_session=True,  # Ctrl-C and an interrupt of a cell are not meant for it
            )
        self._reader = threading.Thread(target=self._read, name="worker-messages", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def memory_gib(self) -> float:
        """Resident host memory of the process and of what it started; 0 when it has ended."""
        try:
            process = psutil.Process(self.pid)
            family = [process, *process.children(recursive=True)]
            return sum(member.memory_info().rss for member in family) / 2**30
        except psutil.Error:
            return 0.0

    def send(self, command: Command) -> None:
        """Write a command. To a dead process this does nothing: `receive` tells."""
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        try:
            stdin.write(to_json(command).encode() + b"\n")
            stdin.flush()
        except (BrokenPipeError, OSError):
            return

    def receive(self, timeout: float) -> Message | None:
        """Take the next message, or None when there is none within `timeout` seconds.

        Raises:
            ChildGone: The process has ended and all it said has been read.
        """
        try:
            message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        if message is None:
            self._messages.put(None)
            raise ChildGone
        return message

    def kill(self) -> None:
        """End the process and whatever it started, now, and leave no zombie, no files and no empty log."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._reap()
        shutil.rmtree(self.scratch, ignore_errors=True)
        with suppress(OSError):
            if self.log.stat().st_size == 0:
                self.log.unlink()

    def why_gone(self) -> Failure:
        """Name the failure of a process that ended by itself: a signal, an exit code, the last line of its log."""
        self._reap()
        code = self._process.returncode
        lines = self._log_lines()
        last = f" Its last words: {lines[-1]}" if lines else ""
        detail = "\n".join(lines[-DETAIL_LINES:])
        if code == -signal.SIGKILL:
            message = "The worker was killed by the system (SIGKILL), most likely because host memory ran out."
            return Failure(kind=FailureKind.HOST_MEMORY, message=message, detail=detail)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Failure(kind=FailureKind.CRASH, message=f"The worker ended with {how}.{last}"[:300], detail=detail)

    def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            for line in stdout:
                try:
                    self._messages.put(from_json(line, Message))
                except ValueError:  # a worker that dies in the middle of a line
                    continue
        self._messages.put(None)

    def _reap(self) -> None:
        self._process.wait()
        self._reader.join(timeout=2.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _log_lines(self) -> list[str]:
        try:
            text = self.log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace")
        except OSError:
            return []
        return [line.strip() for line in text.splitlines() if line.strip()]
