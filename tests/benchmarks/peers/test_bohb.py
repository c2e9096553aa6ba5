from typing import Any

import numpy as np
import pytest

from benchmarks.peers.bohb import BOHB, Density, drawn
from xautolm_nb.core.trial import Failure, FailureKind, Trial, TrialState
from xautolm_nb.space import Categorical, Float, SearchSpace

SPACE = SearchSpace(
    name="two/1",
    parameters=(
        Categorical(name="kind", values=("x", "y", "z"), default="x"),
        Float(name="rate", low=0.0, high=1.0, default=0.5),
    ),
    models={},
)


def test_it_beats_the_median_random_search(quadratic: Any, walk: Any, best: Any, random_best: Any) -> None:
    problem = quadratic(200)
    found = [best(walk("bohb", problem, seed=seed, runs=20)) for seed in range(5)]
    assert np.median(found) >= random_best(problem, 20)


def test_most_starts_come_from_the_densities_once_there_are_results(quadratic: Any, walk: Any) -> None:
    steps = walk("bohb", quadratic(200), most=200)
    starts = [step.proposal.reason for step in steps if step.proposal.thaw is None]
    assert set(starts[:6]) == {"drawn at random"}
    assert 0.5 < np.mean([reason == "largest ratio of densities" for reason in starts[10:]]) < 0.85


def test_a_density_is_high_where_its_places_are_and_integrates_to_one() -> None:
    rng = np.random.default_rng(0)
    points = [{"kind": "x", "rate": float(rate)} for rate in rng.normal(0.5, 0.05, 20)]
    density = Density.of(np.array([SPACE.encode(point) for point in points]), SPACE)
    at = [{"kind": "x", "rate": 0.5}, {"kind": "x", "rate": 0.9}, {"kind": "z", "rate": 0.5}]
    values = density.log(np.array([SPACE.encode(point) for point in at]))
    assert values[0] > max(values[1:])
    grid = [{"kind": kind, "rate": rate} for kind in "xyz" for rate in np.linspace(0, 1, 401)]
    mass = np.exp(density.log(np.array([SPACE.encode(point) for point in grid]))).sum() / 400
    assert mass == pytest.approx(1.0, abs=0.02)


def test_draws_lie_in_the_space() -> None:
    rng = np.random.default_rng(0)
    good = Density.of(np.array([SPACE.encode(SPACE.sample(rng)) for _ in range(10)]), SPACE)
    assert all(SPACE.contains(config) for config in drawn(good, SPACE, rng))


def test_failures_are_the_worst_results_of_the_rung_they_were_sent_to(quadratic: Any) -> None:
    why = Failure(kind=FailureKind.TIMEOUT, message="late")
    trial = Trial(number=0, config={}, seed=0, state=TrialState.FAILED, target=1 / 3, failure=why)
    peer = BOHB(quadratic(3))
    assert peer._gain(trial, 0.1) == peer._gain(trial, 1 / 3) == -np.inf
    assert peer._gain(trial, 1.0) is None
