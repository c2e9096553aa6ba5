from dataclasses import replace

import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World

from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.optimize import AsynchronousHalving

torch.set_num_threads(1)


def paused(number: int, score: float, *, fidelity: float = 0.125) -> Trial:
    config = {"model": f"m{number}"}
    curve = (CurvePoint(fidelity=fidelity, score=score, seconds=1.0),)
    return Trial(number=number, config=config, seed=0, state=TrialState.PAUSED, fidelity=fidelity, curve=curve)


class TestAsynchronousHalving(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> AsynchronousHalving:
        return AsynchronousHalving(space=world.space)

    def test_one_of_two_is_promoted_and_it_is_the_better_one(
        self, world: World, optimizer: AsynchronousHalving
    ) -> None:
        proposal = optimizer.propose(world.context, (), [paused(0, 0.2), paused(1, 0.6)], seed=0)
        assert proposal is not None
        assert (proposal.thaw, proposal.fidelity) == (1, 0.25)

    def test_a_single_trial_is_not_promoted(self, world: World, optimizer: AsynchronousHalving) -> None:
        proposal = optimizer.propose(world.context, (), [paused(0, 0.2)], seed=0)
        assert proposal is not None
        assert proposal.thaw is None
        assert proposal.fidelity == 0.125

    def test_a_metric_to_minimise_promotes_the_smallest(self, world: World, optimizer: AsynchronousHalving) -> None:
        trials = [replace(paused(n, score), maximize=False) for n, score in enumerate((0.2, 0.6))]
        proposal = optimizer.propose(world.context, (), trials, seed=0)
        assert proposal is not None
        assert proposal.thaw == 0

    def test_the_highest_rung_with_a_candidate_comes_first(self, world: World, optimizer: AsynchronousHalving) -> None:
        trials = [paused(n, 0.1 * n, fidelity=0.25) for n in range(2)] + [paused(n, 0.1 * n) for n in range(2, 6)]
        proposal = optimizer.propose(world.context, (), trials, seed=0)
        assert proposal is not None
        assert (proposal.thaw, proposal.fidelity) == (1, 0.5)
