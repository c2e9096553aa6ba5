import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.peers.pool import Pool, finished, gain, gain_of, place
from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Trial, TrialState
from xautolm_nb.space import Categorical, Float, SearchSpace

SPACE = SearchSpace(
    name="two/1",
    parameters=(
        Categorical(name="method", values=("full", "lora", "head"), default="full"),
        Float(name="rate", low=0.0, high=1.0, default=0.5),
        Float(name="rank", low=0.0, high=1.0, default=0.5, when={"method": ("lora",)}),
    ),
    models={},
)
FAILURE = Failure(kind=FailureKind.TIMEOUT, message="late")


def trial(number: int, config: Any, score: float | None, *, maximize: bool) -> Trial:
    points = () if score is None else (CurvePoint(fidelity=1.0, score=score, seconds=1.0),)
    return Trial(
        number=number, config=config, seed=0, curve=points, maximize=maximize, fidelity=1.0,
        state=TrialState.FAILED if score is None else TrialState.COMPLETE, failure=FAILURE if score is None else None,
    )  # fmt: skip


def test_another_method_counts_one_and_numbers_their_distance() -> None:
    listed = ({"method": "head", "rate": 0.5}, {"method": "full", "rate": 0.9}, {"method": "full", "rate": 0.2})
    pool = Pool(replace(SPACE, only=listed))
    assert pool.nearest({"method": "full", "rate": 0.5}, [0, 1, 2]) == 2
    assert pool.nearest({"method": "full", "rate": 0.5}, [0, 1]) == 1
    assert pool.nearest({"method": "head", "rate": 0.9}, [0, 1, 2]) == 0


def test_what_a_record_lacks_sits_in_the_middle() -> None:
    assert place({"method": "lora", "rate": 1.0}, SPACE)[1:].tolist() == [1.0, 0.5]


def test_a_pool_offers_what_was_not_tried(quadratic: Any) -> None:
    space = quadratic(3).space
    pool = Pool(space)
    tried = [trial(0, space.only[1], 0.5, maximize=True)]
    assert pool.free(tried) == [0, 2]
    assert len(pool.candidates(tried, np.random.default_rng(0))) == 2
    all_tried = [trial(i, config, 0.5, maximize=True) for i, config in enumerate(space.only)]
    assert pool.close_to(space.only[0], all_tried, np.random.default_rng(0)) is None


def test_an_open_space_gives_another_one_when_a_suggestion_was_tried(quadratic: Any) -> None:
    pool = Pool(replace(quadratic(0).space, only=()))
    wanted = {"a": 0.1, "b": 0.2, "c": 0.3}
    rng = np.random.default_rng(0)
    assert pool.close_to(wanted, [], rng) == wanted
    other = pool.close_to(wanted, [trial(0, wanted, 0.5, maximize=True)], rng)
    assert other is not None
    assert config_key(other) != config_key(wanted)


def test_a_gain_is_larger_for_better_scores() -> None:
    assert gain(0.7, maximize=True) == 0.7
    assert gain(0.1, maximize=False) == pytest.approx(-math.log(0.1))


@pytest.mark.parametrize(("maximize", "worst"), [(True, 0.0), (False, -math.log(0.4))])
def test_a_failure_counts_as_the_worst(maximize: bool, worst: float, quadratic: Any) -> None:
    problem = quadratic(3, maximize=maximize)
    scores = (0.4, None, 0.2)
    pairs = enumerate(zip(problem.space.only, scores, strict=True))
    trials = [trial(i, config, score, maximize=maximize) for i, (config, score) in pairs]
    assert gain_of(trials[1], trials, problem) == pytest.approx(worst)
    assert finished(trials, problem)[1][1] == pytest.approx(worst)


def test_a_failure_before_any_loss_tells_nothing(quadratic: Any) -> None:
    problem = quadratic(3, maximize=False)
    assert finished([trial(0, problem.space.only[0], None, maximize=False)], problem)[0] == []
