import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer
from sklearn.metrics import accuracy_score, f1_score

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.task import Metric
from xautolm_nb.tasks import metrics


def test_macro_f1_is_the_mean_over_classes_worked_by_hand() -> None:
    # class 0: 2 hits of 2 predicted and 3 true -> 4/5; class 1: 1 hit of 2 and 1 -> 2/3; class 2: never predicted -> 0
    references, predictions = [0, 0, 0, 1, 2], [0, 0, 1, 1, 3]
    # class 3: predicted once, never true -> 0
    assert metrics.macro_f1(predictions, references) == pytest.approx((4 / 5 + 2 / 3 + 0 + 0) / 4)
    assert metrics.accuracy(predictions, references) == pytest.approx(3 / 5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40))
def test_class_scores_equal_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    predictions, references = np.array(pairs).T
    scores = metrics.score("f1", predictions, references)
    assert scores["f1"] == pytest.approx(f1_score(references, predictions, average="macro", zero_division=0))
    assert scores["accuracy"] == pytest.approx(accuracy_score(references, predictions))


def test_the_wanted_metric_comes_first() -> None:
    assert list(metrics.score("accuracy", [0, 1], [0, 1])) == ["accuracy", "f1"]


@pytest.mark.parametrize(
    ("prediction", "answers", "f1", "exact"),
    [
        ("The Denver Broncos!", "Denver Broncos", 1.0, 1.0),
        ("Broncos of Denver", ["Denver Broncos", "Broncos"], 0.8, 0.0),  # 2 of 3 and 2 of 2 words
        ("a cat", ["dog", "the cat sat"], 2 / 3, 0.0),  # 1 of 1 and 1 of 2 words
        ("the", "a", 1.0, 1.0),  # nothing is left of either
        ("", "dog", 0.0, 0.0),
        ("cat cat", "cat", 2 / 3, 0.0),  # a word counts as often as it is there
    ],
)
def test_answers_are_judged_as_squad_does(prediction: str, answers: str | list[str], f1: float, exact: float) -> None:
    assert metrics.token_f1(prediction, answers) == pytest.approx(f1)
    assert metrics.exact_match(prediction, answers) == exact


@pytest.mark.parametrize(
    ("prediction", "answers", "f1", "exact"),
    [
        ("3", ["3.0"], 1.0, 1.0),
        ("1,200 yards", ["1200 yards"], 1.0, 1.0),
        (["New York", "Boston"], [["Boston", "New York"]], 1.0, 1.0),
        (["Boston"], [["Boston", "New York"]], 0.5, 0.0),
        (["New York", "Boston", "Rome"], [["Boston", "New York"]], 0.67, 0.0),
        ("4 yards", ["3 yards"], 0.0, 0.0),  # the number decides
        ("three yards", ["yards"], 0.67, 0.0),
        ("first", ["second", "first"], 1.0, 1.0),
        ("", ["dog"], 0.0, 0.0),
    ],
)
def test_spans_are_judged_as_drop_does(prediction: object, answers: object, f1: float, exact: float) -> None:
    assert metrics.drop_f1(prediction, answers) == pytest.approx(f1)
    assert metrics.drop_exact_match(prediction, answers) == exact


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence() -> None:
    # "the cat mat" of 5 and 6 words
    assert metrics.rouge_l("the cat is a mat", "the cat sat on the mat") == pytest.approx(2 * 3 / 11)
    assert metrics.rouge_l("", "cat") == 0.0
    assert metrics.best_rouge_l("dog", ["cat", "dog"]) == 1.0


@settings(deadline=None)
@given(st.text("ab c", max_size=60), st.text("ab c", max_size=60), st.booleans())
def test_rouge_l_equals_the_reference_package(left: str, right: str, stemmed: bool) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"], use_stemmer=stemmed)
    expected = scorer.score(right, left)["rougeL"].fmeasure
    assert metrics.rouge_l(left, right, stem=PorterStemmer().stem if stemmed else None) == pytest.approx(expected)


def test_stemming_joins_forms_of_a_word() -> None:
    assert metrics.rouge_l("connected runs", "connection run") == 0.0
    assert metrics.rouge_l("connected running", "connection runs", stem=PorterStemmer().stem) == 1.0


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("f1", "extractive_qa", {"f1": 0.75, "exact_match": 0.5}),
        ("drop_f1", "extractive_qa", {"drop_f1": 0.75, "drop_exact_match": 0.5}),
        ("rouge_l", "generation", {"rouge_l": 0.75}),
    ],
)
def test_text_scores_are_means_over_rows(name: str, kind: str, expected: dict[str, float]) -> None:
    found = metrics.score(name, ["Rome", "red green car"], [["Rome", "Paris"], ["car"]], kind=kind)
    assert found == pytest.approx(expected, abs=0.01)


def test_an_unknown_metric_lists_the_known_ones() -> None:
    with pytest.raises(RequestError, match=r"\['f1', 'accuracy'\].*'acuracy'.*Did you mean metric='accuracy'"):
        metrics.find_metric("acuracy")
    with pytest.raises(RequestError, match="rouge_l"):
        metrics.score("bleu", ["a"], ["a"], kind="generation")


def test_a_metric_has_a_direction() -> None:
    assert metrics.find_metric("f1") == Metric(name="f1", maximize=True)


@pytest.mark.parametrize(("predictions", "references"), [([], []), ([0], [0, 1])])
def test_lengths_must_agree(predictions: list[int], references: list[int]) -> None:
    with pytest.raises(ValueError, match="as many predictions"):
        metrics.score("f1", predictions, references)
