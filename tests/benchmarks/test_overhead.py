import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.methods import build
from benchmarks.overhead import Cell, carried_out, main, make_problem, measure, planned, remember, sampled, stored
from benchmarks.problem import Problem
from benchmarks.recorded import read_trials
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import TrialState
from xautolm_nb.optimize.optimizer import DEFAULT_RUNGS
from xautolm_nb.space import original_space


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A table of twenty recorded trials of two known tasks, every fifth of them out of memory."""
    rng = np.random.default_rng(0)
    path = tmp_path / "trials.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["task", "score", "seconds", "failure", "message", "space", "config", "created_at"])
        for number in range(20):
            config = json.dumps(original_space().sample(rng))
            end = ["", "", "out_of_memory", "no memory"] if number % 5 == 0 else [0.6, 300.0 + number, "", ""]
            when = f"2024-10-28T{number:02}:00:00+00:00"
            rows.writerow([("sst2", "meld")[number % 2], *end, "xautolm-original/1", config, when])
    return path


@pytest.fixture
def problem(data: Path) -> Problem:
    return make_problem(read_trials(data), 20, np.random.default_rng(0))


def test_a_tiny_run_writes_all_that_was_measured(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    main(f"--data {data} --trials 5 --experiences 0,20 --repeats 2 --threads 1 --json {out}".split())
    document = json.loads(out.read_text())
    assert {"date", "machine", "versions", "settings", "cells"} <= document.keys()
    assert document["settings"]["data"] == "trials.csv"
    cells = document["cells"]
    assert [(c["method"], c["trials"], c["experiences"]) for c in cells] == [
        ("ours", 5, 0),
        ("ours", 5, 20),
    ]
    for cell in cells:
        assert len(cell["seconds"]) == 2
        times = [cell["first"], cell["median"], cell["p90"], *cell["seconds"]]
        assert all(math.isfinite(value) and value > 0 for value in times)
        assert cell["median"] <= cell["p90"]
        assert cell["distinct"] > 1
        assert 50 < cell["base_mib"] <= cell["peak_mib"]
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(cells)


def test_trials_stand_in_the_shares_of_a_study(problem: Problem) -> None:
    trials = sampled(problem, 40, np.random.default_rng(1))
    states = [trial.state for trial in trials]
    assert [states.count(s) for s in (TrialState.PAUSED, TrialState.COMPLETE, TrialState.FAILED)] == [24, 12, 4]
    assert [trial.number for trial in trials] == list(range(40))
    for trial in trials:
        problem.space.validate(trial.config)
        assert [point.fidelity for point in trial.curve] == [r for r in DEFAULT_RUNGS if r <= trial.fidelity]
        assert all(0.0 < point.score < 1.0 for point in trial.curve)
        assert trial.seconds > 0


def test_a_store_has_new_contents_on_many_tasks(data: Path) -> None:
    records = [record.experience for task in read_trials(data).values() for record in task]
    made = stored(records, 120, np.random.default_rng(2))
    assert len({record.id for record in made} - {record.id for record in records}) == 120
    assert len({record.task_name for record in made}) == len({record.context.task.paper for record in made}) == 3


@pytest.mark.parametrize("thaw", [False, True])
def test_every_proposal_leaves_one_more_trial(problem: Problem, thaw: bool) -> None:
    rng = np.random.default_rng(3)
    trials = sampled(problem, 10, rng)
    paused = next(trial for trial in trials if trial.state is TrialState.PAUSED)
    config = paused.config if thaw else problem.space.sample(rng)
    proposal = Proposal(config=config, fidelity=1.0, thaw=paused.number if thaw else None)
    after = carried_out(problem, trials, proposal, rng)
    assert sorted(trial.number for trial in after) == list(range(11))
    done = next(trial for trial in after if trial.number == (paused.number if thaw else 10))
    assert (done.state, done.config) == (TrialState.COMPLETE, dict(config))


def test_a_study_of_optuna_knows_the_trials_it_is_timed_with(problem: Problem) -> None:
    pytest.importorskip("optuna")
    trials = sampled(problem, 8, np.random.default_rng(4), paused=0.0)
    peer = build("optuna_tpe", problem)
    remember(peer, problem, trials)
    known = peer._study.trials  # type: ignore[attr-defined]
    assert len(known) == 8
    scores = [trial.score for trial in trials if trial.score is not None]
    assert [t.value for t, own in zip(known, trials, strict=True) if own.score is not None] == pytest.approx(scores)
    assert peer.propose(problem.context, (), trials, seed=0) is not None


def test_a_peer_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(SystemExit, match="'smac' cannot be timed"):
        planned("5", "0", "random,smac")


def test_a_peer_is_timed_in_the_same_way(data: Path) -> None:
    pytest.importorskip("optuna")
    timing = measure(Cell(method="optuna_tpe", trials=5, experiences=0), str(data), 2, torch.get_num_threads())
    assert timing.distinct == 3
    assert timing.thaws == 0
