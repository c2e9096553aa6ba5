import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.methods import build
from benchmarks.overhead import Cell, main, measure, planned, remember
from benchmarks.problem import Problem
from benchmarks.simulated import sampled


def test_a_tiny_run_writes_all_that_was_measured(
    known_table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    main(f"--data {known_table} --trials 5 --experiences 0,20 --repeats 2 --threads 1 --json {out}".split())
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


def test_a_study_of_optuna_knows_the_trials_it_is_timed_with(made_up: Problem) -> None:
    pytest.importorskip("optuna")
    trials = sampled(made_up, 8, np.random.default_rng(4), paused=0.0)
    peer = build("optuna_tpe", made_up)
    remember(peer, made_up, trials)
    known = peer._study.trials  # type: ignore[attr-defined]
    assert len(known) == 8
    scores = [trial.score for trial in trials if trial.score is not None]
    assert [t.value for t, own in zip(known, trials, strict=True) if own.score is not None] == pytest.approx(scores)
    assert peer.propose(made_up.context, (), trials, seed=0) is not None


def test_a_peer_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(SystemExit, match="'smac' cannot be timed"):
        planned("5", "0", "random,smac")


def test_a_peer_is_timed_in_the_same_way(known_table: Path) -> None:
    pytest.importorskip("optuna")
    timing = measure(Cell(method="optuna_tpe", trials=5, experiences=0), str(known_table), 2, torch.get_num_threads())
    assert timing.distinct == 3
    assert timing.thaws == 0
