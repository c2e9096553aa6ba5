import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.metafeatures.similarity import context_weights, system_distance, task_distance
from xautolm_nb.metafeatures.task import describe_texts

# recorded by the original system
AG_NEWS = (120000.0, 4.0, 2.0, 0.25, 0.25, 1.0, 236.48, 66.51, 0.2813, 0.7470)
SST2 = (68221.0, 2.0, 0.99054, 0.44280, 0.55720, 0.79468, 54.17, 43.87, 0.80972, 0.63044)
MELD = (11098.0, 7.0, 2.23087, 0.02640, 0.46675, 0.05656, 40.50, 31.85, 0.78644, 0.49054)
LIAR = (11524.0, 6.0, 2.53532, 0.08287, 0.20496, 0.40432, 106.896, 58.413, 0.54644, 0.22449)
CPU = SystemMetaFeatures(paper=(2, 2, 3.0, 16.0, 0.0), memory_gib=16.0, tflops=0.1)
GPU = SystemMetaFeatures(
    paper=(16, 16, 3.0, 128.0, 80.0), device="cuda", gpu_memory_gib=80.0, memory_gib=128.0, tflops=312.0
)


def task(paper: tuple[float, ...] = SST2, **fields: object) -> TaskMetaFeatures:
    return TaskMetaFeatures(kind="classification", paper=paper, **fields)  # type: ignore[arg-type]


def context(paper: tuple[float, ...], system: SystemMetaFeatures = CPU) -> Context:
    return Context(task=task(paper), system=system)


def test_a_task_is_nearest_to_itself() -> None:
    tasks = [task(paper) for paper in (AG_NEWS, SST2, MELD, LIAR)]
    for index, one in enumerate(tasks):
        distances = [task_distance(one, other) for other in tasks]
        assert distances[index] == 0.0
        assert min(value for place, value in enumerate(distances) if place != index) > 0.3


def test_distances_are_symmetric_and_order_tasks_sensibly() -> None:
    assert task_distance(task(MELD), task(SST2)) == task_distance(task(SST2), task(MELD))
    assert task_distance(task(MELD), task(LIAR)) < task_distance(task(MELD), task(AG_NEWS))


def test_ten_times_the_rows_is_one_unit() -> None:
    only_rows = {"extra": {}, "kind": "classification"}
    a = TaskMetaFeatures(paper=(1000.0,), **only_rows)  # type: ignore[arg-type]
    b = TaskMetaFeatures(paper=(10000.0,), **only_rows)  # type: ignore[arg-type]
    assert task_distance(a, b) == pytest.approx(1.0)
    assert context_weights(Context(task=a, system=CPU), [Context(task=b, system=CPU)]) == pytest.approx([0.5])


NUMBERS = st.floats(-10, 1e6) | st.sampled_from([0.0, 1.0, math.nan, math.inf])
TASKS = st.builds(
    TaskMetaFeatures,
    kind=st.sampled_from(["classification", "generation"]),
    paper=st.lists(NUMBERS, max_size=11).map(tuple),
    extra=st.dictionaries(st.sampled_from(["tokens_p95", "oov_rate", "instances", "missing_oov_rate", "of_no_use"]),
                          NUMBERS),
    semantic=st.none() | st.lists(st.floats(-1, 1), min_size=2, max_size=3).map(tuple),
)  # fmt: skip


@given(target=TASKS, others=st.lists(TASKS, max_size=5))
def test_many_tasks_at_once_weigh_what_each_weighs_alone(
    target: TaskMetaFeatures, others: list[TaskMetaFeatures]
) -> None:
    weights = context_weights(Context(task=target, system=CPU), [Context(task=other, system=CPU) for other in others])
    alone = [1.0 / (1.0 + task_distance(target, other) ** 2) for other in others]
    np.testing.assert_allclose(weights, alone, rtol=1e-9)


def test_what_one_side_lacks_is_left_out() -> None:
    full, bare = task(extra={"tokens_p95": 40.0, "oov_rate": 0.05}), task()
    assert task_distance(full, bare) == 0.0
    assert task_distance(full, task(extra={"tokens_p95": 400.0, "oov_rate": math.nan})) > 0.0


def test_marked_features_are_left_out() -> None:
    marked = TaskMetaFeatures(kind="generation", paper=(9.0,) * 11, extra={"missing_prompt_target_rouge_l": 1.0})
    other = replace(marked, paper=(*(9.0,) * 10, 0.0), extra={})
    assert task_distance(marked, other) == 0.0
    assert task_distance(replace(marked, extra={}), other) > 0.0


def test_mean_embeddings_tell_generation_tasks_apart() -> None:
    same = TaskMetaFeatures(kind="generation", paper=(9.0,) * 11, semantic=(1.0, 0.0))
    assert task_distance(same, replace(same, semantic=(0.0, 1.0))) > 0.5
    assert task_distance(same, replace(same, semantic=(2.0, 0.0))) == 0.0
    assert task_distance(same, replace(same, semantic=None)) == 0.0


def test_another_kind_of_task_has_no_weight() -> None:
    other = TaskMetaFeatures(kind="generation", paper=(100.0,) * 11)
    assert task_distance(task(), other) == math.inf
    weights = context_weights(context(SST2), [Context(task=other, system=CPU), context(SST2)])
    assert weights.tolist() == [0.0, 1.0]


def test_weights_do_not_depend_on_the_other_records() -> None:
    alone = context_weights(context(SST2), [context(MELD)])
    together = context_weights(context(SST2), [context(AG_NEWS), context(MELD), context(LIAR)])
    assert alone[0] == together[1]
    assert context_weights(context(SST2), []).shape == (0,)


def test_the_machine_does_not_change_the_weight() -> None:
    assert context_weights(context(SST2), [context(SST2, GPU)]).tolist() == [1.0]


@given(st.lists(st.floats(0, 1e6), min_size=10, max_size=10), st.lists(st.floats(0, 1e6), min_size=10, max_size=10))
def test_any_numbers_give_a_weight_between_nothing_and_all(a: list[float], b: list[float]) -> None:
    (weight,) = context_weights(context(tuple(a)), [context(tuple(b))])
    assert 0.0 < weight <= 1.0


def test_machines_differ_by_device_memory_and_rate() -> None:
    half = replace(GPU, gpu_memory_gib=40.0)
    slow = replace(GPU, tflops=78.0)
    assert system_distance(GPU, GPU) == 0.0
    assert 0 < system_distance(GPU, half) < system_distance(GPU, CPU)
    assert system_distance(GPU, half) == pytest.approx(system_distance(GPU, slow))
    assert system_distance(GPU, replace(GPU, tflops=None)) == 0.0


@pytest.mark.shared
def test_sentiment_sentences_are_nearer_to_each_other_than_to_intents(shared: Path) -> None:
    def describe(name: str) -> Context:
        rows = pd.read_parquet(shared / "datasets" / name / "train.parquet").sample(3000, random_state=0)
        return Context(task=describe_texts(rows["text"].tolist(), rows["label"].tolist()), system=CPU)

    target, near, far = describe("sst2_sentences"), describe("mr"), describe("banking77")
    weights = context_weights(target, [near, far])
    assert weights[0] > 0.9 and weights[1] < 0.5
    assert np.isfinite(weights).all()
