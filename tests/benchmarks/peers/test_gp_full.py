from typing import Any


def test_it_beats_the_median_random_search(quadratic: Any, walk: Any, best: Any, random_best: Any) -> None:
    problem = quadratic(150)
    assert best(walk("gp_full", problem, runs=18)) >= random_best(problem, 18)


def test_it_starts_at_random(quadratic: Any, walk: Any) -> None:
    reasons = [step.proposal.reason for step in walk("gp_full", quadratic(20), most=7)]
    assert reasons == ["random start"] * 5 + ["largest expected improvement"] * 2
