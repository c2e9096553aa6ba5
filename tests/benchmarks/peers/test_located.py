from dataclasses import replace
from typing import Any

import numpy as np
from worlds import CONTEXT

from benchmarks.peers.located import Located
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Trial, TrialState


def test_the_store_is_split_by_task_and_told_failures(conditional: Any) -> None:
    others = [replace(record, task_name="third") for record in conditional.experiences[:6]]
    rows = Located(conditional, 300).stored([*conditional.experiences, *others], seed=0)
    assert [len(task.x) for task in rows] == [20, 6]
    assert rows[0].ok.sum() == len(rows[0].gains) == len(rows[0].scored)
    assert not rows[0].ok.all()


def test_no_more_rows_of_a_task_than_asked_for(conditional: Any) -> None:
    assert [len(task.x) for task in Located(conditional, 7).stored(conditional.experiences, seed=0)] == [7]


def test_what_cannot_be_described_is_skipped(conditional: Any) -> None:
    strange = [replace(r, config={**r.config, "model": "nobody/knows"}) for r in conditional.experiences[:3]]
    assert Located(conditional, 300).stored(strange, seed=0) == []


def test_records_of_another_metric_or_of_cut_runs_do_not_count(quadratic: Any) -> None:
    problem = quadratic(4, stored=6)
    cut = [replace(record, fidelity=0.5) for record in problem.experiences]
    other = [replace(record, metric=quadratic(1, maximize=False).metric) for record in problem.experiences]
    assert Located(problem, 300).stored([*cut, *other], seed=0) == []


def test_own_trials_are_rows_once_they_end(conditional: Any) -> None:
    located = Located(conditional, 300)
    known = [c for c, _ in zip(*located.offered(conditional.space.only, CONTEXT), strict=True)]
    good = Trial(
        number=0, config=known[0], seed=0, state=TrialState.COMPLETE, fidelity=1.0,
        curve=(CurvePoint(fidelity=1.0, score=0.6, seconds=1.0),),
    )  # fmt: skip
    why = Failure(kind=FailureKind.TIMEOUT, message="late")
    bad = Trial(number=1, config=known[1], seed=0, state=TrialState.FAILED, failure=why)
    waiting = Trial(number=2, config=known[2], seed=0)
    rows = located.target([good, bad, waiting], CONTEXT)
    assert rows is not None
    assert rows.ok.tolist() == [True, False]
    assert np.allclose(rows.gains, [0.6])
    assert located.target([waiting], CONTEXT) is None
