import math
from dataclasses import replace

import numpy as np
import pytest
from tuning_world import failed, make_context, neighbouring_store

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Measures
from xautolm_nb.optimize.baselines import lessons as teach
from xautolm_nb.optimize.baselines.cells import Gaussian, Weights
from xautolm_nb.optimize.baselines.distribution import Distribution
from xautolm_nb.optimize.baselines.lessons import Lesson
from xautolm_nb.space import Categorical, Integer, SearchSpace

RECORD = replace(neighbouring_store(1)[0], study="", trial=None, failure=None, score=0.5, seconds=10.0)
SPACE = SearchSpace(
    name="test/1",
    parameters=(
        Categorical(name="color", values=("red", "green"), default="red"),
        Integer(name="epochs", low=1, high=10, default=3),
    ),
    models={},
)


def record(score: float | None = 0.5, seconds: float | None = 10.0) -> Experience:
    return replace(RECORD, score=score, seconds=seconds)


# ---- which records, and what they are (XAutoLM 4.4) ------------------------------------------------------------------


def test_a_success_has_gain_and_seconds_and_everything_else_is_negative() -> None:
    assert teach.objectives(record()) == (0.5, 10.0)
    assert teach.objectives(record(score=0.0)) == (0.0, 10.0)  # the threshold is 0
    assert teach.objectives(replace(record(), metric=Metric(name="loss", maximize=False))) == (-0.5, 10.0)
    assert teach.objectives(failed([record()])[0]) is None
    for score, seconds in ((None, 10.0), (math.nan, 10.0), (-math.inf, 10.0), (0.5, math.inf)):
        assert teach.objectives(record(score, seconds)) is None


def test_seconds_are_those_of_the_parts_where_no_sum_is_recorded() -> None:
    parts = replace(record(seconds=None), measures=Measures(seconds_train=7.0))
    assert teach.objectives(parts) == (0.5, 7.0)
    assert teach.objectives(replace(parts, measures=Measures())) is None


def test_only_the_last_rung_of_a_trial_and_tasks_of_the_same_kind_are_compared() -> None:
    early = replace(RECORD, study="s", trial=1, fidelity=0.25)
    late = replace(early, fidelity=1.0, score=0.7)
    other_kind = replace(RECORD, context=replace(RECORD.context, task=replace(RECORD.context.task, kind="generation")))
    shorter = replace(
        RECORD, context=Context(task=replace(RECORD.context.task, paper=(1.0,)), system=RECORD.context.system)
    )
    assert teach.comparable(make_context(), [early, late, other_kind, shorter]) == [late]


def test_failures_stand_twice_as_in_the_originals_log_only_when_asked() -> None:
    records = [RECORD, *failed([RECORD])]
    assert len(teach.comparable(make_context(), records)) == 2
    assert len(teach.comparable(make_context(), records, doubled=True)) == 3


def test_the_vector_is_that_of_the_task_followed_by_the_machines() -> None:
    context = make_context()
    assert list(teach.vector(context)) == [*context.task.paper, *context.system.paper]
    unknown = replace(context, task=replace(context.task, paper=(math.nan, 2.0)))
    assert list(teach.vector(unknown))[:2] == [0.0, 2.0]


# ---- normalisation and distance (XAutoLM 5.2, 5.3) -------------------------------------------------------------------


def test_standard_scores_use_the_population_deviation_over_the_records() -> None:
    # 1, 1, 4: mean 2, deviations -1, -1, 2, variance (1 + 1 + 4) / 3 = 2; a constant column is 0
    rows = np.array([[1.0, 7.0], [1.0, 7.0], [4.0, 7.0]])
    root = math.sqrt(2)
    expected = [[-1 / root, 0.0], [-1 / root, 0.0], [2 / root, 0.0]]
    assert teach.standard_scores(rows) == pytest.approx(np.array(expected), abs=1e-7)


def test_min_max_scales_each_column_to_its_range() -> None:
    rows = np.array([[1.0, 7.0], [2.0, 7.0], [5.0, 7.0]])
    assert teach.min_max(rows) == pytest.approx(np.array([[0.0, 0.5], [0.25, 0.5], [1.0, 0.5]]), abs=1e-6)


def test_distances_are_euclidean_or_one_minus_the_cosine() -> None:
    target, rows = np.array([3.0, 4.0]), np.array([[3.0, 4.0], [0.0, 0.0], [4.0, -3.0], [-6.0, -8.0], [3.0, 0.0]])
    assert teach.euclidean(target, rows) == pytest.approx([0.0, 5.0, math.sqrt(1 + 49), 15.0, 4.0])
    # (3, 4) with (3, 0): 9 / (5 x 3) = .6
    assert teach.cosine(target, rows) == pytest.approx([0.0, 1.0, 1.0, 2.0, 0.4])


# ---- kernel and utility (XAutoLM 5.4, 5.5) ---------------------------------------------------------------------------


def test_the_kernel_falls_with_the_distance_in_units_of_mean_and_deviation() -> None:
    # 1 and 3: mean 2, deviation 1, beta = .5 / 3
    assert teach.kernel(np.array([1.0, 3.0]), 0.5) == pytest.approx([math.exp(-0.5 / 3), math.exp(-1.5 / 3)])
    # equal distances: the deviation counts 1e-6, so w is about exp(-beta_scale)
    assert teach.kernel(np.array([2.0, 2.0]), 1.0) == pytest.approx([math.exp(-1), math.exp(-1)], abs=1e-5)


def test_without_a_scale_every_distance_counts_the_same() -> None:
    assert list(teach.kernel(np.array([0.0, 1.0, 50.0]), 0.0)) == [1.0, 1.0, 1.0]
    assert len(teach.kernel(np.array([]), 0.5)) == 0


def test_the_weighted_sum_scales_each_metric_within_its_task() -> None:
    points = [(0.2, 10.0), (0.6, 50.0), (0.4, 20.0), (0.9, 5.0)]
    # task a: gains 0, 1, .5; shortness 1, 0, (50 - 20) / 40 = .75. Task b has one record: .5 and .5.
    assert teach.weighted_sum(points, ["a", "a", "a", "b"]) == pytest.approx([0.5, 0.5, 0.625, 0.5])


def test_the_fronts_of_all_tasks_together_give_the_utility() -> None:
    # fronts {1, 3}, {0}, {2}: L = 3
    points = [(0.5, 12.0), (0.9, 30.0), (0.4, 40.0), (0.5, 10.0)]
    assert teach.linear_front(points) == pytest.approx([2 / 3, 1.0, 1 / 3, 1.0])
    # ln(L - i + 1) / ln(L + 1): ln 4 / ln 4, ln 3 / ln 4, ln 2 / ln 4
    assert teach.logarithmic_front(points) == pytest.approx([math.log(3) / math.log(4), 1.0, 0.5, 1.0])


def test_no_positives_have_no_utilities() -> None:
    assert teach.weighted_sum([], []) == teach.linear_front([]) == teach.logarithmic_front([]) == []


# ---- replay (XAutoLM 5.7) --------------------------------------------------------------------------------------------


def test_the_strongest_positive_comes_first_and_the_strongest_negative_last() -> None:
    model = Distribution(space=SPACE)
    records = [replace(RECORD, space="test/1", config={"epochs": n}) for n in range(1, 5)]
    taught = teach.lessons(model, records, [-0.02, 0.01, -0.5, 0.05])
    assert [lesson.config["epochs"] for lesson in taught] == [4, 2, 1, 3]


def test_lessons_are_learned_one_after_the_other() -> None:
    taught = [
        Lesson(config={"color": "red", "epochs": 4}, alpha=0.05),
        Lesson(config={"color": "green", "epochs": 10}, alpha=-0.02),
    ]
    model = teach.replayed(Distribution(space=SPACE), taught, np.random.default_rng(0))
    # red: .55 / 1.05; then green (.5 / 1.05 - .02) / .98
    color, epochs = model.cells["color", 0, ""], model.cells["epochs", 0, ""]
    assert isinstance(color, Weights)
    assert isinstance(epochs, Gaussian)
    assert color.weights == pytest.approx((0.55 / 1.05 / 0.98, (0.5 / 1.05 - 0.02) / 0.98))
    # mean .95 x 5.5 + .05 x 4 = 5.425, then 1.02 x 5.425 - .02 x 10; deviation 9 x .95 x 1.02
    assert epochs.mean == pytest.approx(1.02 * 5.425 - 0.2)
    assert epochs.deviation == pytest.approx(9 * 0.95 * 1.02)


def test_what_a_record_lacks_is_drawn_and_learned_as_published_and_left_out_when_mended() -> None:
    taught = [Lesson(config={"color": "red"}, alpha=0.05)]
    rng = np.random.default_rng(0)
    assert ("epochs", 0, "") in teach.replayed(Distribution(space=SPACE), taught, rng).cells
    assert ("epochs", 0, "") not in teach.replayed(Distribution(space=SPACE), taught, rng, mended=True).cells
