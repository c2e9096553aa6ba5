import json
from dataclasses import replace

import pytest
from tuning_world import F1, World, make_context

from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.core.experience import STARTER, Experience
from xautolm_nb.optimize.prior import MAX_SCORED, USUAL_BEST, MetaPrior, weights_of


def build(world: World, experiences: tuple[Experience, ...]) -> MetaPrior:
    return MetaPrior.build(world.context, experiences, world.space, F1)


def test_the_summary_counts_and_names_similar_tasks_first(world: World, store: tuple[Experience, ...]) -> None:
    summary = build(world, store).summary()
    assert summary["experiences"] == summary["used"] == 60
    assert {task["name"] for task in summary["tasks"]} == {"task0", "task1"}
    weights = [task["weight"] for task in summary["tasks"]]
    assert weights == sorted(weights, reverse=True)
    assert all(0 < weight <= 1 for weight in weights)
    best = max(record.score or 0.0 for record in store if record.task_name == "task0")
    [task] = [task for task in summary["tasks"] if task["name"] == "task0"]
    assert task["best_score"] == pytest.approx(best)
    assert "model=" in task["best_config"]
    json.dumps(summary, allow_nan=False)


def test_an_empty_store_has_a_summary_and_no_model(world: World) -> None:
    prior = build(world, ())
    assert prior.summary()["used"] == 0
    assert prior.score is None
    assert prior.best(5) == []


def test_the_summary_says_whether_the_starter_stands_in(world: World, store: tuple[Experience, ...]) -> None:
    shipped = tuple(replace(record, source=f"{STARTER} xautolm_nb 0.1.0") for record in store)
    assert build(world, shipped).summary()["starter"] is True
    assert build(world, store).summary()["starter"] is build(world, ()).summary()["starter"] is False


def test_the_best_cases_come_from_every_task_in_turn(world: World, store: tuple[Experience, ...]) -> None:
    cases = build(world, store).best(6)
    names = [case.experience.task_name for case in cases if case.experience is not None]
    assert sorted(names) == ["task0"] * 3 + ["task1"] * 3
    assert names[0] != names[1]
    scores = [case.curve[-1][1] for case in cases[::2]]
    assert scores == sorted(scores, reverse=True)


def test_the_same_records_are_described_once(world: World, store: tuple[Experience, ...]) -> None:
    space = world.space
    first, second = (MetaPrior.build(world.context, store, space, F1) for _ in range(2))
    assert first is second
    assert MetaPrior.build(world.context, store[:-1], space, F1) is not first


def test_a_large_store_is_cut_to_its_heaviest_rows(world: World, store: tuple[Experience, ...]) -> None:
    many = tuple(replace(record, study=f"{record.study}-{copy}", seed=copy) for copy in range(8) for record in store)
    prior = build(world, many)
    assert len(prior.scored.cases) == MAX_SCORED
    assert prior.summary()["used"] == len(many)


def test_weights_are_computed_once_per_context_and_by_task(store: tuple[Experience, ...]) -> None:
    near, far = make_context(), make_context(rows=400_000, classes=60, largest=0.1)
    records = [replace(store[0], context=context) for context in (near, far, near)]
    weights = weights_of(make_context(), records)
    assert weights[0] == weights[2] == 1.0
    assert weights[1] < 0.5


def test_another_kind_of_task_is_not_used(world: World, store: tuple[Experience, ...]) -> None:
    task = replace(world.context.task, kind="generation", paper=(1.0,) * 11)
    system: SystemMetaFeatures = world.context.system
    foreign = tuple(replace(record, context=replace(record.context, task=task, system=system)) for record in store)
    assert build(world, foreign).cases == ()


def test_the_usual_best_is_that_of_similar_tasks_and_a_guess_without_any(
    world: World, store: tuple[Experience, ...]
) -> None:
    prior = build(world, store)
    best = [max(case.curve[-1][1] for case in prior.scored.cases if case.task == task) for task in (1, 2)]
    assert min(best) <= prior.usual_best <= max(best)
    assert build(world, ()).usual_best == USUAL_BEST
