"""The ears of a front end, for tests of what a kernel tells."""

import threading
import time
from typing import Any

from xautolm_nb.jupyter.messages import Event
from xautolm_nb.jupyter.protocol import encode


class Listener:
    """Keeps the events that a front end would get."""

    def __init__(self) -> None:
        self.seq = 0
        self.heard: list[dict[str, Any]] = []
        self.threads: set[str] = set()

    def publish(self, kind: type[Event], **fields: Any) -> None:
        self.seq += 1
        self.heard.append(encode(kind(v=1, seq=self.seq, **fields)))
        self.threads.add(threading.current_thread().name)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.heard]

    def wait(self, kind: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while kind not in self.kinds():
            assert time.monotonic() < deadline, self.kinds()
            time.sleep(0.01)
