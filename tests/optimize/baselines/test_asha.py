from dataclasses import replace

import numpy as np
import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, make_context, neighbouring_store

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.optimize.baselines import AsynchronousHalving
from xautolm_nb.space import Float, SearchSpace

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


# ---- the order of the store ------------------------------------------------------------------------------------------

LINE = SearchSpace(
    name="line/1",
    parameters=(Float(name="x", low=0.0, high=1.0, default=0.5),),
    models={},
    only=tuple({"x": x / 10} for x in range(10)),
)
RECORD = replace(neighbouring_store(1)[0], space="line/1", study="", trial=None, failure=None)
RISING = tuple(
    replace(RECORD, score=0.3 + 0.02 * n, config={"x": x}) for n, x in enumerate(np.linspace(0, 1, 30).tolist())
)


def starts(optimizer: AsynchronousHalving, n: int, store: tuple[Experience, ...] = RISING) -> list[Proposal]:
    """The first configurations, all still running."""
    trials: list[Trial] = []
    found: list[Proposal] = []
    for number in range(n):
        proposal = optimizer.propose(make_context(), store, trials, seed=0)
        assert proposal is not None
        found.append(proposal)
        trials.append(Trial(number=number, config=proposal.config, seed=0, state=TrialState.RUNNING))
    return found


class TestStoreOrder(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> AsynchronousHalving:
        return AsynchronousHalving(space=world.space, order="store", random_share=1 / 3)


def test_the_store_decides_the_order_of_the_starts() -> None:
    found = starts(AsynchronousHalving(space=LINE, order="store"), 10)
    values = [float(proposal.config["x"]) for proposal in found]
    assert min(values[:3]) >= 0.7
    assert max(values[7:]) <= 0.2
    assert all(proposal.fidelity == 0.125 for proposal in found)


def test_every_third_start_is_drawn_at_random() -> None:
    found = starts(AsynchronousHalving(space=LINE, order="store", random_share=1 / 3), 9)
    assert [n for n, proposal in enumerate(found) if proposal.reason == "drawn at random"] == [2, 5, 8]


def test_without_a_store_every_start_is_random() -> None:
    found = starts(AsynchronousHalving(space=LINE, order="store"), 4, store=())
    assert {proposal.reason for proposal in found} == {"drawn at random"}


def test_the_order_is_not_asked_for_when_starts_are_random() -> None:
    found = starts(AsynchronousHalving(space=LINE), 10)
    assert {proposal.reason for proposal in found} == {"drawn at random"}


def test_promotions_do_not_depend_on_the_order() -> None:
    trials = [paused(0, 0.2), paused(1, 0.6)]
    for optimizer in (AsynchronousHalving(space=LINE), AsynchronousHalving(space=LINE, order="store")):
        proposal = optimizer.propose(make_context(), RISING, trials, seed=0)
        assert proposal is not None
        assert proposal.thaw == 1
