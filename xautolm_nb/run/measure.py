"""What a trial costs: seconds by phase, tokens, peak memory, energy. What cannot be read is None, never 0."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil
import torch

from xautolm_nb.core.trial import EnergySource, Measures

Phase = Literal["load", "train", "eval"]

GIB = 2.0**30
JOULES_PER_KWH = 3.6e6
RAPL = Path("/sys/class/powercap")


class Meter:
    """Adds up what a trial costs, on top of what it cost before it was paused.

    Args:
        before: What the earlier parts of the trial cost.
        device: Where it trains; its memory and energy are read.
    """

    def __init__(self, before: Measures, device: torch.device) -> None:
        self._before = before
        self._device = device
        self._seconds: dict[Phase, float] = {"load": 0.0, "train": 0.0, "eval": 0.0}
        self._running: tuple[Phase, float] | None = None
        self._tokens = 0
        self._steps = 0
        self._joules_at_start = read_joules(device)
        self._peak = 0.0
        start_peak(device)

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Count the time of the block as `load`, `train` or `eval`."""
        self._running = (name, time.perf_counter())
        try:
            yield
        finally:
            self._seconds[name] += self._elapsed()
            self._running = None

    def step(self, tokens: int) -> None:
        """Count one optimizer step on `tokens` tokens, padding included."""
        self._steps += 1
        self._tokens += tokens

    @property
    def tokens_per_second(self) -> float | None:
        """Training tokens per second since the trial was taken up."""
        seconds = self._seconds["train"] + (self._elapsed() if self._is_in("train") else 0.0)
        return self._tokens / seconds if self._tokens and seconds > 0 else None

    def measures(self) -> Measures:
        """All that the trial has cost up to this moment."""
        now = {
            name: seconds + (self._elapsed() if self._is_in(name) else 0.0) for name, seconds in self._seconds.items()
        }
        energy, source = self._energy()
        return Measures(
            seconds_load=self._before.seconds_load + now["load"],
            seconds_train=self._before.seconds_train + now["train"],
            seconds_eval=self._before.seconds_eval + now["eval"],
            tokens=self._before.tokens + self._tokens,
            steps=self._before.steps + self._steps,
            peak_memory_gib=max(self._before.peak_memory_gib or 0.0, self.peak_memory_gib),
            energy_kwh=energy,
            energy_source=source,
        )

    @property
    def peak_memory_gib(self) -> float:
        """Peak memory of the device since the trial was taken up."""
        self._peak = max(self._peak, read_peak_gib(self._device))
        return self._peak

    def _is_in(self, name: Phase) -> bool:
        return self._running is not None and self._running[0] == name

    def _elapsed(self) -> float:
        return time.perf_counter() - self._running[1] if self._running else 0.0

    def _energy(self) -> tuple[float | None, EnergySource]:
        """Energy of all parts; unknown as soon as one part is unknown."""
        joules = read_joules(self._device)
        has_history = self._before.seconds > 0
        if joules is None or self._joules_at_start is None or (has_history and self._before.energy_kwh is None):
            return None, "unknown"
        added = max(0.0, joules - self._joules_at_start) / JOULES_PER_KWH
        return (self._before.energy_kwh or 0.0) + added, "measured"


def start_peak(device: torch.device) -> None:
    """Forget earlier peaks, so that a reused worker reports those of this trial."""
    if device.type == "cuda":
        torch.cuda.current_device()  # starts CUDA where nothing has yet; the counters do not
        torch.cuda.reset_peak_memory_stats(device)
        return
    try:  # Linux: 5 resets the high-water mark of the resident set (man 5 proc, clear_refs)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def read_peak_gib(device: torch.device) -> float:
    """Peak of allocated GPU memory, or of this process's resident memory, GiB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / GIB
    high_water = _high_water_gib()
    return psutil.Process().memory_info().rss / GIB if high_water is None else high_water


def read_joules(device: torch.device) -> float | None:
    """A growing count of the energy that the device has used, J; None where no counter can be read."""
    return _nvml_joules(device) if device.type == "cuda" else _rapl_joules()


def _high_water_gib() -> float | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2.0**20
    except OSError:
        return None
    return None


def _nvml_joules(device: torch.device) -> float | None:
    import pynvml

    try:
        pynvml.nvmlInit()
        uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByUUID(uuid))) / 1e3
    except pynvml.NVMLError:  # cards before Volta have no counter
        return None


def _rapl_joules() -> float | None:
    """Sum over the processor packages. Usually only root may read it, then it is None.

    None also where several workers share the processor: the counter does not tell whose work it was.
    """
    if os.environ.get("XAUTOLM_WORKERS", "1") != "1":
        return None
    counters = [path / "energy_uj" for path in RAPL.glob("intel-rapl:[0-9]") if os.access(path / "energy_uj", os.R_OK)]
    if not counters:
        return None
    try:
        return sum(int(counter.read_text()) for counter in counters) / 1e6
    except (OSError, ValueError):
        return None
