from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.models.model import Model

from xautolm_nb.optimize.response import PRIOR_MEAN
from xautolm_nb.optimize.surrogate import Rows, ScoreModel, TransferKernel, covariance, fit, joint, predict, run_ends

D = 6


def make_rows(n: int, seed: int = 0, *, tasks: int = 1, noise: float = 0.02) -> Rows:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, D + 1))
    x[:, -1] = rng.integers(tasks, size=n)
    y = truth(x) + noise * rng.normal(size=n)
    return Rows(x=x, y=y, variance=np.zeros(n), weight=np.ones(n))


def truth(x: np.ndarray) -> np.ndarray:
    value: np.ndarray = 0.5 + 0.3 * np.exp(-0.5 * x[:, 0] ** 2) + 0.1 * np.tanh(x[:, 1])
    return value


def test_the_model_is_a_botorch_model_and_learns_a_smooth_function() -> None:
    model = fit(make_rows(60), mean=PRIOR_MEAN)
    assert isinstance(model, Model)
    x = make_rows(40, seed=1).x
    mean, sd = predict(model, x)
    assert np.sqrt(np.mean((mean - truth(x)) ** 2)) < 0.06
    assert (sd > 0).all()


def test_far_from_all_data_it_returns_to_its_mean() -> None:
    model = fit(make_rows(30), mean=0.35, steps=0)
    mean, sd = predict(model, np.full((1, D + 1), 500.0))
    assert mean[0] == pytest.approx(0.35, abs=1e-3)
    assert sd[0] > 0.3


def test_zero_steps_keep_the_start() -> None:
    rows = make_rows(30)
    first = fit(rows, mean=0.4, steps=10)
    copied = fit(make_rows(12, seed=3), mean=0.4, start=first, steps=0)
    assert torch.equal(copied.covar_module.value("length"), first.covar_module.value("length"))
    assert copied.train_targets.shape == (12,)


def test_another_task_teaches_less_than_the_own_one() -> None:
    own, other = make_rows(40), make_rows(40)
    own.x[:, -1], other.x[:, -1] = 0.0, 1.0
    x = make_rows(20, seed=2).x
    x[:, -1] = 0.0
    _, near = predict(fit(own, mean=0.5, steps=0), x)
    _, far = predict(fit(other, mean=0.5, steps=0), x)
    assert (near < far).all()


def test_a_row_of_little_weight_or_great_variance_pulls_less() -> None:
    x = np.zeros((1, D + 1))

    def pulled(weight: float, variance: float) -> float:
        rows = Rows(x=x, y=np.array([1.0]), variance=np.array([variance]), weight=np.array([weight]))
        return float(predict(fit(rows, mean=0.0, steps=0), x)[0][0])

    assert pulled(1.0, 0.0) > pulled(0.1, 0.0) > 0
    assert pulled(1.0, 0.0) > pulled(1.0, 0.3) > 0


def test_the_same_rows_give_the_same_model() -> None:
    first, second = (fit(make_rows(40), mean=0.5) for _ in range(2))
    x = make_rows(5, seed=4).x
    np.testing.assert_array_equal(predict(first, x)[0], predict(second, x)[0])


def test_identical_inputs_are_no_numerical_problem() -> None:
    rows = Rows(x=np.ones((20, D + 1)), y=np.linspace(0, 1, 20), variance=np.zeros(20), weight=np.ones(20))
    mean, _ = predict(fit(rows, mean=0.5), rows.x[:1])
    assert mean[0] == pytest.approx(0.5, abs=0.1)


def test_the_kernel_is_symmetric_positive_and_its_diagonal_agrees() -> None:
    kernel = TransferKernel(D).double()
    x = torch.as_tensor(make_rows(25, tasks=3).x)
    full = kernel(x, x).to_dense()
    assert torch.allclose(full, full.T)
    assert torch.linalg.eigvalsh(full + 1e-8 * torch.eye(25)).min() > 0
    assert torch.allclose(kernel(x, x, diag=True), full.diagonal())


def test_the_joint_posterior_agrees_with_the_marginal_one() -> None:
    model = fit(make_rows(30), mean=0.5, steps=5)
    x = make_rows(6, seed=5).x
    mean, spread = joint(model, x)
    marginal, sd = predict(model, x)
    np.testing.assert_allclose(mean, marginal)
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), sd)


def test_the_end_of_a_run_is_what_the_model_and_its_own_curve_say_together() -> None:
    rows = make_rows(9)
    rows = replace(rows, variance=np.linspace(0.0, 0.08, 9))
    model = fit(rows, mean=0.5, steps=5)
    # By hand: noise which a run keeps is a part of what is looked for, only its known variance hides it.
    signal = covariance(model, rows.x, rows.x) + float(model.likelihood.noise_covar.noise.detach()) * np.eye(9)
    gain = signal @ np.linalg.inv(signal + np.diag(rows.variance))
    mean, sd = run_ends(model, slice(2, 9))
    np.testing.assert_allclose(mean, (0.5 + gain @ (rows.y - 0.5))[2:], atol=1e-5)
    np.testing.assert_allclose(sd, np.sqrt(np.diag(signal - gain @ signal))[2:], atol=1e-5)
    complete, sure = run_ends(model, slice(0, 1))
    assert complete[0] == rows.y[0] and sure[0] < 1e-3


def test_prior_covariance_has_the_shape_of_its_inputs() -> None:
    model = ScoreModel(make_rows(10), 0.5)
    assert covariance(model, make_rows(4).x, make_rows(7).x).shape == (4, 7)


def test_rows_join_in_order() -> None:
    both = make_rows(3).joined(make_rows(2, seed=1))
    assert len(both) == 5
    np.testing.assert_array_equal(both.y[:3], make_rows(3).y)
