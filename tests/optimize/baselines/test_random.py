import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, search

from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import RandomSearch

torch.set_num_threads(1)


class TestRandomSearch(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> RandomSearch:
        return RandomSearch(space=world.space)

    def test_every_trial_runs_to_its_end(self, world: World, optimizer: RandomSearch) -> None:
        trials = search(world, optimizer, budget=100.0)
        assert all(trial.state is TrialState.COMPLETE for trial in trials)

    def test_what_was_cut_off_goes_on_first(self, world: World, optimizer: RandomSearch) -> None:
        paused = Trial(number=0, config=world.space.default(), seed=0, state=TrialState.PAUSED, fidelity=0.4)
        proposal = optimizer.propose(world.context, (), [paused], seed=0)
        assert proposal is not None
        assert (proposal.thaw, proposal.fidelity) == (0, 1.0)

    def test_it_ends_after_the_given_number_of_trials(self, world: World) -> None:
        assert len(search(world, RandomSearch(space=world.space, max_trials=3), budget=1e6)) == 3

    def test_seeds_differ(self, world: World, optimizer: RandomSearch) -> None:
        first, second = (optimizer.propose(world.context, (), [], seed=seed) for seed in (0, 1))
        assert first is not None
        assert second is not None
        assert first.config != second.config
