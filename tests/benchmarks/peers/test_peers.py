"""What every peer has to keep to."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import PEERS
from benchmarks.problem import Step
from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import TrialState

FOREIGN = {"optuna", "smac", "ConfigSpace", "botorch"}


def started(steps: list[Step]) -> list[str]:
    return [config_key(step.proposal.config) for step in steps if step.proposal.thaw is None]


def sequence(steps: list[Step]) -> list[tuple[str, float, int | None]]:
    return [(config_key(s.proposal.config), s.proposal.fidelity, s.proposal.thaw) for s in steps]


@pytest.mark.parametrize("name", PEERS)
def test_all_of_a_pool_is_proposed_once_and_nothing_else(name: str, quadratic: Any, walk: Any) -> None:
    problem = quadratic(9, stored=8)
    keys = started(walk(name, problem))
    assert sorted(keys) == sorted(config_key(config) for config in problem.space.only)


@pytest.mark.parametrize("name", PEERS)
def test_all_of_a_conditional_pool_with_failures_is_proposed_once(name: str, conditional: Any, walk: Any) -> None:
    steps = walk(name, conditional)
    assert any(step.trial.failure is not None for step in steps)
    assert sorted(started(steps)) == sorted(config_key(config) for config in conditional.space.only)


@pytest.mark.parametrize("name", PEERS)
def test_the_same_seed_gives_the_same_sequence(name: str, quadratic: Any, walk: Any) -> None:
    one, two, other = (walk(name, quadratic(20), seed=seed, most=7) for seed in (3, 3, 4))
    assert sequence(one) == sequence(two)
    assert sequence(one) != sequence(other)


@pytest.mark.parametrize("name", PEERS)
def test_only_paused_trials_are_thawed_and_to_higher_levels(name: str, quadratic: Any, walk: Any) -> None:
    reached: dict[int, Step] = {}
    steps = walk(name, quadratic(8, maximize=False), most=40)
    for step in steps:
        if step.proposal.thaw is not None:
            before = reached[step.proposal.thaw].trial
            assert before.state is TrialState.PAUSED
            assert step.proposal.fidelity > before.fidelity
        reached[step.trial.number] = step
    halving = name in ("optuna_hyperband", "optuna_tpe_hyperband", "bohb")
    assert any(step.proposal.thaw is not None for step in steps) == halving


@pytest.mark.parametrize("name", PEERS)
def test_an_open_space_gets_valid_suggestions(name: str, quadratic: Any, walk: Any) -> None:
    problem = quadratic(0, stored=8)
    steps = walk(name, problem, most=7)
    assert len(steps) == 7
    assert all(problem.space.contains(step.proposal.config) for step in steps)
    assert len(set(started(steps))) == len(started(steps))


def test_naming_the_peers_imports_none_of_their_libraries() -> None:
    code = "import sys, benchmarks.peers; print(*{name.partition('.')[0] for name in sys.modules})"
    root = Path(__file__).resolve().parents[3]
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert not FOREIGN & set(answer.stdout.split())
