"""The eleven meta-features of a generation task and its semantic vector (XAutoLM, section 3.2).

Type-token ratios are averaged over the rows, as in the version that recorded the published vectors. Stop words are
scikit-learn's; the original's list is a little shorter, which moves the ratio of a DROP prompt by 0.005.

Two features come from outside, so that this room needs neither a model nor the metrics: the embedder (see `embedder`)
and ROUGE-L. Where one is not given, its feature is 0 and `extra` says `missing_<name>` = 1; distances leave it out.
"""

import string
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from xautolm_nb.core.context import TaskMetaFeatures
from xautolm_nb.metafeatures.lengths import estimate_tokens

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Maps `n` texts to unit vectors of shape `(n, 384)`."""
Overlap = Callable[[str, str], float]
"""ROUGE-L F-measure of a text (first) judged by a reference (second), on stemmed words."""

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SIMILARITY, _ROUGE_L = "prompt_target_similarity", "prompt_target_rouge_l"


def describe_generation(
    prompts: Sequence[str], targets: Sequence[str], *, embed: Embed | None = None, rouge_l: Overlap | None = None
) -> TaskMetaFeatures:
    """Compute the values of `GENERATION_NAMES`, in order, and with `embed` the mean prompt embedding.

    Args:
        prompts: `n` inputs, passage and question included.
        targets: `n` wanted outputs.
        embed: Sentence embedder; None leaves feature 10 and the semantic vector out.
        rouge_l: Stemmed ROUGE-L, called with target and prompt; None leaves feature 11 out.

    Raises:
        ValueError: There is no prompt, or not one target for each.
    """
    if len(prompts) == 0 or len(prompts) != len(targets):
        raise ValueError(f"as many prompts as targets must hold, at least one; got {len(prompts)} and {len(targets)}")
    prompt_words, target_words = [content_words(text) for text in prompts], [content_words(text) for text in targets]
    similarity, semantic = _semantics(prompts, targets, embed)
    overlaps = [rouge_l(target, prompt) for prompt, target in zip(prompts, targets, strict=True)] if rouge_l else []
    paper = (
        float(len(prompts)),
        *_mean_and_deviation(prompts),
        float(np.mean([_type_token_ratio(words) for words in prompt_words])),
        *_mean_and_deviation(targets),
        float(np.mean([_type_token_ratio(words) for words in target_words])),
        float(np.mean([len(target) / max(len(prompt), 1) for prompt, target in zip(prompts, targets, strict=True)])),
        float(np.mean([_novelty(*pair) for pair in zip(prompt_words, target_words, strict=True)])),
        similarity or 0.0,
        float(np.mean(overlaps)) if overlaps else 0.0,
    )
    missing = {_SIMILARITY: similarity is None, _ROUGE_L: not overlaps}
    extra = {f"missing_{name}": 1.0 for name, is_missing in missing.items() if is_missing}
    return TaskMetaFeatures(
        kind="generation", paper=paper, semantic=semantic, extra={**extra, **_token_quantiles(prompts, targets)}
    )


def content_words(text: str) -> list[str]:
    """Lower-case words of letters only, punctuation taken out, English stop words left out."""
    words = text.lower().translate(_PUNCTUATION).split()
    return [word for word in words if word.isalpha() and word not in ENGLISH_STOP_WORDS]


def _mean_and_deviation(texts: Sequence[str]) -> tuple[float, float]:
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    return float(lengths.mean()), float(lengths.std())


def _type_token_ratio(words: Sequence[str]) -> float:
    return len(set(words)) / len(words) if words else 0.0


def _novelty(prompt: Sequence[str], target: Sequence[str]) -> float:
    known = set(prompt)
    return sum(word not in known for word in target) / len(target) if target else 0.0


def _semantics(
    prompts: Sequence[str], targets: Sequence[str], embed: Embed | None
) -> tuple[float | None, tuple[float, ...] | None]:
    """Mean cosine of prompt and target, and the mean prompt vector (not brought back to length 1)."""
    if embed is None:
        return None, None
    left, right = embed(prompts), embed(targets)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines = np.sum(left * right, axis=1) / np.maximum(norms, 1e-12)
    return float(cosines.mean()), tuple(float(value) for value in left.mean(axis=0))


def _token_quantiles(prompts: Sequence[str], targets: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, texts in (("tokens", prompts), ("target_tokens", targets)):
        tokens = estimate_tokens(texts)
        found |= {f"{name}_{key}": float(np.quantile(tokens, share)) for key, share in (("p50", 0.5), ("p95", 0.95))}
    return found
