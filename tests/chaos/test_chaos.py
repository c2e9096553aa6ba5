"""A short campaign on every run of the tests, and the witnesses themselves: they must notice what is lost."""

import json
import sys
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from chaos import campaign, ledger, world
from chaos.faults import FAULTS
from xautolm_nb.core.events import TrialFinished
from xautolm_nb.core.trial import CurvePoint, Trial, TrialState

DONE = Trial(
    number=3, config={"a": 1}, seed=0, state=TrialState.COMPLETE, fidelity=1.0,
    curve=(CurvePoint(fidelity=0.25, score=0.5, seconds=1.0), CurvePoint(fidelity=1.0, score=0.6, seconds=4.0)),
)  # fmt: skip
HALF = replace(DONE, state=TrialState.PAUSED, fidelity=0.25, curve=DONE.curve[:1])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="signals and a fork server are needed")
def test_twenty_faults_lose_nothing(tmp_path: Path) -> None:
    out = StringIO()
    figures = campaign.campaign(20, 0, tmp_path / "chaos.json", out, real=0.0)
    assert figures["injected"] == 20
    assert campaign.is_good(figures), out.getvalue()
    said = StringIO()
    assert campaign.campaign(20, 0, tmp_path / "chaos.json", said, real=0.0) == figures, "it goes on where it was"


def test_a_plan_is_the_same_for_the_same_seed_and_strikes_with_every_kind() -> None:
    plan = campaign.plan(200, 0)
    assert plan == campaign.plan(200, 0) != campaign.plan(200, 1)
    counts = Counter(fault for case in plan for fault in case.faults)
    assert counts.total() == 200 and set(counts) == set(FAULTS)
    assert min(counts.values()) > 8
    assert sum(len(case.faults) for case in plan if case.kind == "real") == 12


def said(*trials: Trial, path: Path) -> list[dict[str, object]]:
    hear = ledger.witness(path)
    for trial in trials:
        hear(TrialFinished(trial=trial))
    return ledger.read(path)


def test_the_witness_notices_what_is_lost_changed_or_done_twice(tmp_path: Path) -> None:
    entries = said(HALF, DONE, path=tmp_path / "ledger")
    assert ledger.compare(entries, [DONE]) == ([], [])
    assert ledger.compare(entries, [])[0] == ["trial 3 is gone"] * 2
    assert "has changed: ['seed']" in ledger.compare(entries, [replace(DONE, seed=9)])[0][0]
    assert "lost a part of its curve" in ledger.compare(entries[:1], [replace(DONE, curve=())])[0][0]
    assert ledger.compare([*entries, entries[1]], [DONE])[1] == ["trial 3 came back after it had ended"]


def test_a_line_that_was_torn_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    said(HALF, path=path)
    with path.open("ab") as file:
        file.write(b'{"number": 4, "st')
    assert [entry["number"] for entry in ledger.read(path)] == [3]


def test_a_curve_of_another_configuration_is_noticed() -> None:
    whole = world.whole_run(DONE)
    good = replace(DONE, curve=whole.curve)
    assert world.wrong_scores([good]) == []
    assert "not its own" in world.wrong_scores([replace(good, config={"a": 2})])[0]
    assert "not its own" in world.wrong_scores([replace(good, curve=(*whole.curve, whole.curve[0]))])[0]
    assert "without its last" in world.wrong_scores([replace(good, curve=whole.curve[:1])])[0]


def test_the_figures_become_a_table() -> None:
    results = [campaign.Result("a", "worker", ["disk full", "disk full"], trials=9, starts=2, resumed=True)]
    figures = campaign.summary(results, 2, 0)
    assert "| disk full | 2 |" in campaign.table(figures)
    assert campaign.is_good(figures) and json.dumps(figures)
    results[0].lost.append("trial 1 is gone")
    assert not campaign.is_good(campaign.summary(results, 2, 0))
