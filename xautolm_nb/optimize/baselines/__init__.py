"""Plain optimizers behind the same protocol, to compare with."""

from xautolm_nb.optimize.baselines.asha import AsynchronousHalving
from xautolm_nb.optimize.baselines.random import RandomSearch

__all__ = ["AsynchronousHalving", "RandomSearch"]
