"""Meta-features of a prepared task: the paper's vector, and what the original lacks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.context import TaskMetaFeatures
from xautolm_nb.core.task import Split, Task
from xautolm_nb.metafeatures.classification import LANDMARK_ROWS, describe_classification
from xautolm_nb.metafeatures.generation import describe_generation
from xautolm_nb.metafeatures.lengths import estimate_tokens

if TYPE_CHECKING:
    import pandas as pd

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
_WORDS = re.compile(r"\w+")


def describe_task(task: Task, *, landmark_rows: int = LANDMARK_ROWS) -> TaskMetaFeatures:
    """Describe a prepared task by its training rows.

    `extra` holds what `describe_texts` gives (for answers `describe_answers`), and `rows_train`, `rows_validation`,
    `rows_test` (0 without one) and `oov_rate`: the share of words in the validation texts that no training text has.

    Args:
        task: What `prepare_task` made; its files are read.
        landmark_rows: Rows the tree landmark is measured on at most; fewer is faster and lower.
    """
    train, validation = _read(task, "train"), _read(task, "validation")
    if task.kind == "classification":
        found = describe_texts(join_pairs(train), train["label"].tolist(), landmark_rows=landmark_rows)
    else:
        targets = [" ".join(answers[0]) for answers in train["answers"]]
        found = describe_answers(join_pairs(train), targets, is_written=task.kind == "generation")
    rows = {f"rows_{split}": float(task.rows.get(split, 0)) for split in ("train", "validation", "test")}
    oov_rate = _oov_rate(join_pairs(train), join_pairs(validation))
    extra = {**found.extra, **rows, "oov_rate": oov_rate}
    return TaskMetaFeatures(kind=task.kind, paper=found.paper, semantic=found.semantic, extra=extra)


def describe_texts(
    texts: Sequence[str], labels: Sequence[object], *, landmark_rows: int = LANDMARK_ROWS
) -> TaskMetaFeatures:
    """Describe texts and their classes, as lists of equal length.

    `extra`: `tokens_mean`, `tokens_p50`, `_p90`, `_p95`, `_p99`, `_max` (estimated subword tokens, special tokens
    included), the same of `chars_` (characters), `constant_f1` and `constant_accuracy` (macro-F1 and accuracy of always
    saying the largest class), `duplicate_share` (rows whose text stood earlier), `vocabulary` (distinct lower-case
    words) and `words_mean`.
    """
    words = [_WORDS.findall(text.lower()) for text in texts]
    extra = {
        **_quantiles("tokens", estimate_tokens(texts)),
        **_quantiles("chars", np.array([len(text) for text in texts], dtype=np.float64)),
        **_constant_scores(labels),
        "duplicate_share": 1 - len(set(texts)) / len(texts),
        "vocabulary": float(len({word for line in words for word in line})),
        "words_mean": float(np.mean([len(line) for line in words])),
    }
    paper = describe_classification(texts, labels, landmark_rows=landmark_rows)
    return TaskMetaFeatures(kind="classification", paper=paper, extra=extra)


def describe_answers(prompts: Sequence[str], targets: Sequence[str], *, is_written: bool) -> TaskMetaFeatures:
    """Describe prompts (or questions with their context) and the first accepted answers, as lists of equal length.

    `extra` adds `tokens_*` (of prompt and, where it `is_written`, target: what a decoder reads in training) and
    `target_tokens_*` to what `describe_generation` gives. Similarity and overlap of prompt and target are left out:
    they need an embedder.
    """
    found = describe_generation(prompts, targets)
    target_tokens = estimate_tokens(targets)
    tokens = estimate_tokens(prompts) + (target_tokens if is_written else 0.0)
    lengths = {**_quantiles("tokens", tokens), **_quantiles("target_tokens", target_tokens)}
    return replace(found, extra={**found.extra, **lengths})


def join_pairs(table: "pd.DataFrame") -> list[str]:
    """The text of each row; the two parts of a pair with a blank between them."""
    if "text_pair" in table:
        return [f"{first} {second}" for first, second in zip(table["text"], table["text_pair"], strict=True)]
    return table["text"].tolist()


def _read(task: Task, split: Split) -> "pd.DataFrame":
    import pandas as pd  # half a second that a listing of studies need not spend

    return pd.read_parquet(task.file(split))


def _quantiles(name: str, values: NDArray[np.float64]) -> dict[str, float]:
    found = {f"{name}_{key}": float(np.quantile(values, share)) for key, share in _QUANTILES.items()}
    return {f"{name}_mean": float(values.mean()), **found}


def _constant_scores(labels: Sequence[object]) -> Mapping[str, float]:
    """Scores of always saying the largest class: with its share p, accuracy p and macro-F1 2p/(1+p)/classes."""
    counts = np.unique([str(label) for label in labels], return_counts=True)[1]
    share = float(counts.max() / counts.sum())
    return {"constant_f1": 2 * share / (1 + share) / len(counts), "constant_accuracy": share}


def _oov_rate(known: Sequence[str], new: Sequence[str]) -> float:
    vocabulary = {word for text in known for word in _WORDS.findall(text.lower())}
    words = [word for text in new for word in _WORDS.findall(text.lower())]
    return sum(word not in vocabulary for word in words) / len(words) if words else 0.0
