from dataclasses import replace

import pytest
from tuning_world import F1, World

from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.trial import CurvePoint, Measures
from xautolm_nb.optimize import pace
from xautolm_nb.optimize.cases import trial_cases
from xautolm_nb.space import Physics

PHYSICS = Physics(
    memory_gib=1.0, limit_gib=8.0, seconds_train=60.0, seconds_eval=20.0, seconds_load=20.0, updates=1e3, tokens=1e5,
    length=30.0, travel=-1.5, trainable_parameters=1e6, micro_batch=8, accumulation=1, fits=True, seconds_look=5.0,
    earliest_look=0.125,
)  # fmt: skip


def curve(*fidelities: float) -> list[CurvePoint]:
    return [CurvePoint(fidelity=fidelity, score=0.5, seconds=1.0) for fidelity in fidelities]


def test_what_is_added_is_one_load_the_training_and_the_looks_on_the_way() -> None:
    assert pace.added_seconds(100.0, 20.0, PHYSICS, 0.0, 1.0) == pytest.approx(100.0)
    assert pace.added_seconds(100.0, 20.0, PHYSICS, 0.0, 0.125) == pytest.approx(20 + 60 / 8 + 5)
    assert pace.added_seconds(100.0, 20.0, PHYSICS, 0.5, 1.0) == pytest.approx(20 + 30 + 5)
    slow = pace.added_seconds(180.0, 20.0, PHYSICS, 0.5, 1.0)
    assert slow == pytest.approx(20 + 2 * (30 + 5)), "twice as slow, but for the load"


def test_a_whole_run_is_projected_from_its_first_look() -> None:
    measures = Measures(seconds_load=20.0, seconds_train=7.5, seconds_eval=5.0)
    assert pace.whole_seconds(measures, 32.5, 0.125, curve(0.125), PHYSICS) == pytest.approx(20 + 60 + 4 * 5)


def test_a_finished_run_took_what_it_took() -> None:
    measures = Measures(seconds_load=20.0, seconds_train=60.0, seconds_eval=20.0)
    assert pace.whole_seconds(measures, 100.0, 1.0, curve(0.125, 0.25, 0.5, 1.0), PHYSICS) == pytest.approx(100.0)


@pytest.mark.parametrize("spent", [0.0, float("nan"), float("inf")])
def test_a_run_without_a_time_has_none(spent: float) -> None:
    assert pace.whole_seconds(Measures(), spent, 1.0, [], PHYSICS) is None


def test_a_trial_under_way_is_judged_by_its_own_pace(world: World) -> None:
    config = world.space.default()
    trials = world.run([], Proposal(config=config, fidelity=0.25))
    [case] = trial_cases(trials, world.context, world.space, F1)
    assert pace.seconds_of(trials[0], case.point, 1e6) == pytest.approx(world.seconds(config), rel=0.1)
    assert pace.seconds_of(replace(trials[0], fidelity=0.0), case.point, 77.0) == 77.0


def test_load_seconds_are_the_least_that_were_measured_here(world: World) -> None:
    trials = world.run([], Proposal(config=world.space.default(), fidelity=1.0))
    [case] = trial_cases(trials, world.context, world.space, F1)
    once = trials[0]
    thawed = replace(once, number=1, measures=replace(once.measures, seconds_load=3 * once.measures.seconds_load))
    assert pace.load_seconds(case.point, [once, thawed]) == once.measures.seconds_load == 2.0
    assert pace.load_seconds(case.point, []) == case.point.physics.seconds_load
    assert case.point.physics.looks(DEFAULT_RUNGS)[-1] == 1.0
