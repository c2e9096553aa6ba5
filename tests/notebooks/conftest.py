"""The scripts beside the notebooks, which are no package."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"


@pytest.fixture
def load() -> Iterator[Callable[[str], ModuleType]]:
    """Import a script of the notebooks by name, anew, so that it reads the environment of the test."""
    before = list(sys.path)

    def imported(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"notebook_{name}", NOTEBOOKS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield imported
    sys.path[:] = before
