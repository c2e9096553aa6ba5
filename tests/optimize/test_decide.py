from dataclasses import replace

import numpy as np
from tuning_world import F1, RUNGS, World

from xautolm_nb.core.config import config_key
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import decide
from xautolm_nb.optimize.acquisition import Option
from xautolm_nb.optimize.decide import Decision
from xautolm_nb.optimize.knowledge import Knowledge, learn
from xautolm_nb.optimize.options import starts, thaws

RNG = np.random.default_rng(0)


def know(world: World, trials: list[Trial]) -> Knowledge:
    return learn(world.context, (), trials, space=world.space, metric=F1, rungs=RUNGS)


def options(world: World, known: Knowledge) -> list[Option]:
    return [*thaws(known, RUNGS, None), *starts(known, world.space, np.random.default_rng(0), RUNGS, None)]


def run(world: World, *fidelities: float) -> list[Trial]:
    """Trials of one model that reached these fidelities, each with another learning rate."""
    trials: list[Trial] = []
    for number, fidelity in enumerate(fidelities):
        config = {**world.space.default(model_id="base", method="full"), "learning_rate": 2e-5 * 1.2**number}
        trials = world.run(trials, Proposal(config=config, fidelity=fidelity))
    return trials


def test_the_opening_starts_with_the_default_and_then_with_something_else(world: World) -> None:
    nothing = know(world, [])
    first = decide.opening(nothing, options(world, nothing), world.space, None, RNG)
    assert first is not None
    assert dict(first.option.point.config) == world.space.default()
    trials = world.run([], Proposal(config=first.option.point.config, fidelity=0.125))
    known = know(world, trials)
    second = decide.opening(known, options(world, known), world.space, None, RNG)
    assert second is not None
    assert second.option.thaw is None
    assert second.option.point.config != first.option.point.config


def test_the_opening_ends_after_a_few_starts(world: World) -> None:
    known = know(world, run(world, *[0.125] * decide.OPENING[False]))
    assert decide.opening(known, options(world, known), world.space, None, RNG) is None


def test_an_opening_without_time_takes_the_cheapest(world: World) -> None:
    known = know(world, [])
    first = decide.opening(known, options(world, known), world.space, 0.5, RNG)
    assert first is not None
    assert first.option.full == min(option.full for option in options(world, known))


def test_after_the_opening_the_best_goes_to_its_end(world: World) -> None:
    known = know(world, run(world, *[0.125] * 4))
    chosen = decide.first_full_run(known, options(world, known), 1e3)
    assert chosen is not None
    assert chosen.option.thaw is not None
    thaws = [o for o in options(world, known) if o.thaw is not None]
    assert not any(o.mean > chosen.option.mean and o.finish < chosen.option.finish for o in thaws)
    complete = know(world, run(world, 0.125, 1.0))
    assert decide.first_full_run(complete, options(world, complete), 1e3) is None


def test_without_a_deadline_there_is_no_hurry_to_a_complete_trial(world: World) -> None:
    known = know(world, run(world, *[0.125] * 4))
    assert decide.first_full_run(known, options(world, known), None) is None


def test_where_nothing_is_customary_the_first_starts_are_drawn_at_random(world: World) -> None:
    listed = replace(world.space, only=tuple(world.space.sample(np.random.default_rng(i)) for i in range(30)))
    begun = list[Trial]()
    known = know(world, begun)
    every = options(world, known)
    drawn = [decide.opening(known, every, listed, None, np.random.default_rng(seed)) for seed in range(5)]
    assert len({config_key(d.option.point.config) for d in drawn if d is not None}) > 1
    known = know(world, run(world, *[0.125] * decide.CONTRAST))
    assert decide.opening(known, options(world, known), listed, None, RNG) is None
    at_once = [replace(option, fidelity=1.0) for option in every]
    assert decide.opening(know(world, begun), at_once, listed, None, RNG) is None


def test_nothing_is_thawed_for_it_while_one_is_on_its_way(world: World) -> None:
    trials = run(world, 0.125, 0.125)
    trials[0] = replace(trials[0], state=TrialState.RUNNING)
    known = know(world, trials)
    assert decide.first_full_run(known, options(world, known), 1e3) is None


def with_store(world: World, trials: list[Trial], store: tuple[Experience, ...]) -> Knowledge:
    return learn(world.context, store, trials, space=world.space, metric=F1, rungs=RUNGS)


def test_a_store_that_has_been_right_needs_no_random_starts(world: World, store: tuple[Experience, ...]) -> None:
    listed = replace(world.space, only=tuple(world.space.sample(np.random.default_rng(i)) for i in range(30)))
    known = with_store(world, run(world, *[0.125] * 3), store)
    for trust, drawn in ((0.9, True), (0.99, False)):
        believing = replace(known, experts=replace(known.experts, trust=trust))
        chosen = decide.opening(believing, options(world, believing), listed, None, RNG)
        assert (chosen is not None) == drawn


def test_what_a_refuted_store_began_is_no_contrast(world: World, store: tuple[Experience, ...]) -> None:
    listed = replace(world.space, only=tuple(world.space.sample(np.random.default_rng(i)) for i in range(30)))
    trials = run(world, *[0.125] * decide.CONTRAST)
    refuted = with_store(world, trials, store)
    refuted = replace(refuted, experts=replace(refuted.experts, trust=0.0))
    assert decide.opening(refuted, options(world, refuted), listed, None, RNG) is not None
    more = with_store(world, run(world, *[0.125] * (decide.CONTRAST * 3 // 2)), store)
    more = replace(more, experts=replace(more.experts, trust=0.0))
    assert decide.opening(more, options(world, more), listed, None, RNG) is None


def test_the_first_complete_trial_is_the_one_with_less_to_pay_when_both_promise_the_same(world: World) -> None:
    known = know(world, run(world, 0.125, 0.5))
    first, second = (o for o in options(world, known) if o.thaw is not None)
    near, far = replace(first, mean=0.73, finish=12.0), replace(second, mean=0.73, finish=31.0)
    chosen = decide.first_full_run(known, [far, near], 100.0)
    assert chosen is not None and chosen.option is near


def test_the_stake_is_a_share_of_seconds_so_that_many_short_runs_do_not_hide_that_long_ones_can_pause(
    world: World,
) -> None:
    known = know(world, [])
    long = replace(options(world, known)[0], full=90.0)
    assert decide.stake(known, [long]) == long.point.physics.looks(RUNGS)[0] == 0.125
    physics = replace(long.point.physics, earliest_look=1.0)
    short = replace(long, full=1.0, point=replace(long.point, physics=physics))
    assert decide.stake(known, [short]) == 1.0
    assert np.isclose(decide.stake(known, [long, *[short] * 10]), 0.9 * 0.125 + 0.1)


def test_in_the_second_half_only_hopeful_thaws_are_left(world: World) -> None:
    trials = run(world, 0.125, 0.5, 1.0, 1.0, 1.0)
    known = know(world, trials)
    spent = sum(trial.seconds for trial in trials)
    every = options(world, known)
    assert decide.harvest(known, every, -10.0, None) == []
    assert decide.harvest(known, every, -10.0, 10 * spent) == []
    assert decide.harvest(known, every, -10.0, 0.6 * spent, workers=4) == [], "four at a time have used a quarter of it"
    late = decide.harvest(known, every, -10.0, 0.49 * spent)
    assert late
    assert all(option.thaw is not None for option in late)
    assert decide.harvest(known, every, 99.0, 0.49 * spent) == []


def test_until_three_trials_are_complete_every_paused_one_is_worth_its_end(world: World) -> None:
    trials = run(world, 0.125, 0.5, 1.0)
    known = know(world, trials)
    late = decide.harvest(known, options(world, known), 99.0, 0.49 * sum(trial.seconds for trial in trials))
    assert late and all(option.thaw is not None for option in late)


def test_the_best_is_landed_before_it_is_too_late(world: World) -> None:
    known = know(world, run(world, 0.125, 0.5))
    every = options(world, known)
    start = next(option for option in every if option.thaw is None)
    best = max((option for option in every if option.thaw is not None), key=lambda option: option.mean)
    other = Decision(option=replace(start, added=0.5 * best.finish), why="something else")
    assert decide.landing(known, every, other, None) is None
    assert decide.landing(known, every, other, 100 * best.finish) is None
    landed = decide.landing(known, every, other, 1.3 * best.finish)
    assert landed is not None
    assert landed.option.fidelity == 1.0
    assert landed.option.thaw == best.thaw
    assert decide.landing(known, every, other, 0.1 * best.finish) is None


def test_a_search_is_over_only_after_many_complete_trials_without_hope(world: World) -> None:
    few = know(world, run(world, 1.0, 1.0))
    many = know(world, run(world, *[1.0] * decide.MIN_COMPLETE))
    hopeless = [replace(option, mean=-9.0, sd=1e-3) for option in options(world, many)]
    assert not decide.is_converged(few, hopeless, few.incumbent())
    assert decide.is_converged(many, hopeless, many.incumbent())
    assert not decide.is_converged(many, options(world, many), many.incumbent())
