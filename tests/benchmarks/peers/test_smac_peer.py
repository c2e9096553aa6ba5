import sys
from typing import Any

import numpy as np
import pytest

from benchmarks.peers import PEERS
from xautolm_nb.space import original_space


def test_without_smac_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, quadratic: Any) -> None:
    monkeypatch.setitem(sys.modules, "smac", None)
    with pytest.raises(SystemExit, match="pip install smac"):
        PEERS["smac"](quadratic(3))


def test_its_choices_are_better_than_random_ones(quadratic: Any, walk: Any) -> None:
    problem = quadratic(150)
    tail = [step.trial.score for seed in range(3) for step in walk("smac", problem, seed=seed, most=25)[10:]]
    known = [1.0 - sum((float(value) - 0.6) ** 2 for value in config.values()) for config in problem.space.only]
    assert np.mean(tail) > np.mean(known)


def test_the_original_space_has_its_conditions() -> None:
    pytest.importorskip("ConfigSpace")
    from benchmarks.peers.smac_peer import configuration, configuration_space, readable

    space = original_space()
    known = configuration_space(space)
    rng = np.random.default_rng(0)
    for _ in range(30):
        config = space.sample(rng)
        assert readable(configuration(config, space, known), space) == config
    for found in known.sample_configuration(20):
        assert space.contains(readable(found, space))


def test_records_that_look_alike_are_both_run(conditional: Any, walk: Any) -> None:
    steps = walk("smac", conditional)
    assert len(steps) == len(conditional.space.only)
