"""Who runs a study: this process's name, and whether another process still lives."""

import socket
import time

import psutil

from xautolm_nb.core.study import Owner

PATIENCE_SECONDS = 120.0
"""How long an owner on another machine may be silent before it counts as dead."""


def current_owner() -> Owner:
    """Name this process."""
    process = psutil.Process()
    return Owner(pid=process.pid, started=process.create_time(), host=socket.gethostname())


def is_owner_alive(owner: Owner, heartbeat: float) -> bool:
    """Tell whether the process that owns a study still runs.

    On this machine the process table knows; ids are reused, so the start time must agree to two seconds. Of
    another machine only the heartbeat (seconds since the epoch) is known.
    """
    if owner.host != socket.gethostname():
        return _was_heard_of(heartbeat)
    try:
        process = psutil.Process(owner.pid)
        same = abs(process.create_time() - owner.started) < 2.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it exists, but is another user's
        return _was_heard_of(heartbeat)


def _was_heard_of(heartbeat: float) -> bool:
    return time.time() - heartbeat < PATIENCE_SECONDS
