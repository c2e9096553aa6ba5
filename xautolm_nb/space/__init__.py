"""What may be tried: parameters and conditions, the model pool, predicted cost, and what cannot run."""

from xautolm_nb.space.check import check
from xautolm_nb.space.checkpoint import cuts, inspect_folder
from xautolm_nb.space.finetuning import build_space
from xautolm_nb.space.fits import fit_table
from xautolm_nb.space.limits import Limit
from xautolm_nb.space.models import discover_models
from xautolm_nb.space.original import MODEL_IDS, original_space, to_mended
from xautolm_nb.space.parameters import Categorical, Float, Integer, Ordinal, Parameter
from xautolm_nb.space.physics import Physics, estimate, fit_micro_batch
from xautolm_nb.space.pool import DEFAULT_POOL, default_search_ids
from xautolm_nb.space.space import SearchSpace

__all__ = [
    "DEFAULT_POOL",
    "MODEL_IDS",
    "Categorical",
    "Float",
    "Integer",
    "Limit",
    "Ordinal",
    "Parameter",
    "Physics",
    "SearchSpace",
    "build_space",
    "check",
    "cuts",
    "default_search_ids",
    "discover_models",
    "estimate",
    "fit_micro_batch",
    "fit_table",
    "inspect_folder",
    "original_space",
    "to_mended",
]
