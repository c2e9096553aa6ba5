from dataclasses import replace

import numpy as np
from tuning_world import World

from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines.fresh import finish_first, keys_of, random_new, runs_here
from xautolm_nb.space import Categorical, Float, SearchSpace, original_space

NUMBERS = SearchSpace(name="sphere/1", parameters=(Float(name="x", low=-1, high=1, default=0),), models={})
COIN = SearchSpace(name="coin/1", parameters=(Categorical(name="side", values=("h", "t"), default="h"),), models={})


def trial(number: int, config: dict[str, str], state: TrialState = TrialState.COMPLETE) -> Trial:
    return Trial(number=number, config=config, seed=0, state=state)


def test_new_configurations_differ_from_each_other_and_from_the_known(world: World) -> None:
    for space in (world.space, original_space(), NUMBERS):
        rng = np.random.default_rng(0)
        first = random_new(space, world.context, rng, set(), 5)
        known = {config_key(config) for config in first}
        assert len(known) == 5
        more = random_new(space, world.context, np.random.default_rng(0), known, 5)
        assert known.isdisjoint(config_key(config) for config in more)


def test_an_exhausted_space_gives_fewer(world: World) -> None:
    rng = np.random.default_rng(0)
    assert len(random_new(COIN, world.context, rng, set(), 5)) == 2
    assert not random_new(COIN, world.context, rng, keys_of([trial(0, {"side": "h"}), trial(1, {"side": "t"})]))
    only = replace(COIN, only=({"side": "t"},))
    assert random_new(only, world.context, rng, set(), 5) == [{"side": "t"}]


def test_only_own_spaces_are_checked_before_running(world: World) -> None:
    small = replace(world.context, system=replace(world.context.system, gpu_memory_gib=0.5))
    large = world.space.default("large", "full")
    assert runs_here(world.space, large, world.context)
    assert not runs_here(world.space, large, small)
    assert runs_here(NUMBERS, {"x": 0.1}, small)


def test_the_first_trial_that_was_cut_off_goes_on() -> None:
    states = (TrialState.COMPLETE, TrialState.PAUSED, TrialState.PAUSED)
    trials = [trial(number, {"side": "h"}, state) for number, state in enumerate(states)]
    proposal = finish_first(trials[::-1])
    assert proposal is not None
    assert (proposal.thaw, proposal.fidelity) == (1, 1.0)
    assert finish_first(trials[:1]) is None
