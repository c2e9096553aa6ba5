"""What the NVIDIA driver says of the GPU, through NVML: no CUDA context is made in this process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pynvml

GIB = 1024**3

_TENSOR_FLOPS_PER_CYCLE = {
    (7, 0): 1024, (7, 5): 1024, (8, 0): 2048, (8, 6): 512, (8, 7): 1024, (8, 9): 512, (9, 0): 4096, (10, 0): 8192,
    (12, 0): 512,
}  # fmt: skip
"""Dense half-precision operations (accumulated in float32) a cycle of one multiprocessor, by compute capability, from
the vendor's architecture papers: an A100 has 108 multiprocessors at 1.41 GHz, 108 x 2048 x 1.41e9 = 312 TFLOP/s."""
_CORES_PER_MULTIPROCESSOR = {(6, 0): 64, (7, 0): 64, (7, 5): 64, (8, 0): 64}
"""CUDA cores of one multiprocessor by compute capability, where it is not 128; the driver only counts the cores."""


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """The GPU that training would use, the first visible one."""

    name: str
    count: int
    """Visible GPUs."""
    memory_gib: float
    compute_capability: tuple[int, int] | None
    tflops: float | None
    """Peak half-precision rate from the number of multiprocessors and the top clock; None for an unknown chip."""


def find_gpu() -> Gpu | None:
    """Ask the driver for the first GPU that `CUDA_VISIBLE_DEVICES` leaves; None without a driver or a GPU."""
    try:
        with _nvml():
            handles = _visible()
            return _describe(handles[0], len(handles)) if handles else None
    except pynvml.NVMLError:  # no driver, no library, or a device that went away: no GPU to train on
        return None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One of the visible GPUs."""

    uuid: str
    """What `CUDA_VISIBLE_DEVICES` may call it; unlike an index it means one card whatever the order."""
    memory_gib: float


def visible_cards() -> list[Card]:
    """Ask the driver for all GPUs that `CUDA_VISIBLE_DEVICES` leaves; none without a driver."""
    try:
        with _nvml():
            return [_card(handle) for handle in _visible()]
    except pynvml.NVMLError:
        return []


def _card(handle: Any) -> Card:
    return Card(
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)), memory_gib=pynvml.nvmlDeviceGetMemoryInfo(handle).total / GIB
    )


@dataclass(frozen=True, kw_only=True)
class GpuLoad:
    """How busy the GPU is that training uses, whoever keeps it busy."""

    name: str
    memory_gib: float
    used_gib: float
    utilisation: float | None
    """Share of the last moments in which it was at work; None where the driver does not tell."""


def gpu_load() -> GpuLoad | None:
    """Ask the driver how busy the first visible GPU is; None without a driver or a GPU."""
    try:
        with _nvml():
            handles = _visible()
            return _load(handles[0]) if handles else None
    except pynvml.NVMLError:
        return None


def _load(handle: Any) -> GpuLoad:
    name, memory = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetMemoryInfo(handle)
    return GpuLoad(
        name=_text(name),
        memory_gib=memory.total / GIB,
        used_gib=memory.used / GIB,
        utilisation=_utilisation(handle),
    )


def _utilisation(handle: Any) -> float | None:
    try:
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
    except pynvml.NVMLError:  # not told for a slice of a GPU
        return None


@contextmanager
def _nvml() -> Iterator[None]:
    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def _visible() -> list[Any]:
    """Handles of the visible devices; as CUDA does, a list is read up to its first entry that does not exist."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    total = pynvml.nvmlDeviceGetCount()
    names = [str(index) for index in range(total)] if wanted is None else [name.strip() for name in wanted.split(",")]
    handles = []
    for name in names:
        if name.isdecimal() and int(name) < total:
            handles.append(pynvml.nvmlDeviceGetHandleByIndex(int(name)))
        elif name.startswith(("GPU-", "MIG-")):
            handles.append(pynvml.nvmlDeviceGetHandleByUUID(name))
        else:
            break
    return handles


def _text(said: Any) -> str:
    """What the driver said; bytes in some versions of its library."""
    return said.decode() if isinstance(said, bytes) else str(said)


def _describe(handle: Any, count: int) -> Gpu:
    capability = _capability(handle)
    return Gpu(
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        count=count,
        memory_gib=pynvml.nvmlDeviceGetMemoryInfo(handle).total / GIB,
        compute_capability=capability,
        tflops=_peak_tflops(handle, capability),
    )


def _capability(handle: Any) -> tuple[int, int] | None:
    try:
        major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    except pynvml.NVMLError:  # not told for a slice of a GPU by some drivers
        return None
    return int(major), int(minor)


def _peak_tflops(handle: Any, capability: tuple[int, int] | None) -> float | None:
    if capability not in _TENSOR_FLOPS_PER_CYCLE:
        return None
    try:
        cores = pynvml.nvmlDeviceGetNumGpuCores(handle)
        megahertz = pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM)
    except pynvml.NVMLError:  # old drivers, slices of a GPU
        return None
    multiprocessors = cores / _CORES_PER_MULTIPROCESSOR.get(capability, 128)
    return float(multiprocessors * _TENSOR_FLOPS_PER_CYCLE[capability] * megahertz * 1e6 / 1e12)
