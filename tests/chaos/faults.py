"""The faults. Each is called with a scene whose search is busy, and takes itself back before it returns."""

import os
import resource
import shutil
import signal
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from chaos import ledger, searcher
from chaos.scene import PATIENCE, Scene
from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.core.study import StudyState
from xautolm_nb.store import ExperienceStore

Fault = Callable[[Scene], None]


def kill_search(scene: Scene) -> None:
    """`kill -9` of the searching process; its workers must go with it."""
    scene.kill()


def kill_worker(scene: Scene) -> None:
    """`kill -9` of the worker: the trial fails with a name, the search goes on."""
    workers = scene.workers()
    scene.require(workers)
    for worker in workers:
        with suppress(psutil.Error):
            worker.kill()


def kill_both(scene: Scene) -> None:
    """`kill -9` of the search and its worker at one moment, as when a container goes."""
    workers = scene.workers()
    os.kill(scene.pid, signal.SIGKILL)
    for worker in workers:
        with suppress(psutil.Error):
            worker.kill()
    scene.kill()


def stop_search(scene: Scene) -> None:
    """SIGSTOP and, a while later, SIGCONT of the searching process; sometimes it is killed in its sleep."""
    os.kill(scene.pid, signal.SIGSTOP)
    time.sleep(scene.rng.uniform(0.1, 1.0))
    if scene.may_kill and scene.rng.random() < 0.3:
        scene.kill()
    else:
        os.kill(scene.pid, signal.SIGCONT)


def stop_worker(scene: Scene) -> None:
    """SIGSTOP and SIGCONT of the worker."""
    workers = scene.workers()
    scene.require(workers)
    for worker in workers:
        with suppress(psutil.Error):
            worker.suspend()
    time.sleep(scene.rng.uniform(0.1, 1.0))
    for worker in workers:
        with suppress(psutil.Error):
            worker.resume()


def fill_disk(scene: Scene) -> None:
    """No space left, while the store and the checkpoints are written; sometimes the search is also started anew."""
    with full_disk(scene):
        time.sleep(scene.rng.uniform(0.2, 1.2))
        if not scene.is_alive and scene.rng.random() < 0.5:
            scene.ensure_running()
            scene.process.join(10)  # type: ignore[union-attr]


@contextmanager
def full_disk(scene: Scene) -> Iterator[None]:
    """Fill the scene's small disk; without one, let no file of the processes grow."""
    if not scene.is_small:
        with limited(scene, resource.RLIMIT_FSIZE, 4096):
            yield
        return
    filler = scene.home / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(scene: Scene, what: int, value: int) -> Iterator[None]:
    """Limit a resource of the search and its workers for a while."""
    pids = [scene.pid, *(worker.pid for worker in scene.workers())]
    before = {}
    for pid in pids:
        with suppress(OSError):
            before[pid] = resource.prlimit(pid, what)
            resource.prlimit(pid, what, (value, before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(OSError):
                resource.prlimit(pid, what, limits)


def read_only(scene: Scene) -> None:
    """The folders of the store and the study may not be written for a while; at times a search starts into that."""
    if scene.may_kill and scene.rng.random() < 0.4:
        scene.kill()
    folders = [scene.home, *(path for path in scene.home.rglob("*") if path.is_dir())]
    modes = {}
    for folder in folders:
        with suppress(OSError):
            modes[folder] = stat.S_IMODE(folder.stat().st_mode)
            folder.chmod(0o555)
    try:
        scene.ensure_running()
        time.sleep(scene.rng.uniform(0.2, 1.0))
    finally:
        for folder, mode in modes.items():
            with suppress(OSError):
                folder.chmod(mode)


def corrupt_checkpoint(scene: Scene) -> None:
    """Cut, overwrite, flip or remove files of checkpoints while nobody looks."""

    def is_there() -> bool:
        return any(scene.folder.glob("trials/*/*/state.json"))

    def is_over() -> bool:
        return not scene.is_alive or scene.state() is StudyState.FINISHED

    scene.wait_for(lambda: is_there() or is_over(), "no checkpoint comes")
    scene.require(is_there())  # a study of recorded trials has none
    scene.kill()
    scene.require(scene.state() is not StudyState.FINISHED)
    files = sorted(path for path in (scene.folder / "trials").rglob("*") if path.is_file())
    for file in scene.rng.sample(files, min(len(files), scene.rng.randint(1, 4))):
        spoil(scene, file)


def spoil(scene: Scene, file: Path) -> None:
    """Damage one file in one of four ways."""
    content = bytearray(file.read_bytes())
    way = scene.rng.choice(("cut", "flip", "garbage", "remove"))
    if way == "remove" or not content:
        file.unlink()
        return
    position = scene.rng.randrange(len(content))
    if way == "cut":
        del content[position:]
    elif way == "flip":
        content[position] ^= 1 << scene.rng.randrange(8)
    else:
        content = bytearray(scene.rng.randbytes(len(content)))
    file.write_bytes(content)


def copy_store(scene: Scene) -> None:
    """Copies of the store, whole with its log, with a cut log, cut: they open whole, open in part, or say why not."""
    scene.kill()
    whole, part = scene.notes / "whole", scene.notes / "part"
    files = [file for file in scene.home.glob("store.sqlite*") if not file.name.endswith("-shm")]
    for folder in (whole, part):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder / file.name)
    said = ledger.read(ledger.path_of(scene.notes, scene.place.study))
    with ExperienceStore.open(whole) as store:
        lost, twice = ledger.compare(said, store.trials(scene.place.study))
    scene.lost += [f"in a copy with its log: {line}" for line in lost]
    scene.twice += twice
    spoil(scene, scene.rng.choice(sorted(part.iterdir())))
    try:
        with ExperienceStore.open(part) as store:
            store.doctor()
            for record in store.studies():
                store.trials(record.id)
            store.experiences()
    except XAutoLMError as error:
        if not error.hint:
            scene.wrong.append(f"a damaged copy is refused without advice: {error}")
    except (Exception, sqlite3.Error) as error:
        scene.wrong.append(f"a damaged copy raises {error!r}")


def step_clock(scene: Scene) -> None:
    """The wall clock jumps by up to a year, back or forth, once or to and fro; the budget must not notice."""
    with ExperienceStore.open(scene.home) as store:
        before, start = store.study(scene.place.study).spent_seconds, time.monotonic()
        scene.offset.value += scene.rng.choice((-1, 1)) * 10 ** scene.rng.uniform(0, 7.5)
        time.sleep(scene.rng.uniform(0.1, 1.0))
        if scene.is_alive:
            second_search(scene)
        if scene.rng.random() < 0.5:
            scene.offset.value = 0.0
            time.sleep(0.1)
        spent, passed = store.study(scene.place.study).spent_seconds - before, time.monotonic() - start
    if not -1e-6 <= spent <= passed + 3.0:
        scene.wrong.append(f"{spent:.1f} s of the budget went in {passed:.1f} s")


def second_search(scene: Scene) -> None:
    """Another process wants to run the study: it is refused and told who holds it."""
    scene.require(scene.is_alive)
    holder = scene.pid

    def is_held() -> bool:
        with ExperienceStore.open(scene.home) as store:
            owner = store.study(scene.place.study).owner
        return scene.is_alive and owner is not None and owner.pid == holder

    scene.require(is_held())
    other = scene.context.Process(target=searcher.second, args=(scene.place, scene.offset))
    other.start()
    other.join(PATIENCE)
    if other.exitcode == searcher.REFUSED:
        words = (scene.notes / "refusal.txt").read_text()
        if str(holder) not in words:
            scene.wrong.append(f"the refusal does not name the holder {holder}: {words}")
    elif is_held():
        scene.wrong.append(f"a second process ran a study that another held (code {other.exitcode})")


def starve_worker(scene: Scene) -> None:
    """The worker gets no more memory for a while."""
    workers = scene.workers()
    scene.require(workers)
    for worker in workers:
        with suppress(psutil.Error, OSError):
            size = worker.memory_info().vms
            before = resource.prlimit(worker.pid, resource.RLIMIT_AS)
            resource.prlimit(worker.pid, resource.RLIMIT_AS, (size, before[1]))
            time.sleep(scene.rng.uniform(0.05, 0.3))
            resource.prlimit(worker.pid, resource.RLIMIT_AS, before)


FAULTS: dict[str, Fault] = {
    "kill -9 of the search": kill_search,
    "kill -9 of the worker": kill_worker,
    "kill -9 of both": kill_both,
    "search stopped and continued": stop_search,
    "worker stopped and continued": stop_worker,
    "second search of the study": second_search,
    "wall clock steps": step_clock,
    "checkpoint damaged": corrupt_checkpoint,
    "store copied and damaged": copy_store,
    "folders read-only": read_only,
    "worker out of memory": starve_worker,
    "disk full": fill_disk,
}
if sys.platform != "linux":
    for missing in ("worker out of memory", "disk full"):
        del FAULTS[missing]
