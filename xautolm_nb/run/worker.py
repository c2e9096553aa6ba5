"""The worker process: `python -m xautolm_nb.run.worker DEVICE`. Trains, so that the kernel never does.

It speaks `protocol` on a private copy of its stdout; whatever libraries print lands in its log. A reader thread takes
commands, so a stop is seen while training and the end of stdin (the kernel is gone) ends the process at once.
"""

import contextlib
import faulthandler
import gc
import importlib
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.trial import Outcome
from xautolm_nb.run.protocol import SCRATCH, Command, Message

NICENESS = 5
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
}


class Link:
    """The worker's end of the two pipes; also the listener of a running trial."""

    def __init__(self, commands: IO[bytes], messages: IO[bytes]) -> None:
        self._in, self._out = commands, messages
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._stop = threading.Event()

    @classmethod
    def over_stdio(cls) -> "Link":
        """Take stdin and stdout for the protocol; what anybody prints from now on goes to stderr."""
        messages = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        link = cls(sys.stdin.buffer, messages)
        threading.Thread(target=link.read, name="commands", daemon=True).start()
        return link

    def read(self) -> None:
        """Take commands until the kernel is gone, then end this process without ceremony."""
        for line in self._in:
            try:
                command = from_json(line, Command)
            except ValueError as error:  # a kernel of another version: better no worker than a deaf one
                print(f"The worker does not understand a command: {error}", file=sys.stderr, flush=True)
                os._exit(2)
            if command.verb == "stop":
                self._stop.set()
                continue
            self._stop.clear()  # a stop that came too late for the trial before is not meant for this one
            self._queue.put(command)
        if SCRATCH in os.environ:  # the kernel, which would clear up, is gone
            shutil.rmtree(os.environ[SCRATCH], ignore_errors=True)
        os._exit(0)

    def commands(self) -> Iterator[Command]:
        """Yield commands as they come, for ever: the end of stdin ends the process."""
        while True:
            yield self._queue.get()

    def send(self, message: Message) -> None:
        """Write one message; a kernel that no longer reads ends the process."""
        try:
            self._out.write(to_json(message).encode() + b"\n")
        except BrokenPipeError:
            os._exit(0)

    def should_stop(self) -> bool:
        """Whether the running trial is asked to end at its next step."""
        return self._stop.is_set()

    def progress(self, progress: TrialProgress) -> None:
        """Pass on how far the trial is."""
        self.send(Message(kind="progress", progress=progress))

    def rung(self, outcome: Outcome) -> None:
        """Pass on what stands after a validation."""
        self.send(Message(kind="rung", outcome=outcome))


Perform = Callable[[Command, Link], Message]


def go_first() -> None:
    """Have the system end this process and not the notebook when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def serve(perform: Perform, warm: Callable[[], None]) -> None:
    """Import what is heavy, say `ready`, then answer commands one after the other."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt of a cell reaches the whole process group
    go_first()
    link = Link.over_stdio()
    warm()
    link.send(Message(kind="ready"))
    for command in link.commands():
        link.send(perform(command, link))
        gc.collect()


def perform(command: Command, link: Link) -> Message:
    """Carry out one command. Failures are answers; only `run` failures are outcomes."""
    from xautolm_nb.run.export import evaluate, export
    from xautolm_nb.run.failures import name_failure
    from xautolm_nb.run.finetune import fine_tune

    job = command.job
    if job is None:
        raise ValueError(f"the command {command.verb!r} names no job")
    if command.verb == "run":
        return Message(kind="done", outcome=fine_tune(job, link, link.should_stop))
    try:
        if command.verb == "evaluate":
            return Message(kind="done", metrics=evaluate(job, command.split or "test"))
        export(job, Path(command.target or "."))
        return Message(kind="done")
    except Exception as error:  # the worker's boundary: the kernel gets a typed answer, whatever happened
        return Message(kind="done", failure=name_failure(error))


def warm(device: str) -> None:
    """Import all that training needs and settle into the background of the machine."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("peft", "transformers.models.auto.modeling_auto", "xautolm_nb.run.export", "xautolm_nb.run.finetune"):
        importlib.import_module(name)
    import torch
    from transformers.utils import logging

    from xautolm_nb.run.device import choose_threads

    logging.disable_progress_bar()
    if device == "cpu":
        torch.set_num_threads(choose_threads())
        os.nice(NICENESS)


def main() -> None:
    """Run the worker for the device named on the command line."""
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    serve(perform, lambda: warm(device))


if __name__ == "__main__":
    main()
