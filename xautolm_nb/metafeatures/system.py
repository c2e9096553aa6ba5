"""Meta-features of the machine (XAutoLM, section 3.3, and more), taken without torch and without waking CUDA."""

import hashlib
import os
import platform
import sys
import time
import uuid
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil

from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.core.errors import RequestError
from xautolm_nb.metafeatures.gpu import Gpu, find_gpu
from xautolm_nb.metafeatures.limits import available_cores, memory_limit

DEVICES = ("cpu", "cuda", "mps")
DEVICE_VARIABLE = "XAUTOLM_DEVICE"
"""Environment variable that names the device when the caller does not."""
CPU_INFO = Path("/proc/cpuinfo")

_GIB = 1024**3
_PROBE_SECONDS = 0.15
_PROBE_SIZE = 512


def probe_system(device: str | None = None) -> SystemMetaFeatures:
    """Describe this machine; memory and cores are what a container leaves of them.

    Takes about 0.2 s the first time, for a short matrix multiplication when training runs on the CPU.

    Args:
        device: `cpu`, `cuda` or `mps`; None takes the environment variable `XAUTOLM_DEVICE`, and without it the GPU
            when the driver shows one.

    Raises:
        RequestError: The device is unknown, or a GPU was asked for and the driver shows none.
    """
    found = find_gpu()
    chosen = _choose_device(device or os.environ.get(DEVICE_VARIABLE) or None, found)
    gpu = found if chosen == "cuda" else None
    cores, memory_gib = available_cores(), memory_limit() / _GIB
    logical = min(float(psutil.cpu_count() or 1), cores)
    physical = min(float(psutil.cpu_count(logical=False) or logical), cores)
    gpu_memory_gib = gpu.memory_gib if gpu else 0.0
    capability = gpu.compute_capability if gpu else None
    return SystemMetaFeatures(
        paper=(physical, logical, _max_ghz(), memory_gib, gpu_memory_gib),
        device=chosen,
        gpu_name=gpu.name if gpu else None,
        gpu_count=gpu.count if gpu else 0,
        gpu_memory_gib=gpu_memory_gib,
        compute_capability=capability[0] + capability[1] / 10 if capability else None,
        memory_gib=memory_gib,
        tflops=_tflops(chosen, gpu),
        bfloat16=_has_bfloat16(chosen, capability),
        hostname_hash=_machine_hash(),
    )


def _choose_device(wanted: str | None, gpu: Gpu | None) -> str:
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    if wanted is None:
        return "cuda" if gpu else "mps" if apple else "cpu"
    if wanted not in DEVICES:
        raise RequestError(
            f"device must be one of {list(DEVICES)}, but got {wanted!r}.", hint="Leave it out to detect."
        )
    if (wanted == "cuda" and gpu is None) or (wanted == "mps" and not apple):
        raise RequestError(
            f"device={wanted!r} was asked for, but this machine shows none.",
            hint="Check the driver with nvidia-smi (and CUDA_VISIBLE_DEVICES), or use device='cpu'.",
        )
    return wanted


def _max_ghz() -> float:
    """Highest frequency of a core; the present one where the system does not tell, and 0 where it tells nothing."""
    frequency = psutil.cpu_freq()
    return (frequency.max or frequency.current) / 1000 if frequency else 0.0


def _tflops(device: str, gpu: Gpu | None) -> float | None:
    if device == "cpu":
        return measure_cpu_tflops()
    return gpu.tflops if gpu else None


@lru_cache(maxsize=1)
def measure_cpu_tflops() -> float:
    """Measure the float32 matrix-multiplication rate of the CPU, TFLOP/s: the best of the rounds in 0.15 seconds."""
    matrix = np.random.default_rng(0).standard_normal((_PROBE_SIZE, _PROBE_SIZE), dtype=np.float32)
    matrix @ matrix  # the first product starts the threads of the library
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < _PROBE_SECONDS:
        before = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - before)
    return 2 * _PROBE_SIZE**3 / best / 1e12


def _has_bfloat16(device: str, capability: tuple[int, int] | None) -> bool:
    """Ampere and later have it; of CPUs those that say so: emulated, it is slower than float32."""
    if device == "cuda":
        return capability is not None and capability >= (8, 0)
    return device == "cpu" and bool({"avx512_bf16", "amx_bf16"} & _cpu_flags())


def _cpu_flags() -> set[str]:
    try:
        lines = CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return set()
    return set(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def _machine_hash() -> str:
    """Eight bytes of a hash over host name and network address: tells machines apart, names none."""
    address = uuid.getnode()
    is_random = bool(address >> 40 & 1)  # without a network card Python draws one, a new one in each process
    return hashlib.sha256(f"{platform.node()}|{0 if is_random else address}".encode()).hexdigest()[:16]
