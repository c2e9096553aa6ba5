"""`kill -9` in the middle, at several moments: nothing finished is lost, the interrupted trial goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tiny import tiny_frame

from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.store import ExperienceStore

Moment = Callable[[StudyRecord, list[Trial]], bool]

MOMENTS: dict[str, Moment] = {
    "before the first trial": lambda record, trials: record.message == "starting" and not trials,
    "as the first trial loads": lambda record, trials: any(trial.state is TrialState.RUNNING for trial in trials),
    "as a trial trains": lambda record, trials: record.progress is not None and record.progress.step > 3,
    "after two trials came back": lambda record, trials: sum(bool(trial.curve) for trial in trials) >= 2,
    "after a trial is complete": lambda record, trials: any(trial.state is TrialState.COMPLETE for trial in trials),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_search_is_taken_up_again_with_nothing_lost(moment: str, tmp_path: Path, tiny_model: Path) -> None:
    tiny_frame(1500).to_csv(tmp_path / "data.csv", index=False)
    environment = {**os.environ, "XAUTOLM_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "xautolm_nb"]
    options = ["--text", "text", "--label", "label", "--models", str(tiny_model), "--budget", "60s"]
    with subprocess.Popen(
        [*command, "start", str(tmp_path / "data.csv"), *options, "--max-trials", "4"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as search:  # fmt: skip
        try:
            _wait_for(tmp_path / "home", MOMENTS[moment])
            workers = psutil.Process(search.pid).children(recursive=True)
        finally:
            search.send_signal(signal.SIGKILL)
    before = _trials(tmp_path / "home")
    _, alive = psutil.wait_procs(workers, timeout=15)
    assert not alive, "the worker outlived the process that started it"

    done = subprocess.run(
        [*command, "resume", "--json"], env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["state"] == "finished", said["message"]
    after = _trials(tmp_path / "home")
    assert {
        number: trial for number, trial in after.items() if number in before and before[number].state.is_finished
    } == {number: trial for number, trial in before.items() if trial.state.is_finished}
    for number, trial in before.items():
        assert after[number].config == trial.config
        assert after[number].curve[: len(trial.curve)] == trial.curve
        assert after[number].state is not TrialState.RUNNING
    assert said["complete"] >= 1
    with ExperienceStore.open(tmp_path / "home") as store:
        numbers = [experience.trial for experience in store.experiences()]
        assert sorted(numbers) == sorted(set(numbers))
        assert store.doctor() == []


def _wait_for(home: Path, moment: Moment) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.05)
        if not (home / "store.sqlite").exists():
            continue
        with ExperienceStore.open(home) as store:
            studies = store.studies()
            if studies and moment(studies[0], store.trials(studies[0].id)):
                return
    raise AssertionError("the moment never came")


def _trials(home: Path) -> dict[int, Trial]:
    with ExperienceStore.open(home) as store:
        return {trial.number: trial for trial in store.trials(store.study("last").id)}
