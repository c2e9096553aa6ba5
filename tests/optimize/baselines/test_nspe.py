import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, search

from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.optimize.baselines import NSPE
from xautolm_nb.optimize.baselines.cells import Chance, Gaussian, Weights
from xautolm_nb.optimize.baselines.distribution import Distribution
from xautolm_nb.optimize.baselines.nspe import POPULATION, evolved, objectives, selected
from xautolm_nb.space import Categorical, Float, Integer, SearchSpace, original_space

torch.set_num_threads(1)

SPACE = SearchSpace(
    name="test/1",
    parameters=(
        Categorical(name="method", values=("a", "b"), default="a"),
        Categorical(name="color", values=("red", "green", "blue", "black"), default="red"),
        Integer(name="epochs", low=1, high=10, default=3),
        Categorical(name="clip", values=(False, True), default=False),
        Float(name="rate", low=0.0, high=1.0, default=0.5, when={"method": ("b",)}),
    ),
    models={},
)
RED: dict[str, str | int | float | bool] = {"method": "a", "color": "red", "epochs": 2, "clip": True}


def done(number: int, score: float, seconds: float, **values: str | float | bool) -> Trial:
    return Trial(
        number=number,
        config={**RED, **values},
        seed=0,
        state=TrialState.COMPLETE,
        fidelity=1.0,
        curve=(CurvePoint(fidelity=1.0, score=score, seconds=seconds),),
        measures=Measures(seconds_train=seconds),
    )


def lost(number: int, **values: str | float | bool) -> Trial:
    failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
    return Trial(number=number, config={**RED, **values}, seed=0, state=TrialState.FAILED, failure=failure)


def generation(*first: Trial) -> list[Trial]:
    """A full generation: the given trials, then successes that all of them beat."""
    return [*first, *(done(n, 0.01, 1000.0 + n, color="black", epochs=9) for n in range(len(first), POPULATION))]


def best_four() -> list[Trial]:
    """Four trials on the first front: score and seconds rise together."""
    return [
        done(0, 0.2, 10.0, color="red", epochs=2, clip=True),
        done(1, 0.4, 20.0, color="red", epochs=4, clip=True),
        done(2, 0.6, 30.0, color="green", epochs=4, clip=True),
        done(3, 0.8, 40.0, color="green", epochs=6, clip=False, method="b", rate=0.25),
    ]


class TestNSPE(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> NSPE:
        return NSPE(space=world.space)

    def test_every_trial_runs_to_its_end(self, world: World, optimizer: NSPE) -> None:
        assert all(trial.fidelity in (0.0, 1.0) for trial in search(world, optimizer, budget=100.0))

    def test_the_first_two_of_a_generation_come_from_the_untrained_model(self, world: World, optimizer: NSPE) -> None:
        trials: list[Trial] = []
        reasons = []
        while len(trials) < 24:
            proposal = optimizer.propose(world.context, (), trials, seed=0)
            assert proposal is not None
            reasons.append(proposal.reason)
            trials = world.run(trials, proposal)
        untrained = [number for number, reason in enumerate(reasons) if "untrained" in reason]
        assert untrained == [0, 1, 20, 21]


def test_a_configuration_may_come_twice_only_where_duplicates_are_allowed(world: World) -> None:
    only = ({"method": "a", "color": "red", "epochs": 1, "clip": True},)
    space = replace(SPACE, only=only)
    tried = [replace(done(0, 0.5, 1.0), config=only[0])]
    assert NSPE(space=space).propose(world.context, (), tried, seed=0) is None
    again = NSPE(space=space, duplicates=True).propose(world.context, (), tried, seed=0)
    assert again is not None
    assert config_key(again.config) == config_key(only[0])


def test_the_original_space_and_a_space_without_models_can_be_searched(world: World) -> None:
    numbers = SearchSpace(name="sphere/1", parameters=(Float(name="x", low=-1, high=1, default=0),), models={})
    for space in (original_space(), numbers, SPACE):
        proposal = NSPE(space=space).propose(world.context, (), [], seed=0)
        assert proposal is not None
        assert space.contains(proposal.config)


def test_the_search_ends_after_a_hundred_generations(world: World) -> None:
    trials = [done(number, 0.5, 1.0) for number in range(2000)]
    optimizer = NSPE(space=SPACE)
    assert optimizer.propose(world.context, (), trials[:1999], seed=0) is not None
    assert optimizer.propose(world.context, (), trials, seed=0) is None


# ---- what a generation teaches ---------------------------------------------------------------------------------------


def test_the_model_moves_by_a_twentieth_towards_the_four_best() -> None:
    model = evolved(Distribution(space=SPACE), generation(*best_four()))
    cells = {handle: cell for handle, cell in model.cells.items()}
    # The methods' weights: 1 + 3 x .05 and 1 + 1 x .05, not normalised.
    method = cells["method", 0, ""]
    assert isinstance(method, Weights)
    assert method.weights == pytest.approx((1.15, 1.05))
    # Method a chose red, red, green: .25 + 2 x .05, .25 + .05, .25, .25, which sum to 1.15.
    color = cells["color", 0, "a"]
    assert isinstance(color, Weights)
    assert color.weights == pytest.approx((0.35 / 1.15, 0.30 / 1.15, 0.25 / 1.15, 0.25 / 1.15))
    # Method a chose epochs 2, 4, 4: mean 10/3, sample deviation sqrt(((4/3)^2 + 2 (2/3)^2) / 2) = sqrt(4/3).
    epochs = cells["epochs", 0, "a"]
    assert isinstance(epochs, Gaussian)
    assert epochs.mean == pytest.approx(0.95 * 5.5 + 0.05 * 10 / 3)
    assert epochs.deviation == pytest.approx(0.95 * 9 + 0.05 * math.sqrt(4 / 3))
    # Method b chose 6 once: a single value has no deviation.
    alone = cells["epochs", 0, "b"]
    assert isinstance(alone, Gaussian)
    assert (alone.mean, alone.deviation) == (pytest.approx(0.95 * 5.5 + 0.05 * 6), pytest.approx(0.95 * 9))
    # Method a chose on, on, on: .95 x .5 + .05 x 1.
    clip = cells["clip", 0, "a"]
    assert isinstance(clip, Chance)
    assert clip.on == pytest.approx(0.525)
    # The rate exists for b only: from 1/2 by a twentieth towards 1/4.
    rate = cells["rate", 0, "b"]
    assert isinstance(rate, Gaussian)
    assert rate.mean == pytest.approx(0.4875)
    assert ("rate", 0, "a") not in cells


def test_an_unfinished_generation_teaches_nothing() -> None:
    assert not evolved(Distribution(space=SPACE), generation(*best_four())[:19]).cells


def test_a_second_generation_moves_the_model_further() -> None:
    first = generation(*best_four())
    second = [replace(trial, number=trial.number + 20) for trial in first]
    model = evolved(Distribution(space=SPACE), [*second, *first])
    method = model.cells["method", 0, ""]
    assert isinstance(method, Weights)
    assert method.weights == pytest.approx((1.3, 1.1))


def test_failures_are_selected_where_fewer_than_four_succeed() -> None:
    trials = [done(0, 0.5, 5.0), *(lost(number) for number in range(1, 20))]
    assert [trial.failure is None for trial in selected(trials)] == [True, False, False, False]
    assert [trial.number for trial in selected(trials, mended=True)] == [0]


def test_a_generation_of_failures_teaches_the_mended_search_nothing() -> None:
    trials = [lost(number) for number in range(20)]
    assert evolved(Distribution(space=SPACE), trials).cells
    assert not evolved(Distribution(space=SPACE), trials, mended=True).cells


def test_running_trials_are_not_selected() -> None:
    going_on = [replace(done(n, 0.99, 1.0), state=TrialState.RUNNING) for n in range(4, 20)]
    assert [trial.number for trial in selected([*best_four(), *going_on])] == [0, 1, 2, 3]


def test_a_metric_to_minimise_counts_with_its_sign_turned() -> None:
    assert objectives(replace(done(0, 0.5, 7.0), maximize=False)) == (-0.5, 7.0)
    assert objectives(done(0, 0.5, 7.0)) == (0.5, 7.0)
    assert objectives(lost(0)) == (-math.inf, math.inf)


def test_the_search_learns_what_pays(world: World) -> None:
    trials: list[Trial] = []
    for number in range(200):
        proposal = NSPE(space=SPACE, duplicates=True).propose(world.context, (), trials, seed=0)
        assert proposal is not None
        worth = 0.5 + 0.4 * (proposal.config["color"] == "blue")
        trials.append(replace(done(number, worth, 10.0 - worth), config=proposal.config))
    chosen = [trial.config["color"] == "blue" for trial in trials]
    assert np.mean(chosen[160:]) > np.mean(chosen[:40]) + 0.2
