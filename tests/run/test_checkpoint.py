import random
from pathlib import Path

import numpy as np
import pytest
import torch

from xautolm_nb.run import checkpoint
from xautolm_nb.run.checkpoint import pack_optimizer, pack_rng, unpack_optimizer, unpack_rng

CPU = torch.device("cpu")


def test_tensors_and_state_read_back_as_written(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 2), "b": torch.arange(4, dtype=torch.uint8)}
    checkpoint.write(tmp_path / "c", tensors, {"step": 7})
    read = checkpoint.read(tmp_path / "c")
    assert read is not None
    assert read[1]["step"] == 7
    assert all(torch.equal(read[0][name], tensors[name]) for name in tensors)


def test_a_new_write_replaces_the_old_and_leaves_nothing_else(tmp_path: Path) -> None:
    for step in range(3):
        checkpoint.write(tmp_path, {"a": torch.full((2,), step)}, {"step": step})
    assert len(list(tmp_path.iterdir())) == 2
    read = checkpoint.read(tmp_path)
    assert read is not None and read[0]["a"].tolist() == [2, 2] and read[1]["step"] == 2


def test_a_state_without_tensors_removes_the_old_tensors(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, {"a": torch.zeros(2)}, {"step": 1})
    checkpoint.write(tmp_path, {}, {"step": 2})
    assert checkpoint.read(tmp_path) == ({}, {"step": 2, "tensors": None})
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("broken", ["save_file", "sync", "commit"])
def test_a_write_that_fails_leaves_the_one_before(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.write(tmp_path, {"a": torch.ones(2)}, {"step": 1})

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, broken, fail)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write(tmp_path, {"a": torch.zeros(2)}, {"step": 2})
    read = checkpoint.read(tmp_path)
    assert read is not None and read[1]["step"] == 1 and read[0]["a"].tolist() == [1, 1]
    assert len(list(tmp_path.iterdir())) == 2


def test_missing_tensors_make_the_checkpoint_nothing(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, {"a": torch.ones(2)}, {"step": 1})
    next(tmp_path.glob("*.safetensors")).unlink()
    assert checkpoint.read(tmp_path) is None
    assert checkpoint.read(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    "make",
    [
        lambda weights: torch.optim.AdamW(weights, lr=0.1, fused=True),
        lambda weights: torch.optim.Adagrad(weights, lr=0.1),
        lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
    ],
)
def test_an_optimizer_goes_on_where_it_was(make: object, tmp_path: Path) -> None:
    assert callable(make)

    def step(weight: torch.nn.Parameter, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()

    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = make([weight])
    step(weight, optimizer)
    tensors, plain = pack_optimizer(optimizer)
    checkpoint.write(tmp_path, tensors, {"optimizer": plain})
    copy = torch.nn.Parameter(weight.detach().clone())
    step(weight, optimizer)

    read = checkpoint.read(tmp_path)
    assert read is not None
    other = make([copy])
    unpack_optimizer(other, read[0], read[1]["optimizer"])
    step(copy, other)
    assert torch.equal(copy, weight)


def test_random_generators_go_on_where_they_were() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    packed = pack_rng(CPU)
    first = draw()
    draw()
    unpack_rng(packed, CPU)
    assert draw() == first
    unpack_rng({}, CPU)


def test_a_flipped_bit_in_the_tensors_is_not_taken_for_a_weight(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, {"a": torch.zeros(64)}, {})
    (file,) = tmp_path.glob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert checkpoint.read(tmp_path) is None
