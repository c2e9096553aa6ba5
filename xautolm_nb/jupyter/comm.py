"""The two comms of a kernel: events go out on one, requests come in and answers go out on the other.

A front end sends control messages on a subshell where the kernel has them, so a button answers while a cell computes.
ipykernel 7.4 routes what comes in on a comm to the shell that last sent on that comm, by the parent of the thread that
sends. Hence nothing but answers goes out on the control comm, each in the context of its request.
"""

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import comm

from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.jupyter.messages import Ack, AnyRequest, ErrorAnswer, Event, Hello
from xautolm_nb.jupyter.protocol import (
    CONTROL_TARGET,
    EVENTS_TARGET,
    VERSION,
    encode,
    package_version,
    read_request,
    request_id,
)

MOST_CONTROLS = 16
"""Control comms kept: pages that were reloaded leave theirs behind without a word."""
MOST_THREADS = 8


class EventsComm:
    """The comm for events; without a front end that wants it, nothing is sent.

    Args:
        study: Tells the study that is shown, for the greeting.
    """

    def __init__(self, study: Callable[[], str | None]) -> None:
        self._study = study
        self._comm: Any = None
        self._seq = 0
        self._lock = threading.Lock()

    @property
    def seq(self) -> int:
        """Number of the last event."""
        return self._seq

    @property
    def is_open(self) -> bool:
        """Whether events are sent."""
        return self._comm is not None

    def ensure_open(self) -> None:
        """Open the comm if it is not: at first, or after a front end that does not know it has closed it for all."""
        with self._lock:
            if self._comm is not None:
                return
            self._seq = 0
            hello = Hello(v=VERSION, seq=0, package=package_version(), study=self._study())
            opened = comm.create_comm(target_name=EVENTS_TARGET, data=encode(hello))
            opened.on_close(lambda message: self._closed(opened))
            self._comm = opened

    def publish(self, kind: type[Event], **fields: Any) -> None:
        """Send an event with the next number."""
        with self._lock:
            if self._comm is None:
                return
            self._seq += 1
            self._comm.send(encode(kind(v=VERSION, seq=self._seq, **fields)))

    def close(self) -> None:
        """Say goodbye to every front end."""
        with self._lock:
            if self._comm is not None:
                self._comm.close()
            self._comm = None

    def _closed(self, which: Any) -> None:
        # Not opened again at once: a front end without our extension closes each comm we open.
        if self._comm is which:
            self._comm = None


class ControlComms:
    """Takes requests and sends exactly one answer for each, whatever goes wrong.

    Args:
        answer: Does what a request asks for.
        is_quick: Whether `answer` returns at once; all else is done on a thread.
        opened: Called when a front end opens a comm.
    """

    def __init__(
        self,
        answer: Callable[[AnyRequest], Ack],
        *,
        is_quick: Callable[[AnyRequest], bool],
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self._answer = answer
        self._is_quick = is_quick
        self._opened = opened
        self._comms: deque[Any] = deque(maxlen=MOST_CONTROLS)
        self._places = threading.BoundedSemaphore(MOST_THREADS)

    def register(self) -> None:
        """Let front ends open the comm."""
        comm.get_comm_manager().register_target(CONTROL_TARGET, self.accept)

    def accept(self, opened: Any, message: Any) -> None:
        """Serve a comm that a front end has opened; data of the opening message is its first request.

        ipykernel 7.4 looks up the comm of a message before the opening one is done with, and warns into a cell. A
        front end that opens with a request and waits for the answer never sees that.
        """
        # Not on_msg: it fires the shell's cell events around each message, and pyplot's would show and close the
        # figures of a cell that is still drawing.
        opened.handle_msg = lambda message: self.receive(message["content"].get("data"), opened.send)
        if len(self._comms) == self._comms.maxlen:
            comm.get_comm_manager().comms.pop(self._comms[0].comm_id, None)
        self._comms.append(opened)
        self._opened()
        first = message["content"].get("data")
        if first:
            self.receive(first, opened.send)

    def receive(self, data: object, send: Callable[[dict[str, Any]], None]) -> None:
        """Answer a message through `send`, now or from a thread."""
        identity = request_id(data)
        try:
            request = read_request(data)
            quick = self._is_quick(request)
        except Exception as error:
            send(encode(error_answer(identity, error)))
            return
        if quick:
            self._do(request, send)
            return
        context = contextvars.copy_context()  # the answer's parent is the request, on its own shell
        threading.Thread(target=context.run, args=(self._do_in_turn, request, send), daemon=True).start()

    def _do_in_turn(self, request: AnyRequest, send: Callable[[dict[str, Any]], None]) -> None:
        with self._places:
            self._do(request, send)

    def _do(self, request: AnyRequest, send: Callable[[dict[str, Any]], None]) -> None:
        try:
            answer = encode(self._answer(request))
        except BaseException as error:  # the last frame of a handler: whatever it was, the front end must hear of it
            answer = encode(error_answer(request.id, error))
        send(answer)


def error_answer(identity: str | None, error: BaseException) -> ErrorAnswer:
    """What went wrong and what to do, for the front end."""
    if isinstance(error, XAutoLMError):
        return ErrorAnswer(v=VERSION, id=identity, message=error.message, hint=error.hint)
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return ErrorAnswer(v=VERSION, id=identity, message=words, hint="This is a bug of the package; please report it.")
