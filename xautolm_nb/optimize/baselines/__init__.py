"""Plain optimizers behind the same protocol, to compare with; those of XAutoLM are rebuilt from its description."""

from xautolm_nb.optimize.baselines.asha import AsynchronousHalving
from xautolm_nb.optimize.baselines.best_of_store import BestOfStore
from xautolm_nb.optimize.baselines.hyperband import Hyperband
from xautolm_nb.optimize.baselines.nearest import NearestExperience
from xautolm_nb.optimize.baselines.nspe import NSPE
from xautolm_nb.optimize.baselines.random import RandomSearch
from xautolm_nb.optimize.baselines.variants import VARIANTS, Variant, parse_variant, variant_for
from xautolm_nb.optimize.baselines.warm_start import WarmStart

__all__ = [
    "NSPE",
    "VARIANTS",
    "AsynchronousHalving",
    "BestOfStore",
    "Hyperband",
    "NearestExperience",
    "RandomSearch",
    "Variant",
    "WarmStart",
    "parse_variant",
    "variant_for",
]
