from dataclasses import replace

import pytest
from tuning_world import F1, RUNGS, World, inverted, search

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import RandomSearch
from xautolm_nb.optimize.knowledge import PROVEN, STORE_FREE_EVERY, STORE_FREE_FROM, Knowledge, learn
from xautolm_nb.optimize.response import PRIOR_MEAN


def know(world: World, trials: list[Trial], store: tuple[Experience, ...] = ()) -> Knowledge:
    return learn(world.context, store, trials, space=world.space, metric=F1, rungs=RUNGS)


@pytest.fixture(scope="module")
def trials(world: World) -> list[Trial]:
    return search(world, RandomSearch(space=world.space), budget=400.0, most=6)


def test_decisions_count_rungs_failures_and_running_trials(world: World) -> None:
    config = world.space.default()
    trials = world.run([], Proposal(config=config, fidelity=0.5))
    assert know(world, trials).decisions == 3
    running = Trial(number=1, config={**config, "epochs": 1}, seed=0, state=TrialState.RUNNING)
    assert know(world, [*trials, running]).decisions == 5


def test_from_the_twelfth_on_every_third_decision_leaves_a_doubted_store_aside_and_none_a_proven_one(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    known = know(world, trials[:1], store)
    for trust, doubted in ((0.9, True), (PROVEN + 0.01, False)):
        experts = replace(known.experts, trust=trust)
        for decisions in range(STORE_FREE_FROM + 2 * STORE_FREE_EVERY):
            begun = tuple(replace(trials[0], number=n, curve=(), fidelity=0.0) for n in range(decisions))
            aside = replace(known, experts=experts, trials=begun).leaves_store_aside
            assert aside == (doubted and decisions in (14, 17))
    assert not know(world, trials[:2]).leaves_store_aside


def test_a_refuted_store_is_no_store(world: World, trials: list[Trial], store: tuple[Experience, ...]) -> None:
    assert know(world, trials, store).has_store
    assert not know(world, trials, inverted(store)).has_store
    assert not know(world, trials).has_store


def test_before_any_score_the_incumbent_is_an_average_configuration(world: World) -> None:
    assert know(world, []).incumbent() == PRIOR_MEAN


def test_the_incumbent_is_the_best_seen_and_no_lucky_one_is_taken_at_its_word(
    world: World, trials: list[Trial]
) -> None:
    known = know(world, trials)
    best = max(known.seen(case) for case in known.cases if case.curve)
    assert 0.7 * best < known.incumbent() <= best


def test_a_response_is_worth_its_scale_in_the_metric(world: World, trials: list[Trial]) -> None:
    known = know(world, trials)
    case = max((case for case in known.complete() if case.curve), key=known.seen)
    score = max(trial.score or 0.0 for trial in trials)
    constant = world.context.task.extra["constant_f1"]
    assert constant + known.seen(case) * known.unit == pytest.approx(score)


def test_complete_are_only_trials_that_ran_to_their_end(world: World, trials: list[Trial]) -> None:
    paused = replace(trials[0], state=TrialState.PAUSED, number=99)
    assert {case.number for case in know(world, [*trials, paused]).complete()} == {t.number for t in trials}
