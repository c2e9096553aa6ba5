import json
from pathlib import Path

import pytest
from tiny import tiny_frame

from benchmarks import worker
from benchmarks.summary import Run


def test_the_share_is_of_a_trial_of_the_given_length() -> None:
    figures = [{"cpu_seconds": 2.0, "wall_seconds": 3.0}, {"cpu_seconds": 1.0, "wall_seconds": 1.0}]
    runs = [Run(method="worker", task="t", seed=seed, figures=cell) for seed, cell in enumerate(figures)]
    found = worker.summary(runs, 60.0)
    assert found["share"] == 0.025 and found["trials"] == 2


@pytest.mark.filterwarnings("ignore")
def test_a_sequence_of_trials_is_measured(tiny_model: Path, tmp_path: Path) -> None:
    tiny_frame(200).to_csv(tmp_path / "words.csv", index=False)
    file = tmp_path / "out.json"
    options = ["--data", str(tmp_path / "words.csv"), "--model", str(tiny_model), "--trials", "2"]
    worker.main([*options, "--json", str(file)])
    first, second = json.loads(file.read_text())["runs"]
    assert first["figures"]["cpu_seconds"] > second["figures"]["cpu_seconds"] > 0  # the first one spawns
    assert str(tmp_path) not in file.read_text()
