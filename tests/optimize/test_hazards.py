import numpy as np

from xautolm_nb.optimize.hazards import logistic_mode


def test_newton_finds_the_mode_and_the_prior_holds_without_data() -> None:
    rng = np.random.default_rng(0)
    x = np.stack([np.ones(500), rng.normal(size=500)], axis=1)
    y = (rng.random(500) < 1 / (1 + np.exp(-(0.5 + 2 * x[:, 1])))).astype(float)
    wide = np.zeros(2), np.full(2, 10.0)
    beta = logistic_mode(x, y, np.ones(500), wide, start=np.zeros(2), steps=12)
    np.testing.assert_allclose(beta, [0.5, 2.0], atol=0.4)
    gradient = x.T @ (y - 1 / (1 + np.exp(-x @ beta))) - beta / 100
    np.testing.assert_allclose(gradient, 0.0, atol=1e-3)
    prior = np.array([-1.0, 3.0]), np.ones(2)
    nothing = logistic_mode(x[:0], y[:0], np.ones(0), prior, start=prior[0], steps=12)
    np.testing.assert_array_equal(nothing, prior[0])
