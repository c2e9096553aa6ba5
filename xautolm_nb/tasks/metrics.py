"""Metrics of every task kind, larger is better, in [0, 1].

Classification: macro-F1 and accuracy. Extractive and free answers: token F1 and exact match after SQuAD's
normalisation (Rajpurkar et al. 2016), the best over the accepted answers. DROP: the multi-span F1 of Dua et al. 2019.
Free text: ROUGE-L (Lin 2004).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.task import Metric, TaskKind

Answers = str | Sequence[str]
"""One accepted answer, or several of which the best counts."""

METRICS: dict[TaskKind, tuple[str, ...]] = {
    "classification": ("f1", "accuracy"),
    "extractive_qa": ("f1", "exact_match", "drop_f1", "drop_exact_match"),
    "generation": ("rouge_l", "f1", "exact_match", "drop_f1", "drop_exact_match"),
}
"""Metric names by task kind; the first is the usual one. `f1` is macro-F1 for classes and token F1 for answers."""

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)$")


def find_metric(name: str, kind: TaskKind = "classification") -> Metric:
    """Make the `Metric` of a name.

    Raises:
        RequestError: No metric of this kind has that name; the message lists those that exist.
    """
    known = METRICS[kind]
    if name in known:
        return Metric(name=name, maximize=True)
    close = get_close_matches(name, known, n=1)
    raise RequestError(
        f"A {kind} task is judged by one of {list(known)}, but got metric={name!r}.",
        hint=f"Did you mean metric={close[0]!r}?" if close else f"Use metric={known[0]!r}.",
    )


def score(
    metric_name: str,
    predictions: Sequence[Any] | NDArray[np.int64],
    references: Sequence[Any] | NDArray[np.int64],
    *,
    kind: TaskKind = "classification",
) -> dict[str, float]:
    """Score predictions, the wanted metric first and its companions after it.

    Args:
        metric_name: One of `METRICS[kind]`.
        predictions: Class indices of shape `(n,)`, or `n` strings.
        references: Class indices of shape `(n,)`, or for each of the `n` rows an answer or several accepted ones.
        kind: What the rows are.

    Returns:
        Metric name to value: `f1` and `accuracy` for classification; `f1` and `exact_match`, `drop_f1` and
        `drop_exact_match`, or `rouge_l` for answers and free text.

    Raises:
        RequestError: The metric is unknown for this kind.
        ValueError: The lengths differ, or there is nothing to score.
    """
    wanted = find_metric(metric_name, kind).name
    if len(predictions) != len(references) or len(references) == 0:
        raise ValueError(
            f"as many predictions as references must hold, at least one; got {len(predictions)} and {len(references)}"
        )
    judge = _score_classes if kind == "classification" else partial(_score_texts, wanted)
    values = judge(predictions, references)
    return {wanted: values[wanted], **values}


def _score_classes(predictions: Any, references: Any) -> dict[str, float]:
    return {"f1": macro_f1(predictions, references), "accuracy": accuracy(predictions, references)}


def _score_texts(wanted: str, predictions: Any, references: Any) -> dict[str, float]:
    families: tuple[dict[str, Callable[[str, Answers], float]], ...] = (
        {"f1": token_f1, "exact_match": exact_match},
        {"drop_f1": drop_f1, "drop_exact_match": drop_exact_match},
        {"rouge_l": best_rouge_l},
    )
    family = next(family for family in families if wanted in family)
    return {name: _mean(map(judge, predictions, references)) for name, judge in family.items()}


def accuracy(predictions: ArrayLike, references: ArrayLike) -> float:
    """Share of rows whose class is right."""
    return float(np.mean(np.asarray(predictions) == np.asarray(references)))


def macro_f1(predictions: ArrayLike, references: ArrayLike) -> float:
    """Mean F1 over the classes that occur in the references or in the predictions.

    This is scikit-learn's `f1_score(average="macro")`: a class that is never predicted counts 0, and so does one
    that is predicted without ever being right; a class of the task that occurs in neither is left out.
    """
    predicted, true = np.asarray(predictions), np.asarray(references)
    classes, index = np.unique(np.concatenate([predicted, true]), return_inverse=True)
    p, t = index[: len(predicted)], index[len(predicted) :]
    hits = np.bincount(t[p == t], minlength=len(classes))
    sizes = np.bincount(p, minlength=len(classes)) + np.bincount(t, minlength=len(classes))
    return float(np.mean(2 * hits / sizes))


def normalize_answer(text: str) -> str:
    """Lower-case, without punctuation, articles and extra blanks, as SQuAD's official script does it."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, answers: Answers) -> float:
    """1 when the normalised prediction equals one of the normalised answers, else 0."""
    return float(any(normalize_answer(prediction) == normalize_answer(answer) for answer in _listed(answers)))


def token_f1(prediction: str, answers: Answers) -> float:
    """F1 of the bags of normalised words, the best over the accepted answers (SQuAD)."""
    return max(_bag_f1(normalize_answer(prediction).split(), normalize_answer(a).split()) for a in _listed(answers))


def _bag_f1(predicted: Sequence[str], true: Sequence[str]) -> float:
    if not predicted or not true:
        return float(list(predicted) == list(true))
    common = sum((Counter(predicted) & Counter(true)).values())
    return 2 * common / (len(predicted) + len(true))


def drop_f1(prediction: Answers, answers: Sequence[Answers] | str) -> float:
    """Multi-span F1 of DROP, the best over the accepted answers.

    Spans of the prediction and of an answer are matched one to one so that the sum of their bag-of-words F1 is
    largest, then divided by the larger number of spans. Two spans match only if they share a number, when the answer
    has one. A sequence is a prediction of several spans; `answers` is a sequence of answers, each a string or spans.
    """
    return max(_aligned_f1(_listed(prediction), _listed(answer)) for answer in _listed(answers))


def drop_exact_match(prediction: Answers, answers: Sequence[Answers] | str) -> float:
    """1 when the normalised spans of the prediction are those of an accepted answer, in any order."""
    predicted = _drop_spans(_listed(prediction))
    return float(any(Counter(predicted) == Counter(_drop_spans(_listed(answer))) for answer in _listed(answers)))


def _aligned_f1(predicted: Sequence[str], true: Sequence[str]) -> float:
    from scipy.optimize import linear_sum_assignment  # only answers of several spans need it

    left, right = ([span.split() for span in _drop_spans(spans)] for spans in (predicted, true))
    table = np.array([[_drop_span_f1(a, b) for b in right] for a in left])
    rows, columns = linear_sum_assignment(-table)
    # The official script rounds to whole per cent at this point; so do published DROP figures.
    return round(float(table[rows, columns].sum()) / max(len(left), len(right)), 2)


def _drop_span_f1(predicted: list[str], true: list[str]) -> float:
    numbers = {word for word in true if _NUMBER.match(word)}
    if numbers and not numbers & set(predicted):
        return 0.0
    words, answer = set(predicted), set(true)
    if not words or not answer:
        return float(words == answer)
    return 2 * len(words & answer) / (len(words) + len(answer))


def _drop_spans(spans: Sequence[str]) -> list[str]:
    return [" ".join(filter(None, map(_drop_word, re.split(r"[ \-]", span.lower())))) for span in spans]


def _drop_word(word: str) -> str:
    bare = word if _NUMBER.match(word) else word.translate(_PUNCTUATION)
    if _NUMBER.match(bare):
        return str(float(bare.replace(",", "")))
    return " ".join(_ARTICLES.sub(" ", bare).split())


def best_rouge_l(prediction: str, answers: Answers) -> float:
    """ROUGE-L of the prediction, the best over the accepted references."""
    return max(rouge_l(prediction, answer) for answer in _listed(answers))


def rouge_l(prediction: str, reference: str, *, stem: Callable[[str], str] | None = None) -> float:
    """F-measure of the longest common subsequence of words (ROUGE-L, sentence level).

    Words are runs of lower-case letters and digits, as in the `rouge-score` package.

    Args:
        prediction: The text to judge.
        reference: The text it is judged by.
        stem: Maps a word to its stem; `nltk.stem.porter.PorterStemmer().stem` gives the variant of `rouge-score`.
    """
    left, right = _words(prediction, stem), _words(reference, stem)
    if not left or not right:
        return 0.0
    return 2 * _common_subsequence(left, right) / (len(left) + len(right))


def _words(text: str, stem: Callable[[str], str] | None) -> list[str]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [stem(word) if len(word) > 3 else word for word in words] if stem else words


def _common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table at a time as bits of one integer (Hyyrö 2004)."""
    positions: dict[str, int] = {}
    for index, word in enumerate(left):
        positions[word] = positions.get(word, 0) | 1 << index
    row = full = (1 << len(left)) - 1
    for word in right:
        matched = row & positions.get(word, 0)
        row = (row + matched | row - matched) & full
    return len(left) - row.bit_count()


def _listed(value: Any) -> Sequence[Any]:
    return [value] if isinstance(value, str) else list(value)


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
