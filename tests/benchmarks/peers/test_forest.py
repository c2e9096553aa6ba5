from typing import Any

import numpy as np

from benchmarks.peers.forest import success
from benchmarks.peers.located import Rows


def test_its_first_choices_are_better_than_most_with_a_store(quadratic: Any, walk: Any, random_best: Any) -> None:
    problem = quadratic(150, stored=40)
    scores = [step.trial.score for step in walk("forest", problem, most=10)]
    assert max(scores) >= random_best(problem, 20)


def test_without_any_trial_it_draws_at_random(quadratic: Any, walk: Any) -> None:
    steps = walk("forest", quadratic(10), most=2)
    assert [step.proposal.reason for step in steps] == ["random start", "largest success times rank"]


def test_success_is_learned_over_all_tasks() -> None:
    x = np.linspace(0, 1, 40)[:, None]
    rows = Rows(x=x, ok=x[:, 0] < 0.5, gains=np.zeros(20))
    low, high = success([rows], np.array([[0.1], [0.9]]), 0)
    assert low > 0.9 > 0.1 > high


def test_success_is_certain_where_nothing_failed() -> None:
    rows = Rows(x=np.zeros((2, 1)), ok=np.array([True, True]), gains=np.zeros(2))
    assert success([rows], np.zeros((3, 1)), 0).tolist() == [1.0, 1.0, 1.0]
