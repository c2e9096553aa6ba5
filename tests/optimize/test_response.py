import math

import numpy as np
import pytest
from scipy.special import ndtri
from tuning_world import make_context

from xautolm_nb.core.context import Context, TaskMetaFeatures
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint
from xautolm_nb.optimize.response import (
    PRIOR_MEAN,
    SPREAD,
    ByRank,
    best_of,
    constant_score,
    is_bounded,
    skill,
    skills,
    to_score,
)

F1, ACCURACY, LOSS = Metric(name="f1"), Metric(name="accuracy"), Metric(name="loss", maximize=False)


def recorded(classes: float, share: float) -> Context:
    """A context as imported records have it: the paper's vector and nothing else."""
    paper = (100.0, classes, 1.0, 0.1, share, 0.5, 50.0, 10.0, 0.2, 0.5)
    context = make_context()
    return Context(task=TaskMetaFeatures(kind="classification", paper=paper), system=context.system)


@pytest.mark.parametrize(
    ("classes", "share", "expected"),
    [(2, 0.55720, 0.358), (4, 0.25, 0.100), (7, 0.46675, 0.091)],
    ids=["sst2", "ag_news", "meld"],
)
def test_the_constant_macro_f1_follows_from_the_class_shares(classes: int, share: float, expected: float) -> None:
    assert constant_score(F1, recorded(classes, share)) == pytest.approx(expected, abs=5e-4)


def test_a_measured_constant_score_goes_before_the_computed_one() -> None:
    assert constant_score(F1, make_context(classes=4, largest=0.4)) == pytest.approx(0.8 / 1.4 / 4)
    assert constant_score(ACCURACY, recorded(3, 0.6)) == 0.6


def test_skill_is_zero_for_the_constant_predictor_and_one_for_a_perfect_score() -> None:
    context = recorded(2, 0.5)
    assert skill(constant_score(F1, context), F1, context) == pytest.approx(0.0)
    assert skill(1.0, F1, context) == 1.0
    assert skill(0.0, F1, context) == pytest.approx(-0.5)


@pytest.mark.parametrize("score", [0.1, 0.5, 0.93])
def test_a_skill_turns_back_into_its_score(score: float) -> None:
    context = recorded(4, 0.4)
    assert to_score(skill(score, F1, context), F1, context) == pytest.approx(score)
    assert to_score(skill(score, LOSS, context), LOSS, context) == pytest.approx(score)


def test_less_of_a_metric_to_minimise_is_more_skill() -> None:
    assert skill(0.2, LOSS, recorded(2, 0.5)) > skill(0.3, LOSS, recorded(2, 0.5))


def test_a_score_that_is_not_a_number_is_the_worst() -> None:
    assert skill(math.nan, F1, recorded(2, 0.5)) == -1.0


def test_the_running_best_never_falls() -> None:
    context = recorded(2, 0.5)
    curve = [CurvePoint(fidelity=f, score=s, seconds=1.0) for f, s in ((0.5, 0.4), (0.25, 0.6), (1.0, 0.7))]
    values = skills(curve, F1, context)
    assert [fidelity for fidelity, _ in values] == [0.25, 0.5, 1.0]
    assert values[0][1] == values[1][1] < values[2][1]


def test_the_scale_has_a_floor_and_hope_fades_with_the_number_of_values() -> None:
    assert best_of([], floor=0.3) == 0.3
    assert best_of([0.1], floor=0.3) == 0.3
    assert best_of([0.5, 0.6], floor=0.3) == 0.6
    assert best_of([0.6], floor=0.3, hope=0.5) > best_of([0.6] * 30, floor=0.3, hope=0.5) > 0.6
    assert best_of([0.95], floor=0.3, hope=0.5) == 1.0


def test_a_metric_without_ends_counts_by_rank() -> None:
    assert is_bounded(F1)
    assert not is_bounded(LOSS)
    assert not is_bounded(Metric(name="bleu"))
    assert skill(math.nan, LOSS, recorded(2, 0.5)) < skill(5.0, LOSS, recorded(2, 0.5))


def test_ranks_keep_the_order_go_on_beyond_the_ends_and_can_be_read_back() -> None:
    scale = ByRank((3.0, 1.0, 2.0, 8.0))
    values = np.array([0.0, 1.0, 1.5, 3.0, 8.0, 9.0])
    responses = scale.response(values)
    assert (np.diff(responses) > 0).all()
    assert [scale.skill(float(r)) for r in responses[1:5]] == pytest.approx(values[1:5].tolist())
    assert responses[1] == pytest.approx(PRIOR_MEAN + SPREAD * ndtri(0.125))


def test_ranks_of_nothing_and_of_one_value_are_finite() -> None:
    for seen in ((), (2.0,), (2.0, 2.0)):
        assert np.isfinite(ByRank(seen).response(np.array([1.0, 2.0, 3.0]))).all()
        assert math.isfinite(ByRank(seen).skill(0.9))
