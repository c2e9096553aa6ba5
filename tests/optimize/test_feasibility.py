from dataclasses import replace

import pytest
from tuning_world import F1, MODELS, World, failed, make_context, random_experiences

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Failure, FailureKind, Trial, TrialState
from xautolm_nb.optimize.cases import Case, experience_cases, trial_cases
from xautolm_nb.optimize.feasibility import blocks, learn
from xautolm_nb.optimize.features import Point, describe

POOL = {model.id: model for model in MODELS}


def point(world: World, **changes: object) -> Point:
    config = {**world.space.default(model_id="base", method="full"), **changes}
    return describe(config, POOL[str(config["model"])], world.context)  # type: ignore[arg-type]


def ended(world: World, kind: FailureKind | None, number: int = 0, **changes: object) -> Case:
    """An own case that failed in this way, or went well."""
    failure = None if kind is None else Failure(kind=kind, message="")
    trial = Trial(
        number=number, config=point(world, **changes).config, seed=0, state=TrialState.FAILED, failure=failure
    )
    [case] = trial_cases([trial], world.context, world.space, F1)
    return replace(case, curve=((1.0, 0.5),)) if kind is None else case


def stored_cases(world: World, records: tuple[Experience, ...]) -> list[Case]:
    return experience_cases(world.context, records, [1.0] * len(records), world.space, F1)


def test_before_any_trial_memory_decides() -> None:
    roomy, tight = (World(context=make_context(memory_gib=gib)) for gib in (80.0, 3.2))
    knows = learn([], [])
    assert knows.success([point(roomy, model="large")])[0] > 0.95
    assert knows.success([point(tight, model="large")])[0] < knows.success([point(roomy, model="large")])[0]


def test_successes_and_failures_move_what_is_expected_nearby(world: World) -> None:
    asked = [point(world, learning_rate=2e-5)]
    good = learn([ended(world, None, n) for n in range(4)], [])
    bad = learn([ended(world, FailureKind.NOT_FINITE, n) for n in range(4)], [])
    assert bad.success(asked)[0] < learn([], []).success(asked)[0] <= good.success(asked)[0] + 0.02


@pytest.mark.parametrize("kind", [FailureKind.ERROR, FailureKind.CRASH, FailureKind.ADAPTER_MISMATCH])
def test_an_error_speaks_about_its_model_not_about_memory(world: World, kind: FailureKind) -> None:
    knows = learn([ended(world, kind, n) for n in range(3)], [])
    same, other = knows.success([point(world), point(world, model="small")])
    assert same < 0.6
    assert other > 0.8


def test_a_model_that_is_not_to_be_had_is_never_tried_again(world: World) -> None:
    knows = learn([ended(world, FailureKind.MODEL_UNAVAILABLE)], [])
    assert knows.success([point(world, learning_rate=1e-5)])[0] == 0.0
    assert knows.success([point(world, model="small")])[0] > 0.5


def test_a_known_memory_error_is_not_walked_into_again(world: World) -> None:
    knows = learn([ended(world, FailureKind.OUT_OF_MEMORY, batch_size=32)], [])
    same, larger, smaller = (point(world, batch_size=size, epochs=2) for size in (32, 128, 8))
    assert knows.success([same])[0] == knows.success([larger])[0] == 0.0
    assert knows.success([smaller])[0] > 0.0
    assert knows.success([point(world, model="tiny", batch_size=128)])[0] > 0.5


def test_memory_errors_of_the_same_machine_in_the_store_count_too(world: World) -> None:
    here = failed(random_experiences(world, name="earlier", n=1, seed=0))
    [case] = stored_cases(world, here)
    assert learn([], [case]).success([case.point])[0] == 0.0
    elsewhere = replace(here[0], context=make_context(host="elsewhere"))
    [other] = stored_cases(world, (elsewhere,))
    assert learn([], [other]).success([other.point])[0] > 0.0


def test_a_store_that_swaps_failures_and_successes_loses_its_say(world: World, store: tuple[Experience, ...]) -> None:
    swapped = stored_cases(world, failed(store))
    assert learn([], swapped).trust == pytest.approx(0.9)
    own = [ended(world, None, n, learning_rate=1e-5 * (n + 1)) for n in range(6)]
    assert learn(own, swapped).trust < 0.3
    assert learn(own, swapped).success([point(world, epochs=2)])[0] > 0.6


def test_an_honest_store_keeps_its_say(world: World, store: tuple[Experience, ...]) -> None:
    own = [ended(world, None, n, learning_rate=1e-5 * (n + 1)) for n in range(6)]
    assert learn(own, stored_cases(world, store)).trust >= 0.85


def test_with_trust_zero_the_store_is_left_aside(world: World, store: tuple[Experience, ...]) -> None:
    knows = learn([], stored_cases(world, failed(store)))
    asked = [point(world)]
    assert knows.success(asked, trust=0.0)[0] == pytest.approx(learn([], []).success(asked)[0])


def test_experts_are_compared_on_every_row_once_and_ever_more_rows_at_a_time() -> None:
    found = list(blocks(100))
    assert [row for block in found for row in range(block.start, block.stop)] == list(range(100))
    assert [block.stop - block.start for block in found[:6]] == [1, 1, 1, 1, 1, 1]
    assert len(found) < 30


def test_no_case_and_no_point_is_no_problem() -> None:
    assert learn([], []).success([]).shape == (0,)
