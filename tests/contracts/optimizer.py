"""What every optimizer must do, whatever it believes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tuning_world import World, as_experiences, failed, inverted, neighbouring_store, search

from xautolm_nb.core.config import config_key
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import FailureKind, Trial, TrialState


def stores() -> dict[str, Sequence[Experience]]:
    """Stores of every kind: empty, tiny, honest, useless, misleading."""
    honest = neighbouring_store(8)
    return {
        "empty": (),
        "one record": honest[:1],
        "honest": honest,
        "only failures": failed(honest),
        "inverted": inverted(honest),
        "no scores": tuple(replace(record, score=None, curve=()) for record in honest),
    }


STORES = stores()


class OptimizerContract:
    """Inherit it and give a fixture `optimizer`."""

    @pytest.fixture
    def optimizer(self, world: World) -> Optimizer:
        raise NotImplementedError

    @pytest.fixture
    def begun(self, world: World, optimizer: Optimizer) -> list[Trial]:
        """A study after some time."""
        return search(world, optimizer, budget=40.0)

    def test_the_same_arguments_give_the_same_proposal(
        self, world: World, optimizer: Optimizer, begun: list[Trial]
    ) -> None:
        asked = [
            optimizer.propose(world.context, STORES["honest"], begun, seed=3, seconds_left=200.0) for _ in range(2)
        ]
        copies = [replace(record) for record in STORES["honest"]]
        again = optimizer.propose(world.context, copies, [replace(t) for t in begun], seed=3, seconds_left=200.0)
        assert asked[0] == asked[1] == again

    def test_the_order_of_the_trials_does_not_matter(
        self, world: World, optimizer: Optimizer, begun: list[Trial]
    ) -> None:
        forth = optimizer.propose(world.context, (), sorted(begun, key=lambda t: t.number), seed=1)
        back = optimizer.propose(world.context, (), sorted(begun, key=lambda t: -t.number), seed=1)
        assert forth == back or (forth is not None and back is not None and forth.config == back.config)

    @pytest.mark.parametrize("name", STORES)
    def test_any_store_gives_a_search_of_valid_different_configurations(
        self, world: World, optimizer: Optimizer, name: str
    ) -> None:
        trials = search(world, optimizer, budget=60.0, experiences=STORES[name], most=12)
        assert trials
        keys = [config_key(trial.config) for trial in trials]
        assert len(set(keys)) == len(keys)
        for trial in trials:
            world.space.validate(trial.config)
            assert world.space.check(trial.config, world.context) is None

    def test_only_paused_trials_are_thawed_and_always_to_a_higher_fidelity(
        self, world: World, optimizer: Optimizer
    ) -> None:
        trials: list[Trial] = []
        for _ in range(20):
            proposal = optimizer.propose(world.context, (), trials, seed=0, seconds_left=300.0)
            assert proposal is not None
            check_thaw(proposal, trials)
            trials = world.run(trials, proposal)

    def test_a_running_trial_is_neither_repeated_nor_thawed(self, world: World, optimizer: Optimizer) -> None:
        trials: list[Trial] = []
        for number in range(5):
            proposal = optimizer.propose(world.context, (), trials, seed=0)
            assert proposal is not None
            assert proposal.thaw is None
            assert config_key(proposal.config) not in {config_key(trial.config) for trial in trials}
            trials.append(Trial(number=number, config=proposal.config, seed=0, state=TrialState.RUNNING))

    def test_a_failed_trial_is_never_run_again(self, world: World, optimizer: Optimizer) -> None:
        hostile = replace(world, memory_error_above=0.0)
        trials = search(hostile, optimizer, budget=1e4, most=12)
        assert len(trials) == 12
        assert all(trial.failure is not None for trial in trials)
        assert len({config_key(trial.config) for trial in trials}) == 12

    def test_what_is_expected_is_finite_and_the_success_a_probability(self, world: World, optimizer: Optimizer) -> None:
        proposal = optimizer.propose(world.context, STORES["honest"], [], seed=0)
        assert proposal is not None
        assert proposal.reason
        assert 0 < proposal.fidelity <= 1
        expected = proposal.expected
        assert all(abs(value) < 1e9 for value in expected.values())
        assert 0.0 <= expected.get("success", 1.0) <= 1.0

    def test_records_of_its_own_earlier_studies_on_the_same_data_are_no_obstacle(
        self, world: World, optimizer: Optimizer, begun: list[Trial]
    ) -> None:
        own = as_experiences(world, begun, name="the same data")
        assert optimizer.propose(world.context, own, [], seed=0) is not None

    @pytest.mark.parametrize("kind", [kind.value for kind in FailureKind])
    def test_every_kind_of_failure_can_stand_in_the_history(
        self, world: World, optimizer: Optimizer, kind: str
    ) -> None:
        record = failed(STORES["honest"][:3], FailureKind(kind))
        trial = Trial(
            number=0,
            config=world.space.default(),
            seed=0,
            state=TrialState.FAILED,
            failure=record[0].failure,
        )
        proposal = optimizer.propose(world.context, record, [trial], seed=0)
        assert proposal is not None
        assert proposal.thaw is None


def check_thaw(proposal: Proposal, trials: Sequence[Trial]) -> None:
    """A thaw continues a paused trial with its own configuration; a start begins a new one."""
    if proposal.thaw is None:
        assert config_key(proposal.config) not in {config_key(trial.config) for trial in trials}
        return
    trial = next(trial for trial in trials if trial.number == proposal.thaw)
    assert trial.state is TrialState.PAUSED
    assert proposal.fidelity > trial.fidelity
    assert dict(proposal.config) == dict(trial.config)
