from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import truncnorm
from tuning_world import F1, RUNGS, World

from xautolm_nb.core.config import config_key
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.knowledge import learn
from xautolm_nb.optimize.options import above, starts, thaws


@pytest.fixture(scope="module")
def trials(world: World) -> list[Trial]:
    rng, found = np.random.default_rng(0), list[Trial]()
    for fidelity in (0.125, 0.25, 0.5, 1.0):
        found = world.run(found, Proposal(config=world.space.sample(rng), fidelity=fidelity))
    return found


def test_each_paused_trial_is_one_option_to_its_next_rung(world: World, trials: list[Trial]) -> None:
    known = learn(world.context, (), trials, space=world.space, metric=F1)
    options = thaws(known, RUNGS, None)
    assert [(o.thaw.number, o.fidelity) for o in options if o.thaw is not None] == [(0, 0.25), (1, 0.5), (2, 1.0)]
    for option in options:
        assert option.thaw is not None
        left = world.seconds(option.point.config) * (1 - option.thaw.fidelity)
        assert option.finish == pytest.approx(left + 2.0, rel=0.35)
        assert 0 < option.added <= option.finish


def test_a_paused_trial_is_never_believed_to_end_below_what_it_reached(world: World, trials: list[Trial]) -> None:
    known = learn(world.context, (), trials, space=world.space, metric=F1)
    for option in thaws(known, RUNGS, None):
        assert option.thaw is not None
        assert option.mean >= known.best_seen(option.thaw.number)
    assert known.best_seen(99) == -np.inf


@pytest.mark.parametrize("floor", [-3.0, 0.2, 0.9, 4.0])
def test_a_belief_above_a_floor_has_the_moments_of_a_truncated_gaussian(floor: float) -> None:
    mean, sd = above(0.3, 0.4, floor)
    exact = truncnorm(a=(floor - 0.3) / 0.4, b=np.inf, loc=0.3, scale=0.4)
    assert mean == pytest.approx(exact.mean(), abs=1e-6) and mean >= floor
    assert sd == pytest.approx(exact.std(), abs=2e-3)


def test_without_a_floor_or_far_above_it_a_belief_stays() -> None:
    assert above(0.3, 0.4, -np.inf) == (0.3, 0.4)
    assert above(0.9, 0.05, 0.2) == (0.9, 0.05)


def test_running_trials_are_no_option(world: World, trials: list[Trial]) -> None:
    running = [replace(trial, state=TrialState.RUNNING) for trial in trials]
    known = learn(world.context, (), running, space=world.space, metric=F1)
    assert thaws(known, RUNGS, None) == []


def test_starts_are_new_and_go_to_their_first_look(world: World, trials: list[Trial]) -> None:
    known = learn(world.context, (), trials, space=world.space, metric=F1)
    options = starts(known, world.space, np.random.default_rng(0), RUNGS, None)
    assert all(option.fidelity == option.point.physics.looks(RUNGS)[0] for option in options)
    assert {option.fidelity for option in options} >= {0.125, 0.25, 0.5}
    assert not {config_key(option.point.config) for option in options} & known.tried
    assert all(0 < option.success <= 1 for option in options)
    assert all(option.added <= option.full == pytest.approx(option.finish) for option in options)
    assert all(option.added < option.full for option in options if option.fidelity < 1)


def test_a_time_limit_per_trial_lowers_the_success_of_long_runs(world: World) -> None:
    known = learn(world.context, (), [], space=world.space, metric=F1)
    free, limited = (starts(known, world.space, np.random.default_rng(0), RUNGS, limit) for limit in (None, 20.0))
    by_key = {config_key(option.point.config): option.success for option in limited}
    slow = max(free, key=lambda option: option.full)
    assert by_key.get(config_key(slow.point.config), 0.0) < 0.1 < slow.success
