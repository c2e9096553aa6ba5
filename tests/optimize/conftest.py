"""Samples that every test of the optimizer uses."""

import pytest
import torch
from tuning_world import World, neighbouring_store

from xautolm_nb.core.experience import Experience

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def store() -> tuple[Experience, ...]:
    """Two neighbouring tasks with thirty random trials each."""
    return neighbouring_store()
