"""What a trial keeps on disk: the checkpoint to go on from and the weights of its best validation."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from xautolm_nb.core.config import config_key
from xautolm_nb.core.serial import from_plain, to_plain
from xautolm_nb.core.trial import CurvePoint, FailureKind, Measures
from xautolm_nb.run import checkpoint
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.state import STATE

SAVE_SHARE = 20
"""Checkpoints that are not due take at most one part in this many of the time."""

Tensors = Mapping[str, torch.Tensor]
Packed = tuple[Tensors, Mapping[str, Any]]


class Keeper:
    """Keeps one trial's files in its folder.

    Args:
        job: The trial; its folder, and what a checkpoint has to agree with.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._checkpoint, self._best = Path(job.folder) / "checkpoint", Path(job.folder) / "best"
        self._saved_at = time.monotonic()
        self._seconds = 0.0

    @property
    def has_checkpoint(self) -> bool:
        """Whether a checkpoint lies in the folder."""
        return (self._checkpoint / STATE).exists()

    def load(self) -> Packed | None:
        """The checkpoint of this very configuration, seed, data and model; None when there is none."""
        saved = checkpoint.read(self._checkpoint)
        return saved if saved is not None and saved[1].get("identity") == self._identity() else None

    def cost_before(self, saved: Packed | None) -> Measures:
        """What the trial has cost so far: the record's figure, or the checkpoint's where a crash lost the record."""
        kept = from_plain(saved[1]["measures"], Measures) if saved else Measures()
        return max(self._job.trial.measures, kept, key=lambda measures: measures.seconds)

    def is_time(self) -> bool:
        """Whether the last checkpoint is so old that a crash would lose much."""
        return time.monotonic() - self._saved_at >= self._job.checkpoint_seconds and self.is_cheap()

    def is_cheap(self) -> bool:
        """Whether one more checkpoint stays within its share of the time."""
        return time.monotonic() - self._saved_at >= SAVE_SHARE * self._seconds

    def save(self, pack: Callable[[], Packed], measures: Measures) -> None:
        """Replace the checkpoint.

        Raises:
            TrialError: The disk is full or not writable (`disk`); the checkpoint before still stands.
        """
        start = time.monotonic()
        tensors, state = pack()
        own = {"identity": self._identity(), "measures": to_plain(measures)}
        _write(self._checkpoint, tensors, {**state, **own})
        self._saved_at = time.monotonic()
        self._seconds = self._saved_at - start

    def keep_best(self, weights: Tensors, point: CurvePoint) -> None:
        """Replace the weights to be used: those of the best validation so far.

        Raises:
            TrialError: The disk is full or not writable (`disk`); the weights before still stand.
        """
        _write(self._best, weights, {"point": to_plain(point)})

    def _identity(self) -> dict[str, Any]:
        job = self._job
        return {
            "config": config_key(job.trial.config),
            "seed": job.trial.seed,
            "data": job.task.fingerprint,
            "model": [job.model.path, job.model.layers, job.model.revision],
        }


def _write(folder: Path, tensors: Tensors, state: Mapping[str, Any]) -> None:
    try:
        checkpoint.write(folder, tensors, state)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TrialError(FailureKind.DISK, f"{reason.rstrip('.')} ({folder}).") from error
