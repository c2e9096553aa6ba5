"""The tensors of a trial on disk: weights, optimizer, random generators. Safetensors and JSON only, no pickle."""

import random
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xautolm_nb.run.state import checksum, commit, read_state, sync, tidy

PYTHON_RNG, NUMPY_RNG, TORCH_RNG, CUDA_RNG = "rng.python", "rng.numpy", "rng.torch", "rng.cuda"


CHECKSUM = "checksum"
"""Of the tensor file, kept in the state: safetensors itself would take a flipped bit for a weight."""


def write(folder: Path, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
    """Replace what the folder holds, all at once.

    Args:
        folder: Made when absent.
        tensors: Any tensors by name; none writes no tensor file.
        state: Plain data.

    Raises:
        OSError: The disk is full or not writable; what was there before still stands.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"tensors-{uuid.uuid4().hex[:12]}.safetensors" if tensors else None
    try:
        if name:
            _save({key: _plain(tensor) for key, tensor in tensors.items()}, folder / name)
            state = {**state, CHECKSUM: checksum(folder / name)}
        commit(folder, state, name)
    finally:
        tidy(folder)


def _save(tensors: dict[str, torch.Tensor], file: Path) -> None:
    try:
        save_file(tensors, file)
    except SafetensorError as error:  # its words for what the system said
        raise OSError(str(error)) from error
    sync(file)


def read(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """Read tensors (on the CPU) and state; None when there is nothing, or nothing whole."""
    state = read_state(folder)
    if state is None:
        return None
    if state["tensors"] is None:
        return {}, state
    file = folder / state["tensors"]
    try:
        if CHECKSUM in state and checksum(file) != state[CHECKSUM]:
            return None
        return load_file(file), state
    except (OSError, SafetensorError):
        return None


def pack_optimizer(optimizer: torch.optim.Optimizer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Split an optimizer's state into tensors (`optimizer.<parameter>.<name>`) and plain data."""
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, Any] = {}
    packed: Any = optimizer.state_dict()
    for index, entries in packed["state"].items():
        for name, value in entries.items():
            store: dict[str, Any] = tensors if isinstance(value, torch.Tensor) else numbers
            store[f"optimizer.{index}.{name}"] = value
    return tensors, {"numbers": numbers, "rates": [group["lr"] for group in packed["param_groups"]]}


def unpack_optimizer(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor], plain: Mapping[str, Any]
) -> None:
    """Put back what `pack_optimizer` gave, into a fresh optimizer over the same parameters."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **plain["numbers"]}.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".", 2)
            state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    for group, rate in zip(groups, plain["rates"], strict=True):
        group["lr"] = rate
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def pack_rng(device: torch.device) -> dict[str, torch.Tensor]:
    """The states of all random generators a training step may draw from, as tensors."""
    numbers: Any = np.random.get_state(legacy=True)
    packed = {
        PYTHON_RNG: torch.tensor(random.getstate()[1], dtype=torch.int64),
        NUMPY_RNG: torch.tensor([*np.asarray(numbers[1]).tolist(), int(numbers[2])], dtype=torch.int64),
        TORCH_RNG: torch.get_rng_state(),
    }
    if device.type == "cuda":
        packed[CUDA_RNG] = torch.cuda.get_rng_state(device)
    return packed


def unpack_rng(tensors: Mapping[str, torch.Tensor], device: torch.device) -> None:
    """Set the generators to what `pack_rng` gave; those it does not mention stay as they are."""
    if PYTHON_RNG in tensors:
        random.setstate((3, tuple(tensors[PYTHON_RNG].tolist()), None))
    if NUMPY_RNG in tensors:
        *keys, position = tensors[NUMPY_RNG].tolist()
        np.random.set_state(("MT19937", np.asarray(keys, dtype=np.uint32), int(position), 0, 0.0))
    if TORCH_RNG in tensors:
        torch.set_rng_state(tensors[TORCH_RNG].cpu())
    if device.type == "cuda" and CUDA_RNG in tensors:
        torch.cuda.set_rng_state(tensors[CUDA_RNG].cpu(), device)


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to("cpu").contiguous()
