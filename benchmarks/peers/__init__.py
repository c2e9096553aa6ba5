"""Optimizers of others, to compare with; each is built for one search and remembers what it told its library.

`PEERS` names them. A peer's library is imported when the peer is built, so this package can be read without any.
"""

import importlib
from collections.abc import Callable
from typing import cast

from benchmarks.problem import Problem
from xautolm_nb.core.proposal import Optimizer

Make = Callable[[Problem], Optimizer]

_PLACES = {
    "optuna_tpe": ("optuna_peers", "tpe"),
    "optuna_gp": ("optuna_peers", "gp"),
    "optuna_hyperband": ("optuna_peers", "hyperband"),
    "optuna_tpe_hyperband": ("optuna_peers", "tpe_hyperband"),
    "rgpe": ("rgpe", "make"),
    "forest": ("forest", "make"),
    "smac": ("smac_peer", "make"),
    "bohb": ("bohb", "make"),
    "gp_full": ("gp_full", "make"),
}


def _lazily(module: str, function: str) -> Make:
    def make(problem: Problem) -> Optimizer:
        return cast(Make, getattr(importlib.import_module(f"{__name__}.{module}"), function))(problem)

    return make


PEERS: dict[str, Make] = {name: _lazily(*place) for name, place in _PLACES.items()}
"""Name to what builds the peer for a problem."""
