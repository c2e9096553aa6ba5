import json
from pathlib import Path

import pytest
from tiny import tiny_frame

from benchmarks import training
from benchmarks.summary import Run


def test_ratios_are_between_runs_of_one_seed() -> None:
    rates = {"ours": (4.0, 9.0), "trainer": (2.0, 3.0)}
    runs = [
        Run(
            method=method, task="t", seed=seed,
            figures={"rows_per_second": 1.0, "rows_per_cpu_second": rate, "score": 0.5 + seed * (method == "ours")},
        )
        for method, values in rates.items() for seed, rate in enumerate(values)
    ]  # fmt: skip
    found = training.ratios(runs)["t ours / trainer"]
    assert found["speed"].mean == pytest.approx(2.5) and found["score"].mean == pytest.approx(0.5)


@pytest.mark.filterwarnings("ignore")
def test_every_way_trains_the_same_rows(tiny_model: Path, tmp_path: Path) -> None:
    tiny_frame(200).to_csv(tmp_path / "words.csv", index=False)
    file = tmp_path / "out.json"
    options = ["--data", str(tmp_path / "words.csv"), "--model", str(tiny_model), "--rows", "64", "--epochs", "1"]
    training.main([*options, "--seeds", "1", "--padded", "32", "--json", str(file)])
    found = json.loads(file.read_text())
    assert {run["method"] for run in found["runs"]} == {"padded", "trainer", "float32", "ours"}
    assert all(run["figures"]["rows_per_cpu_second"] > 0 for run in found["runs"])
    assert found["settings"]["second_tokenising"]["words.csv"] < 1.0
