"""Names of the meta-features, in the order of their vectors (XAutoLM, section 3)."""

from xautolm_nb.core.errors import RequestError

CLASSIFICATION_NAMES = (
    "instances",
    "classes",
    "class_entropy_bits",
    "smallest_class_share",
    "largest_class_share",
    "imbalance_ratio",
    "text_length_mean",
    "text_length_sd",
    "text_length_cv",
    "tree_landmark",
)
GENERATION_NAMES = (
    "samples",
    "prompt_length_mean",
    "prompt_length_sd",
    "prompt_type_token_ratio",
    "target_length_mean",
    "target_length_sd",
    "target_type_token_ratio",
    "length_ratio",
    "vocabulary_novelty",
    "prompt_target_similarity",
    "prompt_target_rouge_l",
)
SYSTEM_NAMES = ("physical_cores", "logical_cores", "max_ghz", "memory_gib", "gpu_memory_gib")


def feature_names(kind: str) -> tuple[str, ...]:
    """Names of `TaskMetaFeatures.paper` for a task kind, or of `SystemMetaFeatures.paper` for `system`.

    Raises:
        RequestError: There are no meta-features of that kind.
    """
    names = {
        "classification": CLASSIFICATION_NAMES,
        "generation": GENERATION_NAMES,
        "extractive_qa": GENERATION_NAMES,
        "system": SYSTEM_NAMES,
    }
    if kind not in names:
        raise RequestError(f"Meta-features exist for {sorted(names)}, but got {kind!r}.")
    return names[kind]
