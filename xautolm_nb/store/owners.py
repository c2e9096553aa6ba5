"""Who runs a study: this process's name, and whether another process still lives."""

import socket
import time
from pathlib import Path

import psutil

from xautolm_nb.core.study import Owner

PATIENCE_SECONDS = 120.0
"""How long an owner on another machine may be silent before it counts as dead."""
_START_FIELD = 19  # of proc(5)'s stat, counted behind the name, which may hold anything


def current_owner() -> Owner:
    """Name this process."""
    process = psutil.Process()
    birth = birth_of(process.pid)
    return Owner(pid=process.pid, started=process.create_time(), host=socket.gethostname(), birth=birth)


def birth_of(pid: int) -> str:
    """When a process began, in words that no set clock changes: boot id and clock ticks since; "" where unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f"{boot} {fields[_START_FIELD]}"


def is_owner_alive(owner: Owner, heartbeat: float) -> bool:
    """Tell whether the process that owns a study still runs.

    On this machine the process table knows; ids are reused, so the birth must agree, or, where the system tells
    none, the start time to two seconds. Of another machine only the heartbeat (seconds since the epoch) is known; one
    that lies far in the future was written before a clock was set and says nothing.
    """
    if owner.host != socket.gethostname():
        return _was_heard_of(heartbeat)
    try:
        process = psutil.Process(owner.pid)
        birth = birth_of(owner.pid) if owner.birth else ""
        same = birth == owner.birth if birth else abs(process.create_time() - owner.started) < 2.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it exists, but is another user's
        return _was_heard_of(heartbeat)


def _was_heard_of(heartbeat: float) -> bool:
    return abs(time.time() - heartbeat) < PATIENCE_SECONDS
