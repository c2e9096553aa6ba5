"""The ten meta-features of a classification task (XAutoLM, section 3.1).

Checked against the vectors that the original system recorded. MELD (train and validation): the first nine values agree
to 1e-5, the landmark to 0.003. SST-2: the class features agree to 1e-5, the landmark to 0.002, and the lengths to 2 %,
as the recorded run read each text with a blank at its end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LANDMARK_ROWS = 70_000
"""The landmark is measured on at most so many rows, drawn by class. All of SST-2 (68,221 rows) takes 10 to 16 s on one
core; 20,000 of them take a third and give 0.602 in place of 0.629."""

_ENTROPY_GUARD = 1e-10
"""Stands inside the logarithm in the recorded vectors, where four equal classes have 1.99999999942 bits."""
_SEED = 42
_TERMS = 5000
_COMPONENTS = 100
_DEPTH = 5
_FOLDS = 5


def describe_classification(
    texts: Sequence[str], labels: Sequence[object], *, landmark_rows: int = LANDMARK_ROWS
) -> tuple[float, ...]:
    """Compute the ten values of `CLASSIFICATION_NAMES`, in order.

    Args:
        texts: `n` texts, the two parts of a pair joined.
        labels: Their classes, in any hashable form.
        landmark_rows: Rows the landmark is measured on at most; the other nine values use all.

    Raises:
        ValueError: There is no text, or not one label for each.
    """
    if len(texts) == 0 or len(texts) != len(labels):
        raise ValueError(f"as many texts as labels must hold, at least one; got {len(texts)} and {len(labels)}")
    classes = np.unique([str(label) for label in labels], return_inverse=True)[1].astype(np.int64)
    shares = np.bincount(classes) / len(classes)
    entropy = -float(np.sum(shares * np.log2(shares + _ENTROPY_GUARD)))
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    mean, deviation = float(lengths.mean()), float(lengths.std())
    low, high = float(shares.min()), float(shares.max())
    return (
        float(len(texts)),
        float(len(shares)),
        entropy,
        low,
        high,
        low / high,
        mean,
        deviation,
        deviation / mean if mean > 0 else 0.0,
        tree_landmark(texts, classes, rows=landmark_rows),
    )


def tree_landmark(texts: Sequence[str], classes: NDArray[np.int64], *, rows: int = LANDMARK_ROWS) -> float:
    """Accuracy of a shallow decision tree on latent semantic features, by stratified cross-validation.

    TF-IDF of at most 5000 terms without English stop words (and at most half as many terms as rows), reduced to 100
    components, fitted once on all rows; a tree of depth 5; five folds, fewer where a class has fewer rows. With a class
    of one row it is the accuracy on the training rows, and 0 where no word is left to count: both as recorded.
    """
    # scikit-learn takes a second to import, and only the landmark needs it.
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    texts, classes = _sample(texts, classes, rows)
    tree = DecisionTreeClassifier(max_depth=_DEPTH, random_state=_SEED)
    features = _latent_features(texts)
    if features is None:
        return 0.0
    folds = min(_FOLDS, int(np.bincount(classes)[np.unique(classes)].min()))
    if folds < 2:
        return float(tree.fit(features, classes).score(features, classes))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=_SEED)
    return float(np.mean(cross_val_score(tree, features, classes, cv=splitter)))


def _latent_features(texts: Sequence[str]) -> NDArray[np.float64] | None:
    """Components of the TF-IDF matrix, shape `(n, at most 100)`; None when the texts hold no word that counts."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(max_features=max(2, min(_TERMS, len(texts) // 2)), stop_words="english")
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:  # "empty vocabulary": only stop words, digits of one place, or no letters at all
        return None
    size = min(_COMPONENTS, counts.shape[1] - 1, counts.shape[0] - 1)
    if size < 1:
        return np.asarray(counts.todense())
    reduced: NDArray[np.float64] = TruncatedSVD(size, random_state=_SEED).fit_transform(counts)
    return reduced


def _sample(texts: Sequence[str], classes: NDArray[np.int64], most: int) -> tuple[Sequence[str], NDArray[np.int64]]:
    """At most `most` rows, each class in proportion; the same rows every time."""
    if len(texts) <= most:
        return texts, classes
    rng = np.random.default_rng(_SEED)
    share = most / len(texts)
    chosen = [
        rng.permutation(rows)[: max(1, round(share * len(rows)))]
        for rows in (np.flatnonzero(classes == index) for index in np.unique(classes))
    ]
    kept = np.sort(np.concatenate(chosen))
    return [texts[row] for row in kept], classes[kept]
