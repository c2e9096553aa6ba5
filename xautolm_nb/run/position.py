"""How far a trial is: steps, fidelity, rungs ahead, learning curve."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xautolm_nb.core.serial import from_plain, to_plain
from xautolm_nb.core.trial import CurvePoint

PATIENCE = 2
"""Validations in a row that may be clearly worse than the best one before a run ends early."""


@dataclass(kw_only=True)
class Position:
    """All that moves while a trial runs, weights and optimizer apart."""

    total: int
    """Steps of the full run."""
    step: int = 0
    curve: list[CurvePoint] = field(default_factory=list)
    loss_sum: float = 0.0
    """Training loss added up since the last validation."""
    loss_steps: int = 0

    @property
    def loss(self) -> float | None:
        """Mean training loss since the last validation."""
        return self.loss_sum / self.loss_steps if self.loss_steps else None

    @property
    def fidelity(self) -> float:
        """Share of the full run that is done: the last rung's where the steps agree, else by steps."""
        is_at_rung = bool(self.curve) and self.curve[-1].step == self.step
        return self.curve[-1].fidelity if is_at_rung else self.step / self.total

    @property
    def is_finished(self) -> bool:
        """Whether the full run is done and validated."""
        return bool(self.curve) and self.curve[-1].fidelity >= 1.0

    def steps_at(self, fidelity: float) -> int:
        """Steps that make up a fidelity, at least one."""
        return max(1, math.ceil(fidelity * self.total - 1e-9))

    def rungs_ahead(self, rungs: Sequence[float], target: float) -> list[float]:
        """Fidelities still to be validated on the way to `target`, which comes last."""
        reached = self.curve[-1].fidelity if self.curve else 0.0
        between = [rung for rung in rungs if reached < rung < target]
        return [*between, target] if target > reached else []

    def seconds_left(self, target: float, seconds: float) -> float | None:
        """Seconds to `target` at the speed so far (`seconds` of training and validation); None before the start."""
        ahead = max(0, self.steps_at(target) - self.step)
        return ahead * seconds / self.step if self.step else None

    def add_loss(self, loss: float, steps: int) -> None:
        """Count the training loss of some steps, added up."""
        self.loss_sum += loss
        self.loss_steps += steps

    def add_point(self, point: CurvePoint, *, maximize: bool) -> bool:
        """Add a validation; tells whether it is the best yet."""
        sign = 1.0 if maximize else -1.0
        is_best = all(sign * point.score > sign * earlier.score for earlier in self.curve)
        self.curve.append(point)
        self.loss_sum, self.loss_steps = 0.0, 0
        return is_best

    def has_peaked(self, rows: int, *, maximize: bool) -> bool:
        """Whether the last `PATIENCE` validations were all worse than the best by more than chance.

        Chance is the standard error of a share on `rows` validation rows: a run that still predicts one class, or that
        wavers, goes on. A function of the curve alone, so a thawed trial ends where the uninterrupted one does.
        """
        sign = 1.0 if maximize else -1.0
        scores = [sign * score for score in {point.step: point.score for point in self.curve}.values()]
        if len(scores) <= PATIENCE or rows < 1:
            return False
        best = max(scores)
        share = min(max(abs(best), 0.0), 1.0)
        worse = best - math.sqrt(share * (1 - share) / rows)
        return all(score < worse for score in scores[-PATIENCE:])

    def end(self) -> None:
        """End the run where it stands: its last validation is that of the full run, which early stopping made short."""
        self.curve.append(replace(self.curve[-1], fidelity=1.0))

    def pack(self) -> dict[str, Any]:
        """Plain data for a checkpoint."""
        return {
            "finished": self.is_finished,
            "fidelity": self.fidelity,
            "step": self.step,
            "curve": to_plain(self.curve),
            "loss": [self.loss_sum, self.loss_steps],
        }

    def unpack(self, state: Mapping[str, Any]) -> None:
        """Go to where `pack` was called."""
        self.step = int(state["step"])
        self.curve = from_plain(state["curve"], list[CurvePoint])
        self.loss_sum, self.loss_steps = float(state["loss"][0]), int(state["loss"][1])
