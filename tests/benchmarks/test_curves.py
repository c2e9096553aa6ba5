import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import curves
from benchmarks.curves_of import Table, read_curves
from benchmarks.problem import Problem, Step
from xautolm_nb.core.task import Metric
from xautolm_nb.space import Float, SearchSpace

MakeLine = Callable[..., Problem]
MakeStep = Callable[..., Step]
Read = Callable[[Path], dict[str, Any]]
LOSS = Metric(name="loss", maximize=False)
LN2 = math.log(2)


def of_finals(*finals: float, metric: Metric = LOSS) -> Table:
    space = SearchSpace(name="s", parameters=(Float(name="a", low=0.0, high=1.0, default=0.5),), models={})
    runs = {str(i): ({"a": i / 10}, np.array([value])) for i, value in enumerate(finals)}
    return Table(metric=metric, space=space, runs={"t": runs})


def test_regret_after_budgets_by_hand(step: MakeStep, line: MakeLine) -> None:
    # the best of the task is ln 2 / 4; a coin has ln 2. Clocks in full runs of 100 s: 1, 2, 2.5 and 5
    steps = [
        step(0, 2.0, seconds=100, hours=100 / 3600),  # worse than a coin
        step(1, LN2 / 2, seconds=100, hours=200 / 3600),
        step(2, LN2 / 4, seconds=50, hours=250 / 3600, fidelity=0.5),
        step(2, LN2 / 4, seconds=100, hours=500 / 3600),
    ]
    found = curves.figures(steps, line(metric=LOSS), of_finals(LN2 / 4, 0.5, 5.0), "t", (1, 2, 5))
    assert found["regret@1"] == 1.0
    # (ln2/2 - ln2/4) / (ln2 - ln2/4) = 1/3: what ends with the budget counts
    assert found["regret@2"] == pytest.approx(1 / 3)
    assert found["regret@5"] == pytest.approx(0.0)
    assert (found["begun"], found["finished"]) == (3.0, 3.0)


def test_regret_of_a_score_spans_the_worst_to_the_best_end(step: MakeStep, line: MakeLine) -> None:
    problem = line(metric=Metric(name="bleu"))
    steps = [step(0, 25.0, seconds=100, hours=100 / 3600)]
    found = curves.figures(steps, problem, of_finals(10.0, 30.0, 20.0, metric=problem.metric), "t", (1, 2))
    # (30 - 25) / (30 - 10)
    assert found == pytest.approx({"regret@1": 0.25, "regret@2": 0.25, "begun": 1.0, "finished": 1.0})


def test_where_no_run_beats_a_coin_regret_spans_the_worst_to_the_best_end(step: MakeStep, line: MakeLine) -> None:
    steps = [step(0, 1.5, seconds=100, hours=100 / 3600)]
    found = curves.figures(steps, line(metric=LOSS), of_finals(1.0, 1.5, 3.0), "t", (1,))
    # (1.5 - 1) / (3 - 1)
    assert found["regret@1"] == pytest.approx(0.25)


def test_a_thin_store_draws_thirty_of_each_other_task_and_a_full_one_takes_all(
    curves_table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = read_curves(curves_table)
    assert curves._THIN == 30
    monkeypatch.setattr(curves, "_THIN", 5)
    thin = [curves.make_store(recorded, "b", "thin", seed) for seed in (0, 0, 1)]
    assert [Counter(r.task_name for r in store) for store in thin] == [{"a": 5, "c": 5}] * 3
    assert thin[0] == thin[1] != thin[2], "a seed is a draw"
    assert Counter(r.task_name for r in curves.make_store(recorded, "b", "full", 0)) == {"a": 12, "c": 12}
    assert curves.make_store(recorded, "b", "none", 0) == []


@pytest.mark.parametrize("how", ["inverted", "permuted"])
def test_a_misleading_store_keeps_the_outcomes_of_each_task(curves_table: Path, how: str) -> None:
    recorded = read_curves(curves_table)
    honest, found = (curves.make_store(recorded, "b", name, 0) for name in ("full", how))
    for task in ("a", "c"):
        truth = {str(r.config): r.score for r in honest if r.task_name == task}
        told = {str(r.config): r.score for r in found if r.task_name == task}
        assert truth.keys() == told.keys() and sorted(truth.values()) == sorted(told.values())
        same = np.corrcoef([truth[key] for key in truth], [told[key] for key in truth])[0, 1]
        if how == "inverted":  # the best configuration has the worst outcome, and so on
            order = sorted(truth, key=lambda key: truth[key])
            assert [told[key] for key in order] == sorted(truth.values(), reverse=True)
        assert same < (-0.7 if how == "inverted" else 0.7)
    assert all(record.curve[-1].score == record.score for record in found)


def call(table: Path, out: Path, *more: str) -> None:
    curves.main(["--data", str(table), "--methods", "random,best_of_store,hyperband", "--seeds", "2", "--budget", "5",
                 "--processes", "1", "--json", str(out), *more])  # fmt: skip


def test_a_made_up_table_is_searched_and_what_was_run_is_not_run_again(
    curves_table: Path,
    tmp_path: Path,
    written: Read,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out.json"
    call(curves_table, out)
    document = written(out)
    assert document["machine"]["cores"] and document["versions"]["torch"]
    assert document["settings"] == {
        "data": "taskset_made_up.parquet", "store": "thin", "budgets": [2, 5], "tasks": "all"
    }  # fmt: skip
    assert len(document["runs"]) == 2 * 3 * 3
    for run in document["runs"]:
        figures = run["figures"]
        assert set(figures) == {"regret@2", "regret@5", "begun", "finished"}
        assert 0.0 <= figures["regret@5"] <= figures["regret@2"] <= 1.0
        whole = run["method"] != "hyperband"
        assert figures["begun"] == figures["finished"] == 5.0 if whole else figures["begun"] > figures["finished"]
    mean = document["summary"]["best_of_store"]["mean"]["regret@5"]
    assert mean["n"] == 2 and mean["low"] <= mean["mean"] <= mean["high"]
    assert "random - hyperband:" in capsys.readouterr().out

    monkeypatch.setattr(curves, "search", lambda *_, **__: pytest.fail("a run that was done is run again"))
    call(curves_table, out)
    assert written(out)["runs"] == document["runs"]
    with pytest.raises(SystemExit, match='store: "thin" there, "none" now'):
        call(curves_table, out, "--store", "none")
    with pytest.raises(SystemExit, match=r'tasks: "all" there, \["a", "c"\] now'):
        call(curves_table, out, "--tasks", "c,a")
    with pytest.raises(pytest.fail.Exception, match="run again"):
        call(curves_table, tmp_path / "none.json", "--store", "none")


def test_an_unknown_method_ends_it_before_anything_is_run(curves_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no method 'ashy'\. There are: ours, .*asha_store"):
        call(curves_table, tmp_path / "out.json", "--methods", "random,ashy")
    assert not (tmp_path / "out.json").exists()


def test_an_unknown_task_ends_it_before_anything_is_run(curves_table: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no task 'z' in the table\. There are: a, b, c\."):
        call(curves_table, tmp_path / "out.json", "--tasks", "a,z")
    assert not (tmp_path / "out.json").exists()
