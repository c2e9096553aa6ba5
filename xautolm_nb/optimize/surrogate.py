"""The score model: a Gaussian process over configurations, with mean, kernel and priors of our own.

One row per configuration, not per validation: an unfinished curve enters with the variance of where it may end. The
kernel is (shared + [same task] specific) x (half Matern-5/2 with a length per feature, half RBF on travel) + [same
task] level, so that what holds on every task is learned from all of them and each task may still differ, in its shape
and as a whole. Where the first feature is no travel, the Matern is all. On the recorded trials this ranks better than
`SingleTaskGP` with its defaults (Spearman .51 against .41 in our replay study).

Glossary: `x` features with the task number in the last column, `y` responses (skill over the task's best), `K` the
covariance, `N` the noise. Variances are in units of `SPREAD` squared.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import gpytorch
import numpy as np
import torch
from botorch.exceptions.warnings import OptimizationWarning
from botorch.models.gpytorch import GPyTorchModel
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.constraints import Interval
from gpytorch.distributions import MultivariateNormal
from gpytorch.kernels import Kernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.likelihoods.noise_models import HomoskedasticNoise
from gpytorch.models import ExactGP
from gpytorch.priors import LogNormalPrior
from jaxtyping import Float
from linear_operator.operators import DiagLinearOperator
from torch import Tensor

from xautolm_nb.optimize.response import SPREAD

_SQRT5 = math.sqrt(5.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Training rows of the score model."""

    x: Float[np.ndarray, "n d"]
    """Features, the task number last."""
    y: Float[np.ndarray, " n"]
    variance: Float[np.ndarray, " n"]
    """Known variance of each response: 0 where the run was finished."""
    weight: Float[np.ndarray, " n"]
    """How much each row counts: noise is divided by it."""
    travel: bool = True
    """Whether the first feature is travel."""

    def __len__(self) -> int:
        return len(self.y)

    def joined(self, other: "Rows") -> "Rows":
        """These rows, then the other ones."""
        return Rows(
            x=np.concatenate([self.x, other.x]),
            y=np.concatenate([self.y, other.y]),
            variance=np.concatenate([self.variance, other.variance]),
            weight=np.concatenate([self.weight, other.weight]),
            travel=self.travel,
        )

    def spread(self, n: int) -> "Rows":
        """These rows, or `n` of them in even steps when there are more."""
        if len(self) <= n:
            return self
        kept = np.linspace(0, len(self) - 1, n).round().astype(int)
        return Rows(
            x=self.x[kept],
            y=self.y[kept],
            variance=self.variance[kept],
            weight=self.weight[kept],
            travel=self.travel,
        )


class TransferKernel(Kernel):
    """(shared + [same task] specific) x (.5 Matern-5/2 ARD + .5 RBF on travel, of length 1) + [same task] level.

    Args:
        d: Number of features; inputs have `d + 1` columns, the task number last.
        travel: Whether the first feature is travel; without it the Matern is all.
    """

    has_lengthscale = False

    def __init__(self, d: int, *, travel: bool = True) -> None:
        super().__init__()
        self.travel = travel
        # Longer lengths with more features keep the prior's smoothness along the diagonal of the cube.
        location = 0.5 + 0.5 * math.log(d)
        self.register_parameter("raw_length", torch.nn.Parameter(torch.zeros(d, dtype=torch.float64)))
        self.register_parameter("raw_shared", torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)))
        self.register_parameter("raw_specific", torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)))
        self.register_parameter("raw_level", torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)))
        self._positive("length", 0.05, 150.0, location, 0.7)
        self._positive("shared", 0.007, 20.0, 0.0, 1.0)
        self._positive("specific", 0.007, 20.0, -1.0, 1.0)
        self._positive("level", 0.002, 20.0, -2.0, 1.0)

    def _positive(self, name: str, low: float, high: float, location: float, scale: float) -> None:
        """Constrain a parameter, give it a log-normal prior and start it at that prior's median."""
        raw = f"raw_{name}"
        start = torch.full_like(getattr(self, raw), math.exp(location))
        constraint = Interval(low, high, initial_value=start)
        self.register_constraint(raw, constraint)
        self.register_prior(f"{name}_prior", LogNormalPrior(location, scale), lambda kernel: kernel.value(name))

    def value(self, name: str) -> Tensor:
        """The positive value of `length`, `shared`, `specific` or `level`."""
        raw = f"raw_{name}"
        return self.constraint_for_parameter_name(raw).transform(getattr(self, raw))

    def forward(
        self, x1: Float[Tensor, "... n e"], x2: Float[Tensor, "... m e"], diag: bool = False, **params: object
    ) -> Tensor:
        """Covariance of shape `(..., n, m)`, or its diagonal `(..., n)`."""
        if diag:
            same = (x1[..., -1] == x2[..., -1]).to(x1)
            a, b = x1[..., :-1] / self.value("length"), x2[..., :-1] / self.value("length")
            return self._combine(same, (a - b).square().sum(-1), (x1[..., 0] - x2[..., 0]).square())
        same = (x1[..., -1].unsqueeze(-1) == x2[..., -1].unsqueeze(-2)).to(x1)
        travel = (x1[..., 0].unsqueeze(-1) - x2[..., 0].unsqueeze(-2)).square()
        return self._combine(same, self._squared(x1[..., :-1], x2[..., :-1]), travel)

    def _squared(self, a: Tensor, b: Tensor) -> Tensor:
        length = self.value("length")
        a, b = a / length, b / length
        return a.square().sum(-1, keepdim=True) + b.square().sum(-1).unsqueeze(-2) - 2 * a @ b.transpose(-1, -2)

    def _combine(self, same: Tensor, squared: Tensor, travel: Tensor) -> Tensor:
        distance = squared.clamp_min(1e-12).sqrt()  # the root has no gradient at 0
        matern = (1 + _SQRT5 * distance + 5.0 / 3.0 * squared.clamp_min(0.0)) * torch.exp(-_SQRT5 * distance)
        shape = 0.5 * (matern + torch.exp(-0.5 * travel)) if self.travel else matern
        variance = self.value("shared") + self.value("specific") * same
        return SPREAD**2 * (variance * shape + self.value("level") * same)


class WeightedNoise(HomoskedasticNoise):
    """Learned noise divided by the weight of each row, plus its known variance."""

    def __init__(self, rows: Rows) -> None:
        # Trusting single trials too much is the usual failure: the noise starts at a tenth of the signal, not near 0.
        low, high = SPREAD**2 * math.exp(-6.0), SPREAD**2 * math.exp(1.0)
        start = torch.tensor([SPREAD**2 * 0.1], dtype=torch.float64)
        super().__init__(
            noise_prior=LogNormalPrior(math.log(SPREAD**2 * 0.1), 1.0),
            noise_constraint=Interval(low, high, initial_value=start),
        )
        self.double()
        self.noise = start
        self.register_buffer("inverse_weight", torch.as_tensor(1.0 / rows.weight))
        self.register_buffer("known", torch.as_tensor(rows.variance))

    def forward(self, *params: object, shape: torch.Size | None = None, **kwargs: object) -> DiagLinearOperator:
        """Noise covariance of the training rows, shape `(n, n)`."""
        return DiagLinearOperator(self.noise * self.inverse_weight + self.known)


class ScoreModel(ExactGP, GPyTorchModel):
    """The Gaussian process; `posterior` comes from BoTorch.

    Args:
        rows: Training rows, at least one.
        mean: Constant mean of the responses.
    """

    _num_outputs = 1

    def __init__(self, rows: Rows, mean: float) -> None:
        likelihood = GaussianLikelihood()
        likelihood.noise_covar = WeightedNoise(rows)
        super().__init__(torch.as_tensor(rows.x), torch.as_tensor(rows.y), likelihood)
        self.mean = float(mean)
        self.covar_module = TransferKernel(rows.x.shape[1] - 1, travel=rows.travel)
        self.double()

    @property
    def inputs(self) -> Float[Tensor, "n e"]:
        """Training inputs."""
        return self.train_inputs[0]

    def kernel(self, a: Float[Tensor, "n e"], b: Float[Tensor, "m e"], *, diag: bool = False) -> Tensor:
        """Prior covariance as a dense tensor."""
        return self.covar_module.forward(a, b, diag=diag)

    @cached_property
    def factor(self) -> Float[Tensor, "n n"]:
        """Cholesky factor of `K + N`; for a fitted model, whose hyperparameters change no more."""
        with torch.no_grad():
            noise = self.likelihood.noise_covar
            diagonal = noise.noise * noise.inverse_weight + noise.known + 1e-7
            return torch.linalg.cholesky(self.kernel(self.inputs, self.inputs) + torch.diag(diagonal))

    @cached_property
    def solved(self) -> Float[Tensor, " n"]:
        """`(K + N)^-1 (y - mean)`."""
        with torch.no_grad():
            return torch.cholesky_solve((self.train_targets - self.mean).unsqueeze(-1), self.factor).squeeze(-1)

    def forward(self, x: Float[Tensor, "... n e"]) -> MultivariateNormal:
        """The prior at `x`."""
        constant = torch.full(x.shape[:-1], self.mean, dtype=x.dtype)
        return MultivariateNormal(constant, self.covar_module(x))


def fit(rows: Rows, *, mean: float, start: ScoreModel | None = None, steps: int = 40) -> ScoreModel:
    """Fit the hyperparameters to their posterior mode with at most `steps` of L-BFGS; 0 keeps the start.

    Args:
        rows: Training rows, at least one.
        mean: Constant mean.
        start: A model to begin from (its hyperparameters are copied); None begins at the medians of the priors.
        steps: Iterations; bounded, because a search asks often and late steps change little.
    """
    model = ScoreModel(rows, mean)
    if start is not None:
        _copy_hyperparameters(start, model)
    if steps > 0:
        likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(model.likelihood, model)
        likelihood.train()
        with warnings.catch_warnings(), exact():
            warnings.simplefilter("ignore", OptimizationWarning)  # stopping after `steps` is meant
            fit_gpytorch_mll_scipy(likelihood, options={"maxiter": steps})
    model.eval()
    return model


def predict(model: ScoreModel, x: Float[np.ndarray, "m e"]) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Mean and standard deviation of the noise-free response at `x`, shapes `(m,)`.

    The same numbers as the diagonal of `model.posterior`, without the `(m, m)` covariance that it would form.
    """
    with torch.no_grad():
        inputs = torch.as_tensor(x)
        cross, own = model.kernel(inputs, model.inputs), model.kernel(inputs, inputs, diag=True)
        mean = model.mean + cross @ model.solved
        explained = torch.linalg.solve_triangular(model.factor, cross.T, upper=False).square().sum(0)
        return mean.numpy(), (own - explained).clamp_min(1e-8).sqrt().numpy()


def joint(model: ScoreModel, x: Float[np.ndarray, "m e"]) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "m m"]]:
    """Mean and covariance of the noise-free responses at `x`, shapes `(m,)` and `(m, m)`."""
    with torch.no_grad():
        inputs = torch.as_tensor(x)
        cross = model.kernel(inputs, model.inputs)
        explained = torch.linalg.solve_triangular(model.factor, cross.T, upper=False)
        mean = model.mean + cross @ model.solved
        return mean.numpy(), (model.kernel(inputs, inputs) - explained.T @ explained).numpy()


def covariance(model: ScoreModel, a: Float[np.ndarray, "n e"], b: Float[np.ndarray, "m e"]) -> Float[np.ndarray, "n m"]:
    """Prior covariance between two sets of inputs."""
    with torch.no_grad():
        return model.kernel(torch.as_tensor(a), torch.as_tensor(b)).numpy()


def run_ends(model: ScoreModel, places: slice) -> tuple[Float[np.ndarray, " r"], Float[np.ndarray, " r"]]:
    """Mean and standard deviation of the ends of runs that are training rows, shapes `(r,)`.

    What the noise stands for (seed, split, all that the features do not tell) a paused run has drawn already and keeps;
    of its own end only what is still to come is uncertain, the known variance `v`. With `C = (K + N)^-1` the end has
    mean `y - v C (y - mean)` and variance `v - v^2 diag(C)`. A complete run ends where it was seen.

    Args:
        model: The model.
        places: Of the runs among its training rows; they count fully, with weight 1.
    """
    with torch.no_grad():
        known = model.likelihood.noise_covar.known[places]
        unit = torch.eye(len(model.inputs), dtype=known.dtype)[:, places]
        certain = torch.linalg.solve_triangular(model.factor, unit, upper=False).square().sum(0)
        mean = model.train_targets[places] - known * model.solved[places]
        return mean.numpy(), (known - known.square() * certain).clamp_min(1e-8).sqrt().numpy()


@contextmanager
def exact() -> Iterator[None]:
    """Compute by Cholesky factors throughout: with a few hundred rows nothing approximate is faster."""
    settings = gpytorch.settings
    with settings.fast_computations(False, False, False), settings.fast_pred_var(False), settings.cholesky_jitter(1e-7):
        yield


def _copy_hyperparameters(source: ScoreModel, target: ScoreModel) -> None:
    """Take over all learned values; what belongs to the training rows stays."""
    own = dict(target.named_parameters())
    with torch.no_grad():
        for name, parameter in source.named_parameters():
            own[name].copy_(parameter)
