from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.peers.gps import fit_gp
from benchmarks.peers.rgpe import left_out_losses, rank_weights, ranking_losses


def test_it_beats_the_median_random_search_at_once_with_a_store(
    quadratic: Any, walk: Any, best: Any, random_best: Any
) -> None:
    problem = quadratic(150, stored=25)
    assert best(walk("rgpe", problem, runs=5)) >= random_best(problem, 20)


def test_it_starts_at_random_without_a_store(quadratic: Any, walk: Any) -> None:
    reasons = [step.proposal.reason for step in walk("rgpe", quadratic(20), most=4)]
    assert reasons == ["random start"] * 3 + ["largest improvement times success"]


def test_a_stored_model_of_the_same_truth_outweighs_an_inverted_one() -> None:
    rng = np.random.default_rng(0)
    x, few = rng.random((30, 2)), rng.random((5, 2))
    alike, inverted = fit_gp(x, x.sum(axis=1)), fit_gp(x, -x.sum(axis=1))
    y = few.sum(axis=1) - few.sum(axis=1).mean()
    weights = rank_weights([alike, inverted], fit_gp(few, y), few, y)
    assert np.isclose(weights.sum(), 1.0)
    assert weights[0] > 0.3
    assert weights[1] == 0.0


def test_losses_count_misordered_pairs() -> None:
    y = np.array([1.0, 2.0, 3.0])
    samples = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    assert ranking_losses(samples, y).tolist() == [0, 6]
    assert left_out_losses(samples, y).tolist() == [0, 3]


def test_a_task_with_failures_only_gives_no_model(conditional: Any, walk: Any) -> None:
    failed = tuple(record for record in conditional.experiences if not record.succeeded)
    steps = walk("rgpe", replace(conditional, experiences=failed), most=5)
    assert len(steps) == 5
