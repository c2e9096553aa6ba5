"""Task and machine as numbers, and how near two contexts are."""

from xautolm_nb.metafeatures.names import CLASSIFICATION_NAMES, GENERATION_NAMES, SYSTEM_NAMES, feature_names
from xautolm_nb.metafeatures.similarity import context_weights, system_distance, task_distance
from xautolm_nb.metafeatures.system import probe_system
from xautolm_nb.metafeatures.task import describe_task, describe_texts

__all__ = [
    "CLASSIFICATION_NAMES",
    "GENERATION_NAMES",
    "SYSTEM_NAMES",
    "context_weights",
    "describe_task",
    "describe_texts",
    "feature_names",
    "probe_system",
    "system_distance",
    "task_distance",
]
