from datetime import datetime
from typing import Any

import pytest
from contracts.store import a_context, a_failure, an_experience

from xautolm_nb.store.cells import flat_row, read_row

CONTEXTS = {"reviews": a_context()}


def a_row(**changes: Any) -> dict[str, Any]:
    row = {"task": "reviews", "score": "0.5", "seconds": "3", "hp_epochs": "2"} | changes
    return {name: value for name, value in row.items() if value is not None}


def test_cells_become_typed_values() -> None:
    row = a_row(
        hp_rate="1e-4",
        hp_workers="3/4",
        hp_cased="True",
        model="tiny",
        method="lora",
        seed="3",
        trial=4.0,
        maximize="false",
        metric="loss",
        metrics='{"accuracy": 0.7, "other": null}',
    )
    found = read_row(row, CONTEXTS, source="t.csv")
    assert found.config == {
        "epochs": 2,
        "rate": 1e-4,
        "workers": "3/4",
        "cased": True,
        "model": "tiny",
        "method": "lora",
    }
    assert (found.score, found.seconds, found.seed, found.trial, found.source) == (0.5, 3.0, 3, 4, "t.csv")
    assert (found.metric.name, found.metric.maximize, found.context) == ("loss", False, a_context())


def test_a_configuration_may_be_one_json_object() -> None:
    found = read_row(
        a_row(config='{"epochs": 3, "optimizer": "sgd", "rank": null}', hp_epochs=None), CONTEXTS, source=""
    )
    assert found.config == {"epochs": 3, "optimizer": "sgd"}


def test_a_row_may_bring_its_own_context() -> None:
    row = a_row(
        task="new", task_features=str([1.0] * 11), system_features=[4.0, 8.0, 3.0, 16.0, 24.0], kind="generation"
    )
    context = read_row(row, {}, source="").context
    assert (context.task.kind, len(context.task.paper)) == ("generation", 11)
    assert (context.system.memory_gib, context.system.gpu_memory_gib) == (16.0, 24.0)


def test_a_failure_needs_no_score() -> None:
    found = read_row(a_row(score=None, failure="timeout", message="too late"), CONTEXTS, source="")
    assert found.failure is not None and (found.failure.kind, found.failure.message) == ("timeout", "too late")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024-10-28 08:36:03", "2024-10-28T08:36:03+00:00"),
        ("2024-10-28T10:36:03+02:00", "2024-10-28T08:36:03+00:00"),
        (datetime(2024, 10, 28), "2024-10-28T00:00:00+00:00"),
        (None, ""),
    ],
)
def test_moments_are_kept_in_utc(given: Any, expected: str) -> None:
    assert read_row(a_row(created_at=given), CONTEXTS, source="").created_at == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task": None}, "'task' is empty"),
        ({"score": None}, "neither a score nor a failure"),
        ({"score": "high"}, "score 'high' is not a number"),
        ({"score": "inf"}, "score is infinite"),
        ({"score": "nan"}, "neither a score nor a failure"),
        ({"seconds": "-1"}, "negative"),
        ({"fidelity": "1.5"}, "fidelity"),
        ({"failure": "oom"}, "'oom' is not one of"),
        ({"hp_epochs": None}, "no configuration"),
        ({"hp_epochs": "nan"}, "'epochs' is not a finite"),
        ({"hp_epochs": [1]}, "neither text"),
        ({"config": "{"}, "config is not JSON"),
        ({"config": "[1]"}, "config is not a JSON object"),
        ({"task": "unheard"}, "no context of task 'unheard'"),
        ({"task_features": "[1]", "system_features": "[1]"}, "list of 10"),
        ({"task_features": [1.0] * 10, "system_features": [None] * 5}, "system_features"),
        ({"task_features": [1.0] * 10, "system_features": [1.0] * 5, "kind": "dance"}, "kind 'dance'"),
        ({"seed": "1.5"}, "whole"),
        ({"maximize": "maybe"}, "neither true nor false"),
        ({"created_at": "yesterday"}, "created_at .yesterday. is not a date"),
        ({"body": "{}"}, "missing"),
    ],
)
def test_a_bad_cell_is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_row(a_row(**changes), CONTEXTS, source="")


def test_a_flat_row_reads_back_whole() -> None:
    for experience in (an_experience(curve=(), seed=1), a_failure(), a_failure(fidelity=0.0)):
        assert read_row(flat_row(experience), {}, source="") == experience


def test_a_body_that_was_changed_is_refused() -> None:
    row = flat_row(an_experience())
    with pytest.raises(ValueError, match="changed"):
        read_row(row | {"body": row["body"].replace("0.75", "0.95")}, {}, source="")
