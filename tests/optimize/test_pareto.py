from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume
from botorch.utils.multi_objective.pareto import is_non_dominated
from tuning_world import World, search

from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize import BayesianOptimizer
from xautolm_nb.optimize.pareto import log_expected_hypervolume_improvement

REFERENCE = np.array([-2.0, -2.0])


def volume(points: np.ndarray) -> float:
    tensor = torch.as_tensor(points)
    return float(Hypervolume(torch.as_tensor(REFERENCE)).compute(tensor[is_non_dominated(tensor)]))


def test_the_closed_form_is_the_mean_of_simulated_improvements() -> None:
    rng = np.random.default_rng(0)
    fronts = rng.normal(size=(3, 5, 2))
    mean, sd = np.array([[0.8, 0.9], [-0.5, 2.0], [0.3, 0.4]]), np.array([[0.3, 0.2], [0.5, 0.5], [1.0, 0.1]])
    found = np.exp(log_expected_hypervolume_improvement(mean, sd, fronts, REFERENCE))
    for i in range(3):
        draws = mean[i] + sd[i] * rng.normal(size=(1500, 2))
        simulated = [volume(np.vstack([front, draw])) - volume(front) for front in fronts for draw in draws[:500]]
        assert found[i] == pytest.approx(np.mean(simulated), rel=0.15)


def test_without_a_front_it_is_the_volume_over_the_corner() -> None:
    sure = log_expected_hypervolume_improvement(
        np.array([[1.0, 0.0]]), np.full((1, 2), 1e-4), np.zeros((1, 0, 2)), REFERENCE
    )
    assert np.exp(sure[0]) == pytest.approx(3.0 * 2.0, rel=1e-3)


def test_far_below_the_front_it_stays_finite_and_ordered() -> None:
    mean = np.array([[-9.0, -9.0], [-5.0, -5.0], [-3.0, -3.0]])
    values = log_expected_hypervolume_improvement(mean, np.full((3, 2), 0.1), np.zeros((1, 1, 2)), REFERENCE)
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def test_with_seconds_as_an_objective_the_trials_are_quicker(store: tuple[Experience, ...]) -> None:
    world = World()
    one = BayesianOptimizer(space=world.space)
    two = replace(one, objectives=("f1", "seconds"))
    mean_seconds = [
        np.mean(
            [
                trial.seconds / trial.fidelity
                for trial in search(world, optimizer, budget=200.0, experiences=store)
                if trial.fidelity > 0
            ]
        )
        for optimizer in (one, two)
    ]
    assert mean_seconds[1] < mean_seconds[0]
