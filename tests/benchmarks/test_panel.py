"""What is said of the panel's measurements."""

import json
from pathlib import Path

import pytest

from benchmarks.panel import BARS, medians
from benchmarks.summary import Run

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "panel.json"


def steered(task: str, answered: float, seed: int) -> Run:
    return Run(method="steer", task=task, seed=seed, figures={"answered": answered, "done": 3.0})


def test_the_median_counts_and_both_ways_to_resume_are_one() -> None:
    runs = [steered("stop", value, seed) for seed, value in enumerate((0.1, 0.02, 9.0))]
    runs += [steered("resume", 0.2, 0), steered("restart", 0.4, 0)]
    found = medians(runs)
    assert found["stop_answered"] == 0.1 and found["resume_answered"] == pytest.approx(0.3)
    assert "ready" not in found, "what was not measured has no figure"


def test_the_kept_results_are_of_this_benchmark_and_say_how_busy_the_machine_was() -> None:
    kept = json.loads(RESULTS.read_text())
    assert kept["benchmark"] == "panel" and kept["bars"] == BARS
    assert set(kept["load"]) == {"before", "after", "cores"}
    assert {"kernel_mb", "page_mb", "frame_work"} <= set(kept["medians"])
