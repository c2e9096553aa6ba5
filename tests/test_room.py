"""Files of trials: losers go, and all of them stay within the limit, the best whatever happens."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb.core.events import Event, StudyMessage
from xautolm_nb.core.study import Control
from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.parts import Budget, Study
from xautolm_nb.room import ABANDONED_SECONDS, BEGUN, begun, discard_losers, keep_within, remove_abandoned, sweep
from xautolm_nb.run import ReplayRunner
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import search

MIB = 2**20


class Shelf(ReplayRunner):
    """Has files of so many MiB for each trial."""

    def __init__(self, sizes: dict[int, int]) -> None:
        super().__init__({})
        self.sizes = sizes

    def size_of(self, trial: Trial) -> int:
        return self.sizes.get(trial.number, 0) * MIB

    def discard(self, trial: Trial) -> None:
        self.sizes.pop(trial.number, None)


@pytest.fixture
def store() -> Iterator[ExperienceStore]:
    with ExperienceStore.open(":memory:") as opened:
        yield opened


def shelved(store: ExperienceStore, mib: float, sizes: dict[int, int], **rules: object) -> Study:
    """Trials 0 to 3 are complete, 4 and 5 paused; the score rises with the number."""
    study = replace(make_study(store, Scripted([])), runner=Shelf(sizes), disk_gib=mib / 1024, **rules)  # type: ignore[arg-type]
    for number in sizes:
        fidelity = 1.0 if number < 4 else 0.25
        state = TrialState.COMPLETE if number < 4 else TrialState.PAUSED
        curve = (CurvePoint(fidelity=fidelity, score=number / 10, seconds=1.0),)
        trial = Trial(
            number=number, config=config(2), seed=0, state=state, fidelity=fidelity, curve=curve, checkpoint=number >= 4
        )
        store.save_trial(study.record.id, trial)
    return study


@pytest.mark.parametrize(
    ("mib", "left"),
    [(60, {0, 1, 2, 3, 4, 5}), (35, {3, 4, 5}), (25, {4, 5}), (15, {5}), (5, {5})],
)
def test_the_worst_make_way_first_ended_ones_before_paused_ones_and_never_the_best(
    mib: float, left: set[int], store: ExperienceStore
) -> None:
    sizes = dict.fromkeys(range(6), 10)
    said: list[Event] = []
    study = shelved(store, mib, sizes)
    keep_within(study, said.append)
    assert set(sizes) == left
    kept = {trial.number for trial in store.trials(study.record.id) if trial.checkpoint}
    assert kept == left & {4, 5}, "one without its files begins anew"
    messages = [event.message for event in said if isinstance(event, StudyMessage)]
    assert len(messages) == (mib < 60)
    assert all(f"limit of {mib / 1024:g} GiB on checkpoints (disk_gib)" in message for message in messages)


def test_the_best_alone_over_the_limit_is_kept_and_told(store: ExperienceStore) -> None:
    said: list[Event] = []
    keep_within(shelved(store, 5, {5: 10}), said.append)
    (message,) = said
    assert isinstance(message, StudyMessage) and "the files of the best trial alone exceed" in message.message


def test_the_files_of_a_running_trial_never_make_way(store: ExperienceStore) -> None:
    said: list[Event] = []
    study = shelved(store, 15, {number: 10 for number in range(4)})
    running = replace(store.trials(study.record.id)[0], state=TrialState.RUNNING)
    store.save_trial(study.record.id, running)
    keep_within(study, said.append)
    assert study.runner.sizes == {0: 10, 3: 10}  # type: ignore[attr-defined]
    study = shelved(store, 5, {0: 10, 3: 10})
    store.save_trial(study.record.id, running)
    keep_within(study, said.append)
    assert isinstance(said[-1], StudyMessage)
    assert "the files of the best trial and those that run exceed" in said[-1].message


def test_without_a_limit_nothing_is_weighed(store: ExperienceStore) -> None:
    sizes = dict.fromkeys(range(6), 10)
    keep_within(replace(shelved(store, 1, sizes), disk_gib=None), lambda event: None)
    assert len(sizes) == 6


def test_losers_go_and_the_best_stay(store: ExperienceStore) -> None:
    sizes = dict.fromkeys(range(6), 10)
    discard_losers(shelved(store, 1, sizes, keep=1))
    assert 3 not in sizes and 0 not in sizes and {4, 5} <= set(sizes)


def test_a_search_stays_within_its_room(store: ExperienceStore) -> None:
    study = make_study(store, Scripted([start(config(2)), start(config(4)), start(config(6))]), disk_gib=0.015)
    sizes = {0: 10, 1: 10, 2: 10}
    study.runner.size_of = lambda trial: sizes.get(trial.number, 0) * MIB  # type: ignore[method-assign]
    study.runner.discard = lambda trial: sizes.pop(trial.number, None)  # type: ignore[method-assign]
    budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
    search(study, budget=budget, control=lambda: Control.RUN, emit=lambda event: None)
    assert list(sizes) == [2], "the largest model is the best"


def test_what_a_killed_process_left_half_written_is_swept_and_nothing_else(tmp_path: Path) -> None:
    names = ("cache/a.safetensors", "cache/a.1f.part", "trials/0001/best/.state.json.x1", "trials/0001/best/state.json")
    for name in (*names, "cache/b.2f.part"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (1.0, 1.0))
    (tmp_path / "cache/b.2f.part").touch()  # somebody writes it just now
    sweep(tmp_path)
    left = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"cache/a.safetensors", "trials/0001/best/state.json", "cache/b.2f.part"}


def kill_while_begun(folder: Path) -> None:
    with begun(folder):
        (folder / "rows.parquet").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)


def long_ago(folder: Path) -> None:
    then = time.time() - ABANDONED_SECONDS - 60
    os.utime(folder / BEGUN, (then, then))


def test_the_folder_of_a_start_that_was_killed_goes_a_day_later(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    process = multiprocessing.get_context("fork").Process(target=kill_while_begun, args=(folder,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    remove_abandoned(tmp_path, ())
    assert (folder / "rows.parquet").exists(), "somebody may be writing it just now"
    long_ago(folder)
    remove_abandoned(tmp_path, ())
    assert not folder.exists()


def test_a_study_in_the_store_keeps_its_folder_though_it_is_still_marked(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / BEGUN).touch()
    long_ago(folder)
    remove_abandoned(tmp_path, {"study"})
    assert folder.is_dir() and not (folder / BEGUN).exists()


def test_a_start_that_fails_leaves_no_folder_and_one_that_succeeds_no_mark(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no rows"), begun(tmp_path / "bad"):
        raise ValueError("no rows")
    assert not (tmp_path / "bad").exists()
    with begun(tmp_path / "good"):
        (tmp_path / "good" / "data").touch()
    assert [file.name for file in (tmp_path / "good").iterdir()] == ["data"]
