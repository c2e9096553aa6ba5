"""The runners of the house have what the protocol asks for; how they behave is in `contracts/runner.py`."""

import inspect

import pytest

from xautolm_nb.core.runner import Runner
from xautolm_nb.run import ProcessRunner, ReplayRunner

ASKED = [name for name, value in vars(Runner).items() if inspect.isfunction(value) and not name.startswith("_")]


@pytest.mark.parametrize("runner", [ProcessRunner, ReplayRunner])
@pytest.mark.parametrize("name", ASKED)
def test_every_method_of_the_protocol_is_there_with_its_parameters(runner: type, name: str) -> None:
    wanted = inspect.signature(getattr(Runner, name)).parameters
    assert list(inspect.signature(getattr(runner, name)).parameters) == list(wanted)
