import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.curves_of import Table, curve_problem, outcome, read_curves, running_best, stored_runs
from benchmarks.problem import HALVING, Problem
from xautolm_nb.core.trial import Outcome, Trial

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("values", "maximize", "expected"),
    [
        ([3.0, 1.0, 2.0], False, [3.0, 1.0, 1.0]),
        ([1.0, NAN, 0.1], False, [1.0, 1.0, 1.0]),  # what comes after a value that is none is not believed
        ([1.0, INF, 0.1], False, [1.0, 1.0, 1.0]),
        ([7.0, 6.0, 4.0], False, [5.0, 5.0, 4.0]),  # capped at 5
        ([NAN, 0.1], False, [5.0, 5.0]),
        ([1.0, 3.0, 2.0], True, [1.0, 3.0, 3.0]),
        ([1.0, NAN, 9.0], True, [1.0, 1.0, 1.0]),
        ([NAN, 9.0], True, [0.0, 0.0]),
        ([31.0], True, [31.0]),  # the cap is for losses
    ],
)
def test_the_running_best_stays_at_the_best_before_a_value_that_is_none(
    values: list[float], maximize: bool, expected: list[float]
) -> None:
    assert running_best(np.array(values), maximize=maximize).tolist() == expected


def test_a_checkpoint_costs_its_share_of_100_seconds() -> None:
    # 4 checkpoints, the first 2: half of 100 s
    found = outcome(np.array([0.9, 0.7, 0.6, 0.5]), 2, at=0.5)
    assert [(p.fidelity, p.score, p.seconds) for p in found.curve] == [(0.25, 0.9, 25.0), (0.5, 0.7, 50.0)]
    assert (found.fidelity, found.measures.seconds) == (0.5, 50.0)


def read(path: Path) -> tuple[Table, Problem]:
    table = read_curves(path)
    return table, curve_problem(table, "b")


def of(problem: Problem, place: int, fidelity: float) -> Outcome:
    return problem.run(Trial(number=0, config=problem.space.only[place], seed=0, maximize=False), fidelity)


def test_a_table_of_losses_is_a_search_downwards_over_its_configurations(curves_table: Path) -> None:
    table, problem = read(curves_table)
    assert table.tasks == ("a", "b", "c") and not table.metric.maximize
    assert len(problem.space.only) == 12
    assert problem.space.names == ("learning_rate", "one_minus_beta1", "one_minus_beta2")
    assert problem.levels == pytest.approx([0.1 * i for i in range(1, 11)])


def test_what_matters_of_a_momentum_is_its_distance_from_1(curves_table: Path) -> None:
    _, problem = read(curves_table)
    # beta1 is .9 in all rows; config_id and the test loss are no hyperparameters
    assert all(config["one_minus_beta1"] == pytest.approx(0.1) for config in problem.space.only)


def test_a_run_that_diverges_is_paid_for_and_keeps_its_best(curves_table: Path) -> None:
    _, problem = read(curves_table)
    # configuration 0 is not finite from its fifth epoch on; its fourth is .2 + .6 x 4.7/12 + .6 exp(-3/2)
    last = 0.2 + 0.6 * 4.7 / 12 + 0.6 * math.exp(-1.5)
    whole = of(problem, 0, 1.0)
    assert [point.score for point in whole.curve][3:] == pytest.approx([last] * 7)
    assert whole.measures.seconds == 100.0 and whole.failure is None
    # configuration 1 goes on falling
    assert len({point.score for point in of(problem, 1, 1.0).curve}) == 10


def test_a_fidelity_takes_the_nearest_checkpoint(curves_table: Path) -> None:
    _, problem = read(curves_table)
    assert len(of(problem, 1, 0.3).curve) == 3
    assert len(of(problem, 1, 0.01).curve) == 1, "no run is shorter than a checkpoint"
    assert problem.rungs(HALVING) == pytest.approx((0.1, 0.3, 1.0))


def test_a_table_of_bleu_is_a_search_upwards_with_words_and_own_lengths(tmp_path: Path) -> None:
    shared = {"task": "fr-en", "max_len": 74, "train_rows": 1000}
    rows = [
        {**shared, "base_model": "bloomz", "lora_rank": 2, "bleu_curve": [18.0, 14.0, 19.0, 12.0]},
        {**shared, "base_model": "t5", "lora_rank": 8, "bleu_curve": [20.0, 21.0]},
    ]
    pd.DataFrame([{**row, "perplexity_curve": row["bleu_curve"]} for row in rows]).to_parquet(tmp_path / "n.parquet")
    problem = curve_problem(read_curves(tmp_path / "n.parquet"), "fr-en")
    assert problem.metric.maximize and problem.space.names == ("base_model", "lora_rank")
    assert problem.levels == (0.25, 0.5, 0.75, 1.0), "of the longest run"
    assert [point.score for point in of(problem, 0, 1.0).curve] == [18.0, 18.0, 19.0, 19.0]
    # a checkpoint of a run of two costs half of 100 s; fidelity .25 is its first, brought to .25
    short = of(problem, 1, 0.25)
    assert (len(short.curve), short.fidelity, short.measures.seconds) == (1, 0.25, 50.0)


def test_a_table_without_a_curve_is_refused_by_its_columns(tmp_path: Path) -> None:
    pd.DataFrame({"task": ["a"], "accuracy_curve": [[0.5]]}).to_parquet(tmp_path / "n.parquet")
    said = r"n\.parquet: expected a column 'valid_loss' or 'bleu_curve' .* columns are 'task', 'accuracy_curve'\."
    with pytest.raises(SystemExit, match=said):
        read_curves(tmp_path / "n.parquet")


def test_stored_runs_are_whole_and_of_their_own_task(curves_table: Path) -> None:
    table, _ = read(curves_table)
    keys = sorted(table.runs["c"])[:3]
    records = stored_runs(table, "c", keys)
    assert [record.config for record in records] == [table.runs["c"][key][0] for key in keys]
    assert [record.score for record in records] == [table.runs["c"][key][1][-1] for key in keys]
    assert {(r.task_name, r.fidelity, r.seconds, len(r.curve)) for r in records} == {("c", 1.0, 100.0, 10)}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "tasks", "runs", "levels"), [("taskset_text", 8, 1000, 51), ("nmtlc_fr-en", 1, 162, None)]
)
def test_the_recorded_curves_are_those_of_the_study(
    shared: Path, name: str, tasks: int, runs: int, levels: int | None
) -> None:
    table = read_curves(shared / "benchmarks" / f"{name}.parquet")
    assert len(table.tasks) == tasks and {len(task) for task in table.runs.values()} == {runs}
    if levels:
        assert {len(values) for task in table.runs.values() for _, values in task.values()} == {levels}
    else:
        assert max(v[-1] for _, v in table.runs["fr-en"].values()) == pytest.approx(31.36, abs=0.005)
