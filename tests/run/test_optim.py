import math

import numpy as np
import pytest
import torch
from torch import nn

from xautolm_nb.run.optim import build_optimizer, build_schedule, class_weights, weighted_loss


@pytest.fixture
def model() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Linear(3, 2))


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adagrad", torch.optim.Adagrad), ("sgd", torch.optim.SGD)]
)
def test_the_config_names_the_optimizer(name: str, kind: type, model: nn.Module) -> None:
    optimizer = build_optimizer(model, {"optimizer": name, "learning_rate": 0.5, "weight_decay": 0.1})
    assert type(optimizer) is kind
    assert {group["lr"] for group in optimizer.param_groups} == {0.5}


def test_biases_and_norms_are_not_decayed(model: nn.Module) -> None:
    optimizer = build_optimizer(model, {"optimizer": "adamw", "learning_rate": 0.5, "weight_decay": 0.1})
    decayed, spared = optimizer.param_groups
    assert decayed["weight_decay"] == 0.1 and all(weight.ndim == 2 for weight in decayed["params"])
    assert spared["weight_decay"] == 0.0 and all(weight.ndim == 1 for weight in spared["params"])


def test_frozen_weights_are_left_alone(model: nn.Module) -> None:
    model[0].requires_grad_(False)
    optimizer = build_optimizer(model, {"optimizer": "sgd", "learning_rate": 0.5})
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 4


@pytest.mark.parametrize(
    ("schedule", "halfway"),
    [("linear", 5 / 9), ("cosine", 0.5 * (1 + math.cos(math.pi * 4 / 9))), ("constant", 1.0)],
)
@pytest.mark.parametrize("done", [0, 3])
def test_a_schedule_warms_up_and_goes_on_from_any_step(
    schedule: str, halfway: float, done: int, model: nn.Module
) -> None:
    config = {"optimizer": "sgd", "learning_rate": 1.0, "schedule": schedule, "warmup_ratio": 0.1}
    optimizer = build_optimizer(model, config)
    scheduler = build_schedule(optimizer, config, total=10, done=done)
    if not done:
        assert optimizer.param_groups[0]["lr"] == 0.0
    for _ in range(5 - done):
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(halfway)


def test_class_weights_balance_the_classes() -> None:
    labels = np.asarray([0, 0, 0, 1])
    weights = class_weights(labels, 3, balanced=True)
    assert weights[:2].tolist() == pytest.approx([4 / 9, 4 / 3])
    assert np.isfinite(weights).all()  # a class without rows does no harm
    assert class_weights(labels, 2, balanced=False).tolist() == [1.0, 1.0]


def test_shares_of_the_loss_add_up_to_the_weighted_mean() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 1])
    weights = torch.tensor([0.5, 2.0, 1.0])
    whole = float(weights[labels].sum())
    shares = sum(weighted_loss(logits[part], labels[part], weights, whole) for part in (slice(0, 4), slice(4, 6)))
    assert float(shares) == pytest.approx(float(nn.functional.cross_entropy(logits, labels, weight=weights)), rel=1e-6)
