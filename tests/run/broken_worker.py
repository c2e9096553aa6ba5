"""A worker that misbehaves in one way, for tests of the side that has to cope: `broken_worker.py WAY DEVICE`."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.trial import Outcome
from xautolm_nb.run import worker
from xautolm_nb.run.protocol import Command, Message


def exit_with_words(link: worker.Link) -> None:
    print("the last words", file=sys.stderr, flush=True)
    os._exit(3)


def die_in_the_middle_of_a_message(link: worker.Link) -> None:
    link.rung(Outcome(fidelity=0.25))
    os.write(link._out.fileno(), b'{"kind": "do')
    os._exit(0)


def chatter(link: worker.Link) -> None:
    for step in range(2000):
        link.progress(TrialProgress(number=0, phase="train", step=step, total=2000, fidelity=step / 2000))
        time.sleep(0.0005)


def make_noise(link: worker.Link) -> None:
    print("a library prints", flush=True)
    os.write(1, b"and so does a C extension\n")


WAYS: dict[str, Callable[[worker.Link], None]] = {
    "exit": exit_with_words,
    "sigkill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "sigsegv": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": lambda _: time.sleep(3600),
    "half": die_in_the_middle_of_a_message,
    "chatty": chatter,
    "noisy": make_noise,
    "empty": lambda _: None,
    "identity": lambda _: None,
}


def perform(way: str, command: Command, link: worker.Link) -> Message:
    """Misbehave; what comes back tells the process id as its fidelity."""
    WAYS[way](link)
    return Message(kind="done", outcome=None if way == "empty" else Outcome(fidelity=float(os.getpid())))


def out_of_memory(*args: object) -> None:
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def no_finite_loss(engine: Any, rows: Any) -> Any:
    import torch

    return torch.tensor(float("nan")), len(rows)


def no_space(*args: object, **kwargs: object) -> None:
    raise OSError(28, "No space left on device")


def main() -> None:
    way, device = sys.argv[1:3]
    if way == "oom":
        from xautolm_nb.run.engine import Engine

        Engine.step = out_of_memory  # type: ignore[method-assign, assignment]
        worker.serve(worker.perform, lambda: worker.warm(device))
    elif way == "nan":
        from xautolm_nb.run.engine import Engine

        Engine.step = no_finite_loss  # type: ignore[method-assign, assignment]
        worker.serve(worker.perform, lambda: worker.warm(device))
    elif way == "disk":
        from xautolm_nb.run import checkpoint

        checkpoint.save_file = no_space  # type: ignore[assignment]
        worker.serve(worker.perform, lambda: worker.warm(device))
    elif way == "no start":
        raise ImportError("no such library")
    else:
        worker.serve(lambda command, link: perform(way, command, link), lambda: None)


if __name__ == "__main__":
    main()
