"""Real kernels as a front end sees them: cells, comms, subshells, and every message that comes out.

The kernel runs with the installed ipykernel. `XAUTOLM_IPYKERNEL=<folder>` puts another one before it, as made by
`pip install --no-deps --target <folder> ipykernel==6.31.0` (`make ipykernel` does both).
"""

import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

TESTS = Path(__file__).resolve().parent
OTHER_IPYKERNEL = "XAUTOLM_IPYKERNEL"


class Kernel:
    """A kernel with a thread that keeps what it publishes."""

    def __init__(self, **environment: str) -> None:
        places = [os.environ[OTHER_IPYKERNEL]] if os.environ.get(OTHER_IPYKERNEL) else []
        path = os.pathsep.join([*places, str(TESTS), os.environ.get("PYTHONPATH", "")])
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env={**os.environ, "PYTHONPATH": path, **environment})
        self.client: BlockingKernelClient = self.manager.client()
        # A kernel drops what it publishes while a thousand messages wait to be read: here any number may.
        self.client.context.setsockopt(zmq.RCVHWM, 0)
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.published: list[dict[str, Any]] = []
        self._idle: set[str] = set()
        self._ended = threading.Event()
        self._new = threading.Condition()
        self._replies: dict[str, dict[str, Any]] = {}
        for listen in (self._listen_iopub, self._listen_shell):
            threading.Thread(target=listen, daemon=True).start()

    def close(self) -> None:
        """Kill it."""
        self._ended.set()
        time.sleep(0.2)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    # ---- cells ---------------------------------------------------------------------------------------------------

    def start(self, code: str) -> str:
        """Send a cell and do not wait; returns the id of the request."""
        return self.client.execute(code)

    def run(self, code: str, timeout: float = 120) -> str:
        """Run a cell; what it printed. An error of the cell is an error here."""
        identifier = self.start(code)
        reply = self.until(lambda: self._replies.get(identifier), timeout)
        assert reply["content"]["status"] == "ok", reply["content"]
        self.until(lambda: identifier in self._idle, timeout)
        return self.printed(identifier)

    def wait(self, identifier: str, timeout: float = 120) -> dict[str, Any]:
        """Wait for the reply to a cell."""
        return self.until(lambda: self._replies.get(identifier), timeout)["content"]

    def printed(self, identifier: str, stream: str = "stdout") -> str:
        """What a cell has printed so far."""
        return "".join(
            message["content"]["text"]
            for message in list(self.published)
            if message["msg_type"] == "stream"
            and message["parent_header"].get("msg_id") == identifier
            and message["content"]["name"] == stream
        )

    def until(self, look: Callable[[], Any], timeout: float = 60) -> Any:
        """Wait until `look` finds something, and return it."""
        deadline = time.monotonic() + timeout
        while not (found := look()):
            left = deadline - time.monotonic()
            assert left > 0, f"it never came to that; last: {[m['msg_type'] for m in self.published[-5:]]}"
            with self._new:
                self._new.wait(min(0.05, left))
        return found

    # ---- comms ---------------------------------------------------------------------------------------------------

    @property
    def has_subshells(self) -> bool:
        """Whether messages can be answered beside a running cell."""
        info = self._control("kernel_info_request", {})
        return "kernel subshells" in info.get("supported_features", [])

    def new_subshell(self) -> str:
        """Make a subshell."""
        return str(self._control("create_subshell_request", {})["subshell_id"])

    def comms(self, target: str) -> list[str]:
        """Ids of the open comms of a target, as a front end asks for them."""
        message = self.client.session.msg("comm_info_request", {"target_name": target})
        self.client.shell_channel.send(message)
        reply = self.until(lambda: self._replies.get(message["header"]["msg_id"]))
        return list(reply["content"]["comms"])

    def send(self, kind: str, content: Mapping[str, Any], subshell: str | None = None) -> None:
        """Send a message on the shell channel, to a subshell if one is named."""
        message = self.client.session.msg(kind, dict(content))
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def sent(self, comm: str) -> list[dict[str, Any]]:
        """Data of all messages that came on a comm, the opening one included."""
        return [
            message["content"]["data"]
            for message in list(self.published)
            if message["msg_type"] in ("comm_open", "comm_msg") and message["content"]["comm_id"] == comm
        ]

    def opened(self, target: str) -> list[str]:
        """Ids of the comms that the kernel has opened for a target, the newest last."""
        return [
            message["content"]["comm_id"]
            for message in list(self.published)
            if message["msg_type"] == "comm_open" and message["content"]["target_name"] == target
        ]

    # ---- inside --------------------------------------------------------------------------------------------------

    def _control(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                found: dict[str, Any] = reply["content"]
                return found

    def _listen_iopub(self) -> None:
        while not self._ended.is_set():
            if self.client.iopub_channel.socket.poll(50):
                message = self.client.get_iopub_msg(timeout=1)
                message["came"] = time.monotonic()
                self.published.append(message)
                if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                    self._idle.add(message["parent_header"].get("msg_id", ""))
                self._tell()

    def _listen_shell(self) -> None:
        while not self._ended.is_set():
            if self.client.shell_channel.socket.poll(50):
                reply = self.client.get_shell_msg(timeout=1)
                self._replies[reply["parent_header"].get("msg_id", "")] = reply
                self._tell()

    def _tell(self) -> None:
        with self._new:
            self._new.notify_all()


class Panel:
    """What the JupyterLab panel does: one control comm, on a subshell where there are any."""

    def __init__(self, kernel: Kernel, *, subshell: bool = True) -> None:
        self.kernel = kernel
        self.comm = uuid.uuid4().hex
        self.subshell = kernel.new_subshell() if subshell and kernel.has_subshells else None
        first = {"v": 1, "id": "first", "type": "sync"}
        content = {"comm_id": self.comm, "target_name": "xautolm_nb.control", "data": first}
        kernel.send("comm_open", content, self.subshell)
        self.kernel.until(lambda: self.answers("first"))

    def post(self, kind: str, **fields: Any) -> str:
        """Send a request and do not wait; returns its id."""
        identifier = uuid.uuid4().hex[:8]
        self.send({"v": 1, "id": identifier, "type": kind, **fields})
        return identifier

    def send(self, data: Any) -> None:
        """Send any data."""
        self.kernel.send("comm_msg", {"comm_id": self.comm, "data": data}, self.subshell)

    def answers(self, identifier: str | None) -> list[dict[str, Any]]:
        """All answers to a request so far."""
        return [data for data in self.kernel.sent(self.comm) if data.get("id") == identifier]

    def ask(self, kind: str, timeout: float = 60, **fields: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        identifier = self.post(kind, **fields)
        self.kernel.until(lambda: self.answers(identifier), timeout)
        found: dict[str, Any] = self.answers(identifier)[0]
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events so far on the newest events comm."""
        opened = self.kernel.opened("xautolm_nb.events") or self.kernel.comms("xautolm_nb.events")
        return self.kernel.sent(opened[-1]) if opened else []
