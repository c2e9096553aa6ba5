"""What the machine is busy with, and what a study has used of it so far."""

import sys
from collections.abc import Iterable

import psutil

from xautolm_nb.core.trial import EnergySource, Trial
from xautolm_nb.jupyter.objects import Device, DeviceKind
from xautolm_nb.metafeatures.gpu import gpu_load
from xautolm_nb.metafeatures.limits import available_cores, memory_limit

GIB = 1024**3


def read_device(trials: Iterable[Trial] = (), *, kind: DeviceKind | None = None) -> Device:
    """Read memory and load of this machine, some milliseconds without a GPU.

    Args:
        trials: Trials whose energy is summed up.
        kind: Where the study trains; None takes the GPU when the driver shows one.
    """
    gpu = gpu_load() if kind in (None, "cuda") else None
    found: DeviceKind = kind or ("cuda" if gpu else "mps" if _is_apple() else "cpu")
    memory = psutil.virtual_memory()
    limit = memory_limit()
    energy, source = energy_of(trials)
    return Device(
        kind=found,
        name=gpu.name if gpu else _cores(),
        host_memory_gib=limit / GIB,
        host_used_gib=min(memory.total - memory.available, limit) / GIB,
        gpu_memory_gib=gpu.memory_gib if gpu else None,
        gpu_used_gib=gpu.used_gib if gpu else None,
        gpu_utilisation=gpu.utilisation if gpu else None,
        energy_kwh=energy,
        energy_source=source,
    )


def energy_of(trials: Iterable[Trial]) -> tuple[float | None, EnergySource]:
    """Energy of all trials that did some work, kWh; unknown as soon as one is unknown."""
    worked = [trial.measures for trial in trials if trial.seconds > 0]
    if not worked or any(measures.energy_kwh is None for measures in worked):
        return None, "unknown"
    measured = all(measures.energy_source == "measured" for measures in worked)
    return sum(measures.energy_kwh or 0.0 for measures in worked), "measured" if measured else "estimated"


def _cores() -> str:
    cores = available_cores()
    return "1 core" if cores == 1 else f"{cores:g} cores"


def _is_apple() -> bool:
    return sys.platform == "darwin"
