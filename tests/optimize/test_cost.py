from dataclasses import replace

import numpy as np
import pytest
from tuning_world import F1, MODELS, World, make_context, random_experiences

from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.optimize import cost
from xautolm_nb.optimize.cases import Case, experience_cases, trial_cases
from xautolm_nb.optimize.features import Point, describe

POOL = {model.id: model for model in MODELS}


def own_cases(world: World, n: int, seed: int = 0) -> tuple[list[Trial], list[Case]]:
    rng, trials = np.random.default_rng(seed), list[Trial]()
    for _ in range(n):
        trials = world.run(trials, Proposal(config=world.space.sample(rng), fidelity=1.0))
    return trials, trial_cases(trials, world.context, world.space, F1)


def points(world: World, n: int = 40, seed: int = 9) -> list[Point]:
    rng = np.random.default_rng(seed)
    configs = [world.space.sample(rng) for _ in range(n)]
    return [describe(config, POOL[str(config["model"])], world.context) for config in configs]


def log_error(world: World, cases: list[Case]) -> float:
    """Mean absolute error of the predicted log seconds."""
    asked = points(world)
    own, stored = [case for case in cases if case.is_own], [case for case in cases if not case.is_own]
    predicted = np.log(cost.learn(own, stored).seconds(asked))
    return float(np.abs(predicted - np.log([world.seconds(point.config) for point in asked])).mean())


def test_without_any_trial_it_is_the_analytic_estimate(world: World) -> None:
    asked = points(world)
    expected = [point.physics.seconds for point in asked]
    np.testing.assert_allclose(cost.learn([]).seconds(asked), expected, rtol=1e-6)


@pytest.mark.parametrize("slowness", [0.3, 1.0, 3.0, 6.0])
def test_two_trials_are_enough_to_learn_how_fast_this_machine_is(slowness: float) -> None:
    world = World(slowness=slowness)
    assert log_error(world, own_cases(world, 2)[1]) < 0.25 * max(abs(np.log(slowness)), 0.6)


def test_a_store_of_another_machine_does_not_hinder_that(world: World) -> None:
    other = World(context=make_context(host="elsewhere"), slowness=0.2)
    stored = random_experiences(other, name="t", n=25, seed=1)
    slow = World(slowness=4.0)
    cases = experience_cases(slow.context, stored, [1.0] * 25, slow.space, F1) + own_cases(slow, 2)[1]
    assert log_error(slow, cases) < 0.6


def test_a_store_of_the_same_machine_counts_as_own_trials() -> None:
    world = World(slowness=5.0)
    stored = random_experiences(world, name="earlier", n=6, seed=1)
    cases = experience_cases(world.context, stored, [0.1] * 6, world.space, F1)
    assert log_error(world, cases) < 0.4


def test_a_timeout_pushes_the_prediction_beyond_the_time_it_took(world: World) -> None:
    _, [case] = own_cases(world, 1)
    before = float(cost.learn([]).seconds([case.point])[0])
    censored = replace(case, failure=FailureKind.TIMEOUT, seconds=5 * before)
    assert cost.learn([censored]).seconds([case.point])[0] > 4 * before


def test_other_failures_and_missing_times_teach_nothing_about_seconds(world: World) -> None:
    _, [case] = own_cases(world, 1)
    useless = [replace(case, failure=FailureKind.OUT_OF_MEMORY, seconds=1e6), replace(case, seconds=None)]
    asked = points(world, 3)
    np.testing.assert_allclose(cost.learn(useless).seconds(asked), cost.learn([]).seconds(asked))


def test_the_probability_to_end_in_time_falls_with_the_seconds(world: World) -> None:
    model, asked = cost.learn([]), points(world)
    seconds = model.seconds(asked)
    chance = model.within(asked, float(np.median(seconds)))
    assert (np.diff(chance[np.argsort(seconds)]) <= 1e-9).all() or np.corrcoef(seconds, chance)[0, 1] < -0.3
    assert chance.min() < 0.5 < chance.max()
    assert (model.within(asked, None) == 1).all()


def test_a_store_that_foretells_seconds_wrongly_loses_its_say(world: World) -> None:
    honest = random_experiences(world, name="t", n=25, seed=1)
    cases = experience_cases(world.context, honest, [1.0] * 25, world.space, F1)
    foreign = [replace(case, same_machine=False) for case in cases]
    rng = np.random.default_rng(0)
    wrong = [replace(case, seconds=float(np.exp(rng.uniform(0, 9)))) for case in foreign]
    own = own_cases(world, 6)[1]
    assert cost.learn(own, foreign).trust > 0.5
    assert cost.learn(own, wrong).trust < 0.1
    assert cost.learn(own).trust == 0.0
    assert cost.learn([], foreign).trust == pytest.approx(0.9)


def test_a_mixture_lies_between_its_parts(world: World) -> None:
    slow = World(context=make_context(host="elsewhere"), slowness=4.0)
    cases = experience_cases(
        world.context, random_experiences(slow, name="t", n=25, seed=1), [1.0] * 25, world.space, F1
    )
    model = cost.learn(own_cases(world, 2)[1], cases)
    asked = points(world)
    parts = np.stack([np.exp(ridge.log_seconds(asked)[0]) for ridge in (model.stored, model.alone)])
    mixed = model.seconds(asked)
    assert (mixed >= parts.min(0) * (1 - 1e-9)).all()
    assert (mixed <= parts.max(0) * (1 + 1e-9)).all()
    within = model.within(asked, 30.0)
    assert ((within >= 0) & (within <= 1)).all()
