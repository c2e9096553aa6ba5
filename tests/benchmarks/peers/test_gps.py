import numpy as np
import torch

from benchmarks.peers.gps import fit_gp


def test_a_fitted_gp_is_near_what_it_saw() -> None:
    x = np.random.default_rng(0).random((15, 2))
    y = 10.0 + np.sin(3 * x[:, 0]) + x[:, 1]
    model = fit_gp(x, y)
    with torch.no_grad():
        mean = model.posterior(torch.as_tensor(x)).mean.squeeze(-1).numpy()
    assert np.abs(mean - y).max() < 0.2
