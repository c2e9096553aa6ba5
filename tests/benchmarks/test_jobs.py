import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.jobs import Job, run_jobs
from benchmarks.summary import Findings, read_runs

JOBS: list[Job] = [(method, task, seed) for seed in (0, 1) for task in ("t", "u") for method in ("ours", "random")]
SETTINGS = {"pool": "full"}


def by_length(job: Job) -> Mapping[str, float]:
    return {"regret": len(job[0]) + job[2], "process": os.getpid()}


def in_detail(job: Job) -> Findings:
    return Findings(figures={"regret": 0.5}, details={"curve": [[0.0, 0.25 + job[2]]], "chosen": None})


def leave(job: Job) -> Mapping[str, float]:
    raise SystemExit(f"{job[0]} needs a library that is not here")


class Counting:
    """Counts what it is asked for, and stops after some."""

    def __init__(self, most: int = 100) -> None:
        self.asked: list[Job] = []
        self.most = most

    def __call__(self, job: Job) -> Mapping[str, float]:
        if len(self.asked) == self.most:
            raise KeyboardInterrupt
        self.asked.append(job)
        return {"regret": float(len(job[0]) + job[2])}


@pytest.mark.parametrize("processes", [1, 2])
def test_runs_come_in_the_order_of_the_jobs_however_many_processes_do_them(processes: int) -> None:
    runs = run_jobs("test", JOBS, by_length, settings=SETTINGS, out=None, processes=processes)
    assert [run.key for run in runs] == JOBS
    assert [run.figures["regret"] for run in runs] == [len(method) + seed for method, _, seed in JOBS]
    here = [run.figures["process"] == os.getpid() for run in runs]
    assert all(here) if processes == 1 else not any(here)


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    out = str(tmp_path / "out.json")
    first, second = Counting(), Counting()
    run_jobs("test", JOBS[:4], first, settings=SETTINGS, out=out, processes=1)
    runs = run_jobs("test", JOBS, second, settings=SETTINGS, out=out, processes=1)
    assert (first.asked, second.asked) == (JOBS[:4], JOBS[4:]) and [run.key for run in runs] == JOBS


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("test", {"pool": "clean"}, 'pool: "full" there, "clean" now'),
        ("test", {**SETTINGS, "tasks": ("t", "u")}, 'tasks: nothing there, ["t", "u"] now'),
        ("test", {**SETTINGS, "rows": None}, "rows: nothing there, null now"),
        ("test", {}, 'pool: "full" there, nothing now'),
        ("more", {"pool": None}, 'benchmark: "test" there, "more" now; pool: "full" there, null now'),
    ],
)
def test_results_of_other_settings_are_not_written_over(
    tmp_path: Path, name: str, settings: Mapping[str, Any], told: str
) -> None:
    out = tmp_path / "out.json"
    run_jobs("test", JOBS, Counting(), settings=SETTINGS, out=str(out), processes=1)
    before, asked = out.read_bytes(), Counting()
    with pytest.raises(SystemExit) as caught:
        run_jobs(name, JOBS, asked, settings=settings, out=str(out), processes=1)
    expected = f"{out} holds results of other settings ({told}). Choose another file for --json."
    assert str(caught.value) == expected
    assert asked.asked == [] and out.read_bytes() == before


def test_a_stopped_benchmark_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.jobs._SAVE_EVERY", 0.0)
    out = str(tmp_path / "out.json")
    with pytest.raises(KeyboardInterrupt):
        run_jobs("test", JOBS, Counting(most=3), settings=SETTINGS, out=out, processes=1)
    rest = Counting()
    run_jobs("test", JOBS, rest, settings=SETTINGS, out=out, processes=1)
    assert rest.asked == JOBS[3:]


def test_runs_of_other_methods_and_seeds_stay_in_the_file(tmp_path: Path) -> None:
    out = str(tmp_path / "out.json")
    run_jobs("test", JOBS, Counting(), settings=SETTINGS, out=out, processes=1)
    fewer = [job for job in JOBS if job[0] == "random"]
    runs = run_jobs("test", fewer, Counting(), settings=SETTINGS, out=out, processes=1)
    assert [run.key for run in runs] == fewer
    assert sorted(run.key for run in read_runs(out, SETTINGS)) == sorted(JOBS)


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_run_keeps_beside_its_figures_comes_back(tmp_path: Path, processes: int) -> None:
    out = str(tmp_path / "out.json")
    run_jobs("test", JOBS[:6], in_detail, settings=SETTINGS, out=out, processes=processes)
    run_jobs("test", JOBS, Counting(), settings=SETTINGS, out=out, processes=1)
    kept = {run.key: run.details for run in read_runs(out, SETTINGS)}
    assert [kept[job] for job in JOBS[:6]] == [in_detail(job).details for job in JOBS[:6]]
    assert kept[JOBS[6]] == {} and '"details": {}' not in Path(out).read_text()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_job_that_leaves_the_program_ends_it_with_its_line(processes: int) -> None:
    first = "ours" if processes == 1 else "(ours|random)"  # of two processes either may be first
    with pytest.raises(SystemExit, match=f"^{first} needs a library that is not here"):
        run_jobs("test", JOBS, leave, settings=SETTINGS, out=None, processes=processes)
