"""BoTorch's SingleTaskGP with its defaults, fitted."""

import warnings

import numpy as np
import torch
from botorch.exceptions.errors import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from linear_operator.utils.errors import NanError, NotPSDError


def fit_gp(x: np.ndarray, y: np.ndarray) -> SingleTaskGP:
    """Fit to points `(n, d)` and gains `(n,)`, standardised inside.

    Where no fit converges, BoTorch's priors stand.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inputs need not fill the unit cube
        model = SingleTaskGP(
            torch.as_tensor(x, dtype=torch.float64),
            torch.as_tensor(y, dtype=torch.float64).unsqueeze(-1),
            outcome_transform=Standardize(m=1),
        )
        try:
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        except (ModelFittingError, NanError, NotPSDError) as error:
            print(f"a GP of a peer keeps its priors: {type(error).__name__}")
    return model.eval()
