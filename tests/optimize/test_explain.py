from dataclasses import replace

import pytest
from tuning_world import World

from xautolm_nb.core.experience import STARTER, Experience
from xautolm_nb.core.proposal import Influence
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize import BayesianOptimizer
from xautolm_nb.optimize.acquisition import Option
from xautolm_nb.optimize.explain import MOST, influences, reason
from xautolm_nb.optimize.features import describe
from xautolm_nb.optimize.knowledge import Knowledge, learn

EXPECTED = {"score": 0.61, "score_sd": 0.05, "seconds": 40.0, "success": 0.97, "gain": 0.012}


@pytest.fixture(scope="module")
def option() -> Option:
    world = World()
    config = world.space.default()
    point = describe(config, world.space.models[str(config["model"])], world.context)
    return Option(
        point=point, thaw=None, fidelity=0.125, added=40.0, finish=80.0, full=80.0, mean=0.5, sd=0.1, success=0.9
    )


def knowledge(world: World, store: tuple[Experience, ...]) -> Knowledge:
    optimizer = BayesianOptimizer(space=world.space)
    return learn(world.context, store, [], space=world.space, metric=optimizer.metric)


def test_the_reason_reads_as_a_sentence(option: Option) -> None:
    argued = [Influence(experience="a", weight=0.2, summary="sst2: f1 0.9 with x") for _ in range(3)]
    text = reason(option, "best expected improvement", EXPECTED, "f1", argued)
    assert text == (
        "start to 12%: best expected improvement; expected f1 0.610±0.050 at the end; 40 s now, 97% to succeed; "
        "may add 0.012 to the best; argued for by 3 trials on sst2"
    )


def test_a_thaw_names_its_trial(option: Option) -> None:
    trial = Trial(number=7, config=option.point.config, seed=0, state=TrialState.PAUSED)
    assert reason(replace(option, thaw=trial), "why", EXPECTED, "f1", []).startswith("thaw trial 7 to 12%")


@pytest.mark.parametrize(("seconds", "words"), [(40.0, "40 s now"), (600.0, "10 min now"), (9000.0, "2.5 h now")])
def test_seconds_are_given_in_the_unit_people_would_say(option: Option, seconds: float, words: str) -> None:
    assert words in reason(option, "why", {**EXPECTED, "seconds": seconds}, "f1", [])


def test_good_trials_nearby_argue_for_a_point_and_bad_ones_against(world: World, store: tuple[Experience, ...]) -> None:
    known = knowledge(world, store)
    scored = {id(case): case for case in known.prior.scored.cases}
    top = known.prior.best(1)[0]
    found = influences(top.point, known.experts, known.prior.scored.cases)
    assert 1 <= len(found) <= MOST
    assert top.experience is not None
    assert top.experience.id in {influence.experience for influence in found}
    weights = [abs(influence.weight) for influence in found]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1.0
    worst = min(scored.values(), key=lambda case: case.curve[-1][1])
    against = influences(worst.point, known.experts, known.prior.scored.cases)
    assert min(influence.weight for influence in against) < 0


def test_a_record_that_ships_with_the_package_is_cited_as_such(
    world: World, store: tuple[Experience, ...], option: Option
) -> None:
    shipped = tuple(replace(record, source=f"{STARTER} xautolm_nb 0.1.0") for record in store)
    known = knowledge(world, shipped)
    found = influences(known.prior.best(1)[0].point, known.experts, known.prior.scored.cases)
    assert found and all(influence.summary.startswith("starter: task") for influence in found)
    text = reason(option, "why", EXPECTED, "f1", [replace(influence, weight=0.2) for influence in found[:1]])
    assert text.endswith(f"argued for by 1 trial on {found[0].summary.split(': ')[1]} (starter)")


def test_without_a_store_nothing_argues(world: World, option: Option) -> None:
    known = knowledge(world, ())
    assert influences(option.point, known.experts, known.prior.scored.cases) == ()
