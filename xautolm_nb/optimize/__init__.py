"""What to run next: priors from the store, models of score, success and seconds, and the optimizer over them."""

from xautolm_nb.optimize.baselines import AsynchronousHalving, RandomSearch
from xautolm_nb.optimize.optimizer import BayesianOptimizer
from xautolm_nb.optimize.prior import MetaPrior, StoredTask

__all__ = ["AsynchronousHalving", "BayesianOptimizer", "MetaPrior", "RandomSearch", "StoredTask"]
