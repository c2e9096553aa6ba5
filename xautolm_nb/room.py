"""Room on the disk: the files of trials that lost go, and all of them stay within what was allowed."""

import contextlib
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from xautolm_nb.core.events import StudyMessage
from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.runner import Emit
from xautolm_nb.core.trial import TrialState
from xautolm_nb.parts import Study

STALE_SECONDS = 60.0
"""A file that is written beside its place and older than this was left by a process that died."""

BEGUN = ".begun"
"""A study's folder holds this file until the study is in the store."""
ABANDONED_SECONDS = 86400.0
"""A folder that is not in the store after this long was left by a process that died while it copied rows."""


@contextlib.contextmanager
def begun(folder: Path) -> Iterator[None]:
    """Mark a new study's folder as begun; unmark it when the study is in the store, remove it when that fails."""
    folder.mkdir(parents=True)
    mark = folder / BEGUN
    mark.touch()
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    mark.unlink()


def remove_abandoned(folder: Path, known: Collection[str]) -> None:
    """Remove the folders of studies that were begun long ago and never came into the store.

    Args:
        folder: Holds the studies' folders, each named by its id.
        known: Ids of the studies in the store; their folders stay.
    """
    for mark in folder.glob(f"*/{BEGUN}"):
        with contextlib.suppress(OSError):
            if mark.parent.name in known:
                mark.unlink()
            elif abs(time.time() - mark.stat().st_mtime) > ABANDONED_SECONDS:
                shutil.rmtree(mark.parent)


def sweep(folder: Path) -> None:
    """Remove what killed processes had begun to write beside its place; what someone writes just now stays."""
    for pattern in ("**/*.part", "**/.state.json.*", "**/.task.json.*"):
        for file in folder.glob(pattern):
            with contextlib.suppress(OSError):
                if file.is_file() and abs(time.time() - file.stat().st_mtime) > STALE_SECONDS:
                    file.unlink()


def discard_losers(study: Study) -> None:
    """Remove the files of failed trials and of finished trials beyond the best `keep`."""
    trials = study.store.trials(study.record.id)
    ranked = ranking(trials)
    kept = {trial.number for trial in ranked[: study.keep]}
    kept |= {number for number in pareto_front(trials) if len(kept) < 2 * study.keep}
    for trial in trials:
        if trial.state.is_finished and trial.number not in kept:
            study.runner.discard(trial)


def keep_within(study: Study, emit: Emit) -> None:
    """Keep the files of all trials within `disk_gib`: the worst make way, ended ones first.

    Neither the best nor a running one ever does.
    """
    if study.disk_gib is None:
        return
    trials = study.store.trials(study.record.id)
    order = [trial.number for trial in ranking(trials)]
    rank = {number: place for place, number in enumerate(order)}
    sizes = {trial.number: study.runner.size_of(trial) for trial in trials}
    room = study.disk_gib * 2**30
    resting = [trial for trial in trials if trial.state is not TrialState.RUNNING]
    losers = sorted(resting, key=lambda trial: (not trial.state.is_finished, -rank.get(trial.number, len(trials))))
    dropped = []
    for trial in losers:
        if sum(sizes.values()) <= room:
            break
        if sizes[trial.number] and rank.get(trial.number) != 0:
            study.runner.discard(trial)
            sizes[trial.number] = 0
            dropped.append(trial.number)
            if not trial.state.is_finished:  # it begins anew when it is thawed
                kept = replace(trial, checkpoint=False)
                study.store.save_trial(study.record.id, kept, holder=study.holder)
    left = sum(sizes.values())
    if dropped or left > room:
        emit(StudyMessage(message=_about_room(dropped, left, study.disk_gib, alone=resting == trials)))


def _about_room(dropped: Sequence[int], left: int, allowed: float, *, alone: bool) -> str:
    names = ", ".join(map(str, dropped))
    kept = "the best trial alone" if alone else "the best trial and those that run"
    made_way = f"the files of trials {names} made way for" if dropped else f"the files of {kept} exceed"
    return f"{made_way} the limit of {allowed:g} GiB on checkpoints (disk_gib); {left / 2**30:.2f} GiB are kept"
