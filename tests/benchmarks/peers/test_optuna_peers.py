from itertools import pairwise
from typing import Any

import numpy as np
import optuna
import pytest

from benchmarks.peers.foreign import outward
from benchmarks.peers.optuna_peers import OptunaPeer, distribution
from benchmarks.problem import HALVING, search
from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import TrialState
from xautolm_nb.space import original_space


def peer_of(problem: Any, rungs: tuple[float, ...] = (1.0,)) -> OptunaPeer:
    return OptunaPeer(problem, lambda seed: optuna.samplers.RandomSampler(seed=seed), rungs=rungs)


def test_the_study_knows_what_was_really_run(quadratic: Any) -> None:
    problem = quadratic(10)
    peer = peer_of(problem)
    steps = search(problem, peer, seed=0, go_on=lambda step: True, most=6)
    assert peer._study is not None
    for step, kept in zip(steps[:-1], peer._study.trials, strict=False):
        assert kept.params == pytest.approx(dict(step.trial.config))
        assert kept.value == pytest.approx(step.trial.score)
        assert kept.state is optuna.trial.TrialState.COMPLETE


def test_a_failure_is_told_as_the_worst(conditional: Any) -> None:
    peer = peer_of(conditional)
    steps = search(conditional, peer, seed=0, go_on=lambda step: True)
    assert peer._study is not None
    failed = [step.trial.number for step in steps if step.trial.failure is not None]
    assert failed
    assert {peer._study.trials[number].value for number in failed[:-1]} <= {0.0}


def test_a_conditional_trial_holds_its_own_parameters_only(conditional: Any) -> None:
    peer = peer_of(conditional)
    steps = search(conditional, peer, seed=0, go_on=lambda step: True, most=5)
    assert peer._study is not None
    for step, kept in zip(steps, peer._study.trials, strict=True):
        assert {name.partition("@")[0] for name in kept.params} == set(step.trial.config)


def test_hyperband_goes_on_with_a_trial_until_it_is_pruned_or_ends(quadratic: Any, walk: Any) -> None:
    steps = walk("optuna_hyperband", quadratic(40), most=60)
    for before, after in pairwise(steps):
        if after.proposal.thaw is not None:
            assert after.proposal.thaw == before.trial.number
            assert after.clock - before.clock < 100
    left = {step.trial.number: step.trial.state for step in steps}
    assert {TrialState.PAUSED, TrialState.COMPLETE} <= set(left.values())


def test_a_run_that_is_cut_off_is_finished_first(quadratic: Any) -> None:
    problem = quadratic(5, levels=(0.5, 1.0))
    peer = peer_of(problem, rungs=problem.rungs(HALVING))
    steps = search(problem, peer, seed=0, go_on=lambda step: True, most=2)
    assert steps[0].proposal.fidelity == 0.5


def test_a_proposal_that_was_not_run_is_forgotten(quadratic: Any) -> None:
    problem = quadratic(5)
    peer = peer_of(problem)
    for _ in range(2):
        assert peer.propose(problem.context, (), (), seed=0) is not None
    assert peer._study is not None
    assert peer._study.trials[0].state is optuna.trial.TrialState.FAIL


def test_every_parameter_of_the_original_space_has_a_distribution() -> None:
    space = original_space()
    rng = np.random.default_rng(0)
    for parameter in space.parameters:
        known, told = distribution(parameter), outward(parameter, parameter.sample(rng))
        assert known._contains(known.to_internal_repr(told))


@pytest.mark.parametrize("name", ["optuna_tpe", "optuna_gp", "optuna_tpe_hyperband"])
def test_a_model_beats_the_median_random_search(
    name: str, quadratic: Any, walk: Any, best: Any, random_best: Any
) -> None:
    problem = quadratic(150)
    found = [best(walk(name, problem, seed=seed, runs=20)) for seed in (range(5) if "gp" not in name else range(2))]
    assert np.median(found) >= random_best(problem, 20)


def test_tpe_hyperband_starts_each_configuration_once(quadratic: Any, walk: Any) -> None:
    steps = walk("optuna_tpe_hyperband", quadratic(15))
    keys = [config_key(step.trial.config) for step in steps if step.proposal.thaw is None]
    assert len(keys) == len(set(keys)) == 15
