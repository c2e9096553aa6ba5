"""Optimizer, schedule and loss of a trial."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import SGD, Adagrad, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from xautolm_nb.core.config import ConfigValue

MOMENTUM = 0.9
MAX_GRADIENT_NORM = 1.0


def build_optimizer(model: nn.Module, config: Mapping[str, ConfigValue]) -> Optimizer:
    """The config's optimizer over the weights that train; biases and norms are not decayed.

    AdamW is fused where PyTorch has it: one kernel for all weights.
    """
    rate = float(config["learning_rate"])
    name = str(config["optimizer"])
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    if name == "adagrad":
        return Adagrad(trained, lr=rate)
    if name == "sgd":
        return SGD(trained, lr=rate, momentum=MOMENTUM)
    groups = [
        {"params": [w for w in trained if w.ndim >= 2], "weight_decay": float(config.get("weight_decay", 0.0))},
        {"params": [w for w in trained if w.ndim < 2], "weight_decay": 0.0},
    ]
    has_fused = all(weight.device.type in ("cpu", "cuda") for weight in trained)
    return AdamW([group for group in groups if group["params"]], lr=rate, fused=has_fused)


def build_schedule(optimizer: Optimizer, config: Mapping[str, ConfigValue], *, total: int, done: int = 0) -> LambdaLR:
    """The learning-rate schedule of the full run of `total` steps, `done` of which lie behind.

    Rates are a closed formula of the step, so a resumed schedule needs nothing but the step.
    """
    from transformers import get_scheduler

    name = str(config["schedule"])
    schedule: LambdaLR = get_scheduler(
        "constant_with_warmup" if name == "constant" else name,
        optimizer,
        num_warmup_steps=round(float(config.get("warmup_ratio", 0.0)) * total),
        num_training_steps=total,
    )
    if done:
        schedule.last_epoch = done
        for group, base, factor in zip(optimizer.param_groups, schedule.base_lrs, schedule.lr_lambdas, strict=True):
            group["lr"] = base * factor(done)
    return schedule


def class_weights(labels: NDArray[np.int64], classes: int, *, balanced: bool) -> NDArray[np.float32]:
    """Weight of each class in the loss, shape `(classes,)`: rows / (classes x rows of the class), or ones."""
    if not balanced:
        return np.ones(classes, dtype=np.float32)
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    return (len(labels) / (classes * counts)).astype(np.float32)


def weighted_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, whole: float) -> torch.Tensor:
    """Cross-entropy of a micro-batch as its share of the whole batch.

    Args:
        logits: Shape `(rows, classes)`.
        labels: Class indices, shape `(rows,)`.
        weights: Class weights, shape `(classes,)`.
        whole: Sum of the weights of all rows of the batch, so that the shares add up to the batch's weighted mean
            however it is cut.
    """
    return nn.functional.cross_entropy(logits.float(), labels, weight=weights, reduction="sum") / whole
