"""Two workers with real processes on a CPU: beside each other, apart in failure, both kept by a stop or a kill."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hall import until
from tiny import tiny_frame

from xautolm_nb.core.config import config_key
from xautolm_nb.core.events import Event, TrialFinished, TrialProgress
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.session import Session, start_session
from xautolm_nb.store import ExperienceStore

pytestmark = pytest.mark.slow
LONG = {"max_epochs": 100, "rungs": (1.0,), "methods": ("full",), "test": 0.0}
"""Trials that go on until a test has seen enough."""


@pytest.fixture
def session(tiny_model: Path) -> Iterator[Session]:
    options = {**LONG, "models": str(tiny_model), "budget": "200s", "workers": 2, "device": "cpu"}
    with ExperienceStore.open() as store:
        session = start_session(tiny_frame(4000), store=store, options=options)
        yield session
        if session.is_running_here:
            session.stop()
            session.wait(60)


def workers() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [process for process in found if "xautolm_nb.run.worker" in " ".join(process.cmdline())]


def test_two_trials_train_at_once_one_dies_the_other_goes_on_and_a_stop_keeps_both(session: Session) -> None:
    events: list[Event] = []
    session.subscribe(events.append)
    until(lambda: _training(events) >= {0, 1}, 150)
    assert not any(isinstance(event, TrialFinished) for event in events), "both were at work at once"
    busy = workers()
    assert len(busy) == 2 and all(worker.environ()["XAUTOLM_WORKERS"] == "2" for worker in busy)

    busy[0].kill()
    until(lambda: any(isinstance(event, TrialFinished) for event in events), 60)
    (dead,) = [event.trial for event in events if isinstance(event, TrialFinished)]
    assert dead.state is TrialState.FAILED and dead.failure is not None
    alive = 1 - dead.number
    del events[:]
    until(lambda: _training(events) >= {alive, 2}, 150)

    session.stop()
    session.wait(90)
    trials = {trial.number: trial for trial in session.store.trials(session.id)}
    for number in (alive, 2):
        assert (trials[number].state, trials[number].checkpoint) == (TrialState.PAUSED, True)
        assert (Path(session.record.folder) / "trials" / f"{number:04d}" / "checkpoint" / "state.json").exists()
    assert len({config_key(trial.config) for trial in trials.values()}) == len(trials) == 3
    assert workers() == []


def test_a_killed_search_takes_both_of_its_running_trials_up_again(tmp_path: Path, tiny_model: Path) -> None:
    tiny_frame(2500).to_csv(tmp_path / "data.csv", index=False)
    home = tmp_path / "home"
    environment = {**os.environ, "XAUTOLM_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "xautolm_nb"]
    options = ["--models", str(tiny_model), "--budget", "150s", "--max-trials", "2", "--workers", "2", "--rungs", "1"]
    options += ["--methods", "full", "--device", "cpu", "--max-epochs", "12"]
    with subprocess.Popen(
        [*command, "start", str(tmp_path / "data.csv"), *options],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as search:  # fmt: skip
        try:
            until(lambda: _running(home) == 2 and len(list(home.glob("studies/*/trials/*"))) == 2, 150)
            below = psutil.Process(search.pid).children(recursive=True)
        finally:
            search.send_signal(signal.SIGKILL)
    _, left = psutil.wait_procs(below, timeout=15)
    assert not left
    before = _trials(home)
    assert [trial.state for trial in before] == [TrialState.RUNNING] * 2

    done = subprocess.run(
        [*command, "resume", "--json"], env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "finished"
    after = _trials(home)
    assert [trial.config for trial in after] == [trial.config for trial in before]
    assert [trial.state for trial in after] == [TrialState.COMPLETE] * 2
    with ExperienceStore.open(home) as store:
        assert sorted(experience.trial for experience in store.experiences() if experience.trial is not None) == [0, 1]
        assert store.doctor() == []


def _training(events: list[Event]) -> set[int]:
    return {event.number for event in events if isinstance(event, TrialProgress) and event.phase == "train"}


def _running(home: Path) -> int:
    if not (home / "store.sqlite").exists():
        return 0
    with ExperienceStore.open(home) as store:
        studies = store.studies()
        return sum(trial.state is TrialState.RUNNING for trial in store.trials(studies[0].id)) if studies else 0


def _trials(home: Path) -> list[Trial]:
    with ExperienceStore.open(home) as store:
        return store.trials(store.study("last").id)
