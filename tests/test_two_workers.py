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
from xautolm_nb.core.study import Control, StudyState
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.session import Session, start_session
from xautolm_nb.store import ExperienceStore

pytestmark = pytest.mark.slow
LONG = {"max_epochs": 100, "rungs": (1.0,), "methods": ("full",), "test": 0.0, "optimizer": "random"}
"""Trials that take long, and a search that does not end by itself."""


@pytest.fixture
def session(tiny_model: Path) -> Iterator[Session]:
    options = {**LONG, "models": str(tiny_model), "budget": "500s", "workers": 2, "device": "cpu"}
    with ExperienceStore.open() as store:
        session = start_session(tiny_frame(9000), store=store, options=options)
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
    until(lambda: len(_at_work(events)) == 2, 200)
    busy = workers()
    assert len(busy) == 2 and all(worker.environ()["XAUTOLM_WORKERS"] == "2" for worker in busy)
    first = _at_work(events)

    busy[0].kill()
    until(lambda: len(first & _came_back(events).keys()) == 1, 60)
    (dead,) = (_came_back(events)[number] for number in first & _came_back(events).keys())
    assert dead.state is TrialState.FAILED and dead.failure is not None
    until(lambda: len(_at_work(events)) == 2 and _at_work(events) != first, 200)

    last = _at_work(events)
    session.stop()
    session.wait(90)
    assert session.record.state is StudyState.STOPPED
    trials = {trial.number: trial for trial in session.store.trials(session.id)}
    for number in last:
        assert (trials[number].state, trials[number].checkpoint) == (TrialState.PAUSED, True)
        assert (Path(session.record.folder) / "trials" / f"{number:04d}" / "checkpoint" / "state.json").exists()
    assert [number for number, trial in trials.items() if trial.failure] == [dead.number]
    assert len({config_key(trial.config) for trial in trials.values()}) == len(trials)
    assert workers() == []


def test_a_killed_search_takes_both_of_its_running_trials_up_again(tmp_path: Path, tiny_model: Path) -> None:
    tiny_frame(9000).to_csv(tmp_path / "data.csv", index=False)
    home = tmp_path / "home"
    environment = {**os.environ, "XAUTOLM_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "xautolm_nb"]
    options = ["--models", str(tiny_model), "--methods", "full", "--device", "cpu", "--max-epochs", "100"]
    options += ["--budget", "400s", "--grace", "2s", "--workers", "2", "--rungs", "1", "--optimizer", "random"]
    with subprocess.Popen(
        [*command, "start", str(tmp_path / "data.csv"), *options],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as search:  # fmt: skip
        try:
            until(lambda: len(_early(home)) == 2, 200)
            below = psutil.Process(search.pid).children(recursive=True)
        finally:
            search.send_signal(signal.SIGKILL)
    _, left = psutil.wait_procs(below, timeout=15)
    assert not left
    before = {trial.number: trial for trial in _trials(home)}
    cut_off = [number for number, trial in before.items() if trial.state is TrialState.RUNNING]
    assert len(cut_off) == 2

    with ExperienceStore.open(home) as store:
        store.update_study(store.study("last").id, progress=None, beside=())
    with subprocess.Popen(
        [*command, "resume", "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as resumed:
        try:
            until(lambda: _early(home) >= set(cut_off), 200)
            with ExperienceStore.open(home) as store:
                store.update_study(store.study("last").id, control=Control.STOP)
            said, _ = resumed.communicate(timeout=100)
        finally:
            resumed.kill()
    assert json.loads(said)["state"] == "stopped"
    after = {trial.number: trial for trial in _trials(home)}
    for number in cut_off:
        assert after[number].config == before[number].config
        assert after[number].state is TrialState.COMPLETE or after[number].checkpoint
        assert after[number].fidelity > 0 and after[number].seconds > 0
    assert {n: after[n] for n in before if n not in cut_off} == {n: before[n] for n in before if n not in cut_off}
    assert TrialState.RUNNING not in {trial.state for trial in after.values()}
    with ExperienceStore.open(home) as store:
        numbers = [experience.trial for experience in store.experiences()]
        assert len(numbers) == len(set(numbers)) and store.doctor() == []


def _at_work(events: list[Event]) -> set[int]:
    """Trials that train and are not yet half through."""
    latest = {event.number: event for event in list(events) if isinstance(event, TrialProgress)}
    early = {number for number, event in latest.items() if event.phase == "train" and event.fidelity < 0.5}
    return early - _came_back(events).keys()


def _came_back(events: list[Event]) -> dict[int, Trial]:
    return {event.trial.number: event.trial for event in list(events) if isinstance(event, TrialFinished)}


def _early(home: Path) -> set[int]:
    """Trials of the only study of a store that train and are not yet half through."""
    if not (home / "store.sqlite").exists():
        return set()
    with ExperienceStore.open(home) as store:
        running = [progress for study in store.studies() for progress in study.running]
    return {progress.number for progress in running if progress.phase == "train" and progress.fidelity < 0.5}


def _trials(home: Path) -> list[Trial]:
    with ExperienceStore.open(home) as store:
        return store.trials(store.study("last").id)
