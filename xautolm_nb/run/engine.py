"""The training step: model, optimizer, schedule and loss scaling of one trial, and how they are saved and restored."""

import sys
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from xautolm_nb.run import checkpoint
from xautolm_nb.run.device import Precision
from xautolm_nb.run.failures import is_out_of_memory
from xautolm_nb.run.methods import load_model, load_trainable, train_mode, trainable_state
from xautolm_nb.run.objectives import choose_objective
from xautolm_nb.run.optim import MAX_GRADIENT_NORM, build_optimizer, build_schedule
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.tokens import Tokens

WEIGHT = "weight."


class Engine:
    """Takes one optimizer step after the other on batches of the training rows.

    Args:
        job: The trial; its config and seed say how the model starts and trains.
        train: Its training rows.
        precision: Device and number format.
        micro_batch: Rows per forward pass; gradients of a batch are summed over its passes.
        total: Steps of the full run, which the learning-rate schedule is made for.
        checkpointing: Whether activations are computed again in the backward pass instead of kept.
    """

    def __init__(
        self,
        job: Job,
        train: Tokens,
        precision: Precision,
        *,
        micro_batch: int,
        total: int,
        checkpointing: bool = False,
    ) -> None:
        config = job.trial.config
        self._precision, self.micro_batch, self._total = precision, micro_batch, total
        self._config = config
        self.model = place(load_model(job.model, config, job.task, seed=job.trial.seed), precision.device)
        if checkpointing:
            enable_checkpointing(self.model)
        self._is_halved = False
        self._trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        self._optimizer = build_optimizer(self.model, config)
        self._schedule = build_schedule(self._optimizer, config, total=total)
        self._scaler = torch.amp.GradScaler(precision.device.type, enabled=precision.needs_scaling)
        self._objective = choose_objective(job, train, precision)

    def train_mode(self) -> None:
        """Switch from validation to training."""
        train_mode(self.model, str(self._config["method"]))

    def step(self, rows: NDArray[Any]) -> tuple[torch.Tensor, int]:
        """One optimizer step on a batch.

        When memory runs out for the first time, the micro-batch is halved for good and the batch begun anew.

        Returns:
            The batch's mean loss, still on the device, and its tokens with padding.

        Raises:
            torch.OutOfMemoryError: Memory has run out again.
        """
        try:
            return self._whole_step(rows)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if self._is_halved or self.micro_batch < 2 or not is_out_of_memory(error):
                raise
        # Outside the handler: the traceback would keep the activations that are to be freed.
        self._is_halved = True
        self.micro_batch = (min(self.micro_batch, len(rows)) + 1) // 2
        print(f"Memory ran out; on with {self.micro_batch} rows a pass.", file=sys.stderr, flush=True)
        self._optimizer.zero_grad(set_to_none=True)
        if self._precision.device.type == "cuda":
            torch.cuda.empty_cache()
        return self._whole_step(rows)

    def _whole_step(self, rows: NDArray[Any]) -> tuple[torch.Tensor, int]:
        whole = self._objective.whole(rows)
        loss = torch.zeros((), device=self._precision.device)
        tokens = 0
        for start in range(0, len(rows), self.micro_batch):
            share, count = self._pass(rows[start : start + self.micro_batch], whole)
            loss += share
            tokens += count
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._trained, MAX_GRADIENT_NORM)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._schedule.step()
        self._optimizer.zero_grad(set_to_none=True)
        return loss, tokens

    def pack(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Everything the next step depends on: tensors, and plain data."""
        weights = {f"{WEIGHT}{name}": tensor for name, tensor in trainable_state(self.model).items()}
        moments, plain = checkpoint.pack_optimizer(self._optimizer)
        tensors = {**weights, **moments, **checkpoint.pack_rng(self._precision.device)}
        return tensors, {"optimizer": plain, "scaler": self._scaler.state_dict()}

    def unpack(self, tensors: Mapping[str, torch.Tensor], plain: Mapping[str, Any], *, step: int) -> None:
        """Put back what `pack` gave after `step` steps.

        Raises:
            ValueError: It is of another configuration.
        """
        weights = {name.removeprefix(WEIGHT): value for name, value in tensors.items() if name.startswith(WEIGHT)}
        load_trainable(self.model, weights)
        checkpoint.unpack_optimizer(self._optimizer, tensors, plain["optimizer"])
        self._schedule = build_schedule(self._optimizer, self._config, total=self._total, done=step)
        if self._precision.needs_scaling:
            self._scaler.load_state_dict(plain["scaler"])
        checkpoint.unpack_rng(tensors, self._precision.device)

    def _pass(self, rows: NDArray[Any], whole: float) -> tuple[torch.Tensor, int]:
        """Forward and backward on a micro-batch, whose loss is its share of the batch's weighted mean."""
        share, tokens = self._objective.share(self.model, rows, whole)
        torch.autograd.backward(self._scaler.scale(share))
        return share.detach(), tokens


def enable_checkpointing(model: Any) -> None:
    """Have activations computed again in the backward pass instead of kept; weights that are frozen may stay so."""
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def place(model: nn.Module, device: torch.device) -> nn.Module:
    """Bring a model to the device; weights in 4 bits go there by themselves when they are loaded."""
    return model if getattr(model, "is_loaded_in_4bit", False) else model.to(device)
