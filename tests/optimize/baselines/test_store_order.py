from dataclasses import replace

import numpy as np
import pytest
from tuning_world import World, failed, neighbouring_store

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.optimize.baselines.store_order import rank_gauss, store_order, task_rows
from xautolm_nb.space import Float, SearchSpace

SPACE = SearchSpace(
    name="line/1",
    parameters=(
        Float(name="x", low=0.0, high=1.0, default=0.5),
        Float(name="y", low=0.0, high=1.0, default=0.5),
    ),
    models={},
)
RECORD = replace(neighbouring_store(1)[0], space="line/1", study="", trial=None, failure=None)


def records(task: str, *, n: int = 30, sign: float = 1.0) -> list[Experience]:
    """Scores that rise with x and do not care for y."""
    points = np.random.default_rng(len(task)).random((n, 2))
    return [
        replace(RECORD, task_name=task, score=0.5 + 0.4 * sign * float(x), config={"x": float(x), "y": float(y)})
        for x, y in points
    ]


def test_scores_become_quantiles_of_a_gaussian_by_their_rank() -> None:
    # ranks 1, 3, 2 of 3: quantiles 1/6, 5/6, 1/2
    assert rank_gauss([0.1, 0.9, 0.2]) == pytest.approx([-0.96742, 0.96742, 0.0], abs=1e-5)
    # equal scores share the rank 1.5: quantile 1/3
    assert rank_gauss([0.1, 0.1, 0.2]) == pytest.approx([-0.43073, -0.43073, 0.96742], abs=1e-5)


def test_each_task_has_its_own_ranks() -> None:
    rows = task_rows(SPACE, [*records("a", n=5), *records("bb", n=4, sign=-1)])
    assert [x.shape for x, _ in rows] == [(5, 2), (4, 2)]
    for _, y in rows:
        assert abs(float(y.sum())) < 1e-9
    assert int(rows[0][1].argmax()) == int(rows[0][0][:, 0].argmax())
    assert int(rows[1][1].argmax()) == int(rows[1][0][:, 0].argmin())


def test_configurations_of_another_space_and_tasks_without_a_difference_are_left_out() -> None:
    foreign = [replace(record, config={"z": 1.0}) for record in records("a", n=5)]
    same = [replace(record, score=0.5) for record in records("bb", n=5)]
    assert not task_rows(SPACE, [*foreign, *same])


def test_a_failure_of_the_configuration_is_worse_than_every_score() -> None:
    good = records("a", n=4)
    rows = task_rows(SPACE, [*good, *failed(good[:1]), *failed(good[1:2], FailureKind.FRAMEWORK_BUG)])
    assert len(rows[0][1]) == 5
    assert int(rows[0][1].argmin()) == 4


def test_a_list_is_ordered_by_what_the_tasks_say(world: World) -> None:
    listed = replace(SPACE, only=tuple({"x": x, "y": 0.5} for x in (0.5, 0.95, 0.05, 0.75)))
    order = store_order(listed, world.context, [*records("a"), *records("bb")], 0)
    assert [config["x"] for config in order] == [0.95, 0.75, 0.5, 0.05]
    worst_first = store_order(listed, world.context, records("a", sign=-1), 0)
    assert worst_first[0]["x"] == 0.05


def test_without_a_list_a_sample_of_what_can_run_is_ordered(world: World) -> None:
    order = store_order(world.space, world.context, neighbouring_store(12), 0)
    assert len(order) > 100
    for config in order[:5]:
        world.space.validate(config)
        assert world.space.check(config, world.context) is None
    scores = [world.final(config) for config in order]
    assert np.mean(scores[:20]) > np.mean(scores[-20:])


def test_a_store_without_scores_gives_no_order(world: World) -> None:
    assert store_order(SPACE, world.context, (), 0) == ()
    assert store_order(SPACE, world.context, [replace(r, score=None) for r in records("a")], 0) == ()


def test_the_same_records_are_ordered_once(world: World) -> None:
    store = tuple(records("a"))
    assert store_order(SPACE, world.context, store, 0) is store_order(SPACE, world.context, list(store), 0)
    assert store_order(SPACE, world.context, store, 0) is not store_order(SPACE, world.context, store, 1)
