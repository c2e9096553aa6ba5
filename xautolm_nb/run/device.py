"""Where and in which precision a trial trains, and how many threads it takes."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import psutil
import torch

from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Device and number format. Weights and optimizer state stay float32; only the forward pass may use 16 bits."""

    device: torch.device
    autocast: torch.dtype | None = None
    """bfloat16 where the device computes it natively, float16 on older GPUs, None (float32) elsewhere."""

    @property
    def needs_scaling(self) -> bool:
        """Whether gradients would underflow without loss scaling (float16 only)."""
        return self.autocast is torch.float16

    @property
    def padding(self) -> int:
        """Lengths are padded to a multiple of this: tensor cores want 8, a CPU gains nothing from it."""
        return 8 if self.device.type == "cuda" else 1

    def forward(self) -> AbstractContextManager[object]:
        """The context in which the model is called."""
        if self.autocast is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.autocast)


def choose_precision(system: SystemMetaFeatures) -> Precision:
    """Pick device and number format for a machine.

    Raises:
        TrialError: The machine is said to have a GPU, but this process sees none.
    """
    device = torch.device(system.device)
    if device.type != "cuda":
        native = device.type == "cpu" and system.bfloat16  # a third less time a step on a CPU with AVX512-BF16
        return Precision(device=device, autocast=torch.bfloat16 if native else None)
    if not torch.cuda.is_available():
        raise TrialError(
            FailureKind.ERROR,
            "Training expects a CUDA device, but PyTorch in the worker sees none.",
            hint="Check the driver and CUDA_VISIBLE_DEVICES, or search with device='cpu'.",
        )
    return Precision(device=device, autocast=torch.bfloat16 if system.bfloat16 else torch.float16)


def choose_threads() -> int:
    """Threads for training on a CPU: XAUTOLM_THREADS or OMP_NUM_THREADS, else the physical cores we may use.

    Workers that train beside each other (XAUTOLM_WORKERS of them) share these, at least one for each.
    """
    threads = _number("XAUTOLM_THREADS") or _number("OMP_NUM_THREADS") or _cores()
    return max(1, threads // _number("XAUTOLM_WORKERS", 1))


def _number(variable: str, otherwise: int = 0) -> int:
    value = os.environ.get(variable, "")
    return int(value) if value.isdecimal() and int(value) > 0 else otherwise


def _cores() -> int:
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or 1, allowed))
