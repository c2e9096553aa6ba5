"""Honest references on a task's own splits: what no tuned model should fall below."""

import time

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from xautolm_nb.core.task import Split, Task
from xautolm_nb.tasks.files import read_split
from xautolm_nb.tasks.metrics import score

_STRENGTHS = (1.0, 3.0, 10.0, 30.0)
"""Inverse regularisation strengths that the validation split chooses from."""
_STEPS = 1000
_TOLERANCE = 1e-3
"""Ten times the usual one: a quarter of the time on 150 classes, the same scores to the third digit."""


def majority(task: Task, split: Split = "test") -> dict[str, float]:
    """Score of always saying the largest class of the training rows: `f1`, `accuracy`, and `seconds` it took."""
    start = time.perf_counter()
    labels = _labels(task, split)
    common = int(np.bincount(_labels(task, "train")).argmax())
    scores = score(task.metric.name, np.full(len(labels), common), labels)
    return {**scores, "seconds": time.perf_counter() - start}


def tfidf(task: Task, split: Split = "test", *, seed: int = 0) -> dict[str, float]:
    """Score of logistic regression on TF-IDF of words and pairs of words: `f1`, `accuracy`, `seconds`.

    The regularisation is chosen by the task's metric on the validation split; the model learns from the training rows
    alone, as the tuned models do.
    """
    start = time.perf_counter()
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    train = vectorizer.fit_transform(_texts(task, "train"))
    validation = vectorizer.transform(_texts(task, "validation"))
    models = [_fit(train, _labels(task, "train"), strength, seed) for strength in _STRENGTHS]
    wanted, reference = task.metric.name, _labels(task, "validation")
    best = max(models, key=lambda model: score(wanted, model.predict(validation), reference)[wanted])
    predictions = best.predict(vectorizer.transform(_texts(task, split)))
    return {**score(wanted, predictions, _labels(task, split)), "seconds": time.perf_counter() - start}


def _fit(features: NDArray[np.float64], labels: NDArray[np.int64], strength: float, seed: int) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=_STEPS, tol=_TOLERANCE, random_state=seed).fit(features, labels)


def _labels(task: Task, split: Split) -> NDArray[np.int64]:
    return read_split(task, split)["label"].to_numpy(dtype=np.int64)


def _texts(task: Task, split: Split) -> list[str]:
    table = read_split(task, split)
    if "text_pair" in table:
        return [f"{first} {second}" for first, second in zip(table["text"], table["text_pair"], strict=True)]
    return table["text"].tolist()
