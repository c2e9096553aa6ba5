"""What a container or a scheduler leaves of the machine to this process (Linux control groups, versions 1 and 2)."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """Bytes of host memory this process may use: the machine's, or the smallest limit of its control groups."""
    files = [*_files("memory", "memory.max"), *_files("memory", "memory.limit_in_bytes")]
    limits = [number for file in files if (number := _number(file)) is not None and number > 0]
    return min([psutil.virtual_memory().total, *limits])


def available_cores() -> float:
    """Logical cores this process may use: by its affinity and by the quotas of its control groups."""
    return min([_affine_cores(), *_quotas()])


def _affine_cores() -> float:
    if hasattr(os, "sched_getaffinity"):  # absent on macOS and Windows
        return float(len(os.sched_getaffinity(0)))
    return float(os.cpu_count() or 1)


def _quotas() -> Iterator[float]:
    for file in _files("cpu", "cpu.max"):
        words = _read(file).split()
        if len(words) == 2 and words[0].isdecimal():
            yield int(words[0]) / int(words[1])
    for file in _files("cpu", "cpu.cfs_quota_us"):
        quota, period = _number(file), _number(file.with_name("cpu.cfs_period_us"))
        if quota is not None and period and quota > 0:
            yield quota / period


def _files(controller: str, name: str) -> Iterator[Path]:
    """The file of this process's group and of every group above it, for each layout a system may have."""
    for line in _read(OWN_GROUPS).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for root in [CGROUPS] if not controllers else [CGROUPS / controller, CGROUPS / controllers]:
            folder = root / path.lstrip("/")
            # Inside a container the path may be the host's: then only the mounted root speaks of this group.
            for place in dict.fromkeys([folder, *folder.parents, root]):
                if place.is_relative_to(root) and (place / name).is_file():
                    yield place / name


def _number(file: Path) -> int | None:
    text = _read(file).strip()
    return int(text) if text.lstrip("-").isdecimal() else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:  # no such layout here, or not readable for us: no limit that we could know
        return ""
