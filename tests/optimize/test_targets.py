from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri
from tuning_world import F1, World, search

from xautolm_nb.optimize import BayesianOptimizer
from xautolm_nb.optimize.baselines import RandomSearch
from xautolm_nb.optimize.cases import trial_cases
from xautolm_nb.optimize.response import PRIOR_MEAN, SPREAD, ByBest
from xautolm_nb.optimize.targets import by_rank, responses, wins

EARLY_STAR = [(0.25, 0.9)]
FINISHED = [(0.25, 0.5), (1.0, 1.5)]
POOR = [(0.25, 0.1), (0.5, 0.2)]


def test_responses_are_one_at_most_and_unfinished_ones_are_uncertain(world: World) -> None:
    trials = search(world, BayesianOptimizer(space=world.space), budget=40.0)
    own = responses(trial_cases(trials, world.context, world.space, F1))
    assert own.rows.y.max() <= 1.0 + 1e-9
    complete = np.array([case.curve[-1][0] >= 1 for case in own.cases])
    assert (own.rows.variance[complete] == 0).all()
    assert (own.rows.variance[~complete] > 0).all()


def test_no_case_gives_no_rows() -> None:
    assert len(responses([]).rows) == 0


def test_two_curves_are_compared_at_the_furthest_fidelity_both_reached() -> None:
    # The star beats both at a quarter, although the finished curve ends higher; a tie counts half.
    assert wins([EARLY_STAR, FINISHED, POOR]).tolist() == [2.0, 1.0, 0.0]
    assert wins([FINISHED, FINISHED]).tolist() == [0.5, 0.5]
    assert wins([[(1.0, 0.1)]]).tolist() == [0.0]


def test_curves_without_a_validation_so_early_are_tied_there() -> None:
    late, later = [(0.5, 0.3), (1.0, 0.4)], [(0.5, 0.2), (0.75, 0.2)]
    assert np.isfinite(wins([[(0.25, 0.1)], late, later])).all()
    assert wins([late, later])[0] == 1.0


def test_a_rank_is_a_normal_score_and_sure_only_at_the_end(world: World) -> None:
    trials = search(world, BayesianOptimizer(space=world.space), budget=200.0)
    cases = [case for case in trial_cases(trials, world.context, world.space, F1) if case.curve]
    found = by_rank(cases)
    n = len(cases)
    assert found.mean.max() <= PRIOR_MEAN + SPREAD * ndtri((n - 0.5) / n) + 1e-9
    reached = np.array([case.curve[-1][0] for case in cases])
    assert (found.variance[reached >= 1] == 0).all()
    assert (found.variance[reached < 1] > 0).all()
    order = np.argsort(reached)
    assert (np.diff(found.variance[order]) <= 1e-12).all()


def test_the_scale_of_ranks_gives_the_scores_back(world: World) -> None:
    trials = search(world, BayesianOptimizer(space=world.space), budget=200.0)
    own = responses(trial_cases(trials, world.context, world.space, F1), ranked=True)
    last = np.array([case.curve[-1][1] for case in own.cases])
    middle = float(np.median(last))
    assert own.scale.skill(float(own.scale.response(np.array([middle]))[0])) == pytest.approx(middle, abs=0.02)


def test_before_and_after_few_own_results_the_usual_best_of_like_tasks_is_the_yardstick(world: World) -> None:
    assert responses([], usual=0.8).scale == ByBest(0.8)
    assert responses([], usual=0.1).scale == ByBest(0.3), "never a tiny one"
    trials = search(world, RandomSearch(space=world.space), budget=100.0, most=1)
    cases = [replace(case, curve=((1.0, 0.4),)) for case in trial_cases(trials, world.context, world.space, F1)]
    scales = [responses(cases, usual=usual).scale for usual in (0.0, 0.9)]
    alone, told = (scale.best for scale in scales if isinstance(scale, ByBest))
    assert alone < told < 0.9
