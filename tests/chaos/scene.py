"""One case: a study, the process that searches it, and the checks that hold whatever happens to both."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import psutil

from chaos import ledger, searcher, world
from chaos.searcher import MARK, Place
from xautolm_nb.core.study import StudyRecord, StudyState
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.run.state import STATE, read_state
from xautolm_nb.store import ExperienceStore

PATIENCE = 300.0
"""Seconds in which whatever is waited for must have come, on however busy a machine."""


class NotBusy(Exception):
    """There was nothing to strike."""


def context() -> ForkServerContext:
    """Forks searching processes from a server that has imported what they need.

    The server finds modules by PYTHONPATH alone, and what it cannot import it leaves to every single fork, silently.
    """
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["chaos.searcher"])
    before = os.environ.get("PYTHONPATH")
    tests = Path(__file__).resolve().parents[1]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(tests), str(tests.parent), *([before] if before else [])])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return made


class Scene:
    """A case with its folders, its process and its findings.

    Args:
        root: Folder of the campaign, on a disk with room.
        name: Of the case; also the study's.
        kind: `worker` or `replay`, see `world`.
        trials: How many the study shall have.
        rng: Decides when and how faults strike.
        on_tmpfs: Give the store and the study a small disk of their own, where that is allowed.
    """

    search = staticmethod(searcher.main)
    trials_option = "trials"
    longest_wait = 0.8
    may_kill = True
    """Whether a fault may end the searching process."""
    size_mib = 24
    """Of the small disk."""

    def __init__(
        self, root: Path, name: str, kind: str, trials: int, rng: random.Random, *, on_tmpfs: bool = False
    ) -> None:
        self.rng, self.kind, self.trials = rng, kind, trials
        self.name = name
        self.base = root / name
        self.home, self.notes = self.base / "home", self.base / "notes"
        for folder in (self.home, self.notes):
            folder.mkdir(parents=True)
        self.is_small = on_tmpfs and mount(self.home, self.size_mib)
        self.context = context()
        self.offset = self.context.Value("d", 0.0)
        self.process: ForkServerProcess | None = None
        self.lost: list[str] = []
        self.twice: list[str] = []
        self.wrong: list[str] = []
        self.starts = 0
        self.ends: Counter[str] = Counter()
        self.is_finished, self.finished_trials = False, 0
        record = self.create()
        self.folder = Path(record.folder)
        self.place = Place(home=self.home, notes=self.notes, study=record.id, real=kind == "real")

    def create(self) -> StudyRecord:
        """Enter the study into a new store."""
        with ExperienceStore.open(self.home) as store:
            return world.enter(store, self.name, self.kind, self.trials, self.home / "study")

    def extend(self) -> None:
        """Ask for more trials, of a study that has come to its end while there are faults left."""
        self.trials += 4
        with ExperienceStore.open(self.home) as store:
            request = store.study(self.place.study).request
            store.update_study(self.place.study, request={**request, self.trials_option: self.trials})

    def strike(self, fault: Callable[["Scene"], None]) -> None:
        """Have a fault strike at a random moment at which the search is busy, then look what is left."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.ensure_running()
            if self.wait_until_busy():
                time.sleep(self.rng.uniform(0.0, self.longest_wait))
            with suppress(ProcessLookupError, NotBusy):
                self.require(self.is_alive)
                fault(self)
                break
            if self.state() is StudyState.FINISHED:
                self.extend()
        else:
            self.wrong.append(f"a fault found no search to strike: {self.said()[-500:]}")
        self.audit()

    def require(self, condition: object) -> None:
        """Have a fault strike again when what it is meant for was not there.

        Raises:
            NotBusy: It was not.
        """
        if not condition:
            raise NotBusy

    # ---- the process -------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self.process is not None and self.process.pid is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def state(self) -> StudyState:
        with ExperienceStore.open(self.home) as store:
            return store.study(self.place.study).state

    def ensure_running(self) -> None:
        """Start the search if nobody runs it; an end that is no end of the study is counted, a bug is a finding."""
        if self.is_alive:
            return
        self.collect()
        self.starts += 1
        self.process = self.context.Process(target=self.search, args=(self.place, self.offset))
        self.process.start()

    def collect(self) -> None:
        """Note how the process ended."""
        if self.process is None:
            return
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.wrong.append("a searching process hangs")
            self.process.kill()
            self.process.join()
        names = {searcher.FINISHED: "finished", searcher.REFUSED: "refused", -signal.SIGKILL: "killed"}
        self.ends[names.get(code or 0, "bug")] += 1
        if code not in names:
            self.wrong.append(f"the search ended with code {code}: {self.said()[-400:]}")
        self.process = None

    def kill(self) -> None:
        """End the searching process where it stands."""
        if self.process is not None:
            self.process.kill()
            self.collect()
        self.wait_for(lambda: not self.workers(), "a worker outlived its search")

    def workers(self) -> list[psutil.Process]:
        """Every process that a search of this case has started and that lives."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == str(self.notes) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def said(self) -> str:
        path = self.notes / "said.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wait_for(self, condition: Callable[[], bool], complaint: str, seconds: float = PATIENCE) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.wrong.append(complaint)
                return False
            time.sleep(0.02)
        return True

    def wait_until_busy(self) -> bool:
        """Wait until the search has a trial in hand; False when it ended instead."""
        with ExperienceStore.open(self.home) as store:

            def is_busy() -> bool:
                owner = store.study(self.place.study).owner
                is_ours = self.is_alive and owner is not None and owner.pid == self.pid
                running = (trial.state is TrialState.RUNNING for trial in store.trials(self.place.study))
                return not self.is_alive or (is_ours and any(running))

            self.wait_for(is_busy, "the search does not begin")
        return self.is_alive

    # ---- the checks --------------------------------------------------------------------------------------------------

    def audit(self) -> None:
        """What must hold at any moment: all that was said to be done is in the store, once.

        The witnesses are read before the store, which may be further.
        """
        ids = [path.stem.removeprefix("ledger-") for path in self.notes.glob("ledger-*.jsonl")]
        said = {name: ledger.read(ledger.path_of(self.notes, name)) for name in ids}
        with ExperienceStore.open(self.home) as store:
            trials = {name: store.trials(name) for name in ids}
            counts = Counter((experience.study, experience.trial) for experience in store.experiences())
        for name in ids:
            self.compare(name, said[name], trials[name], counts)

    def compare(
        self, study: str, said: list[dict[str, Any]], trials: list[Trial], counts: Counter[tuple[str, int | None]]
    ) -> None:
        lost, twice = ledger.compare(said, trials)
        twice += [
            f"trial {number} is remembered {count} times"
            for (name, number), count in counts.items()
            if name == study and count > 1
        ]
        lost += [
            f"trial {entry['number']} is not remembered"
            for entry in said
            if (entry["curve"] or entry["failure"]) and (study, entry["number"]) not in counts
        ]
        self.lost += [line for line in lost if line not in self.lost]
        self.twice += [line for line in twice if line not in self.twice]
        if "world" in self.request_of(study):
            self.wrong += [line for line in world.wrong_scores(trials) if line not in self.wrong]

    def request_of(self, study: str) -> Mapping[str, Any]:
        with ExperienceStore.open(self.home) as store:
            return store.study(study).request

    def finish(self) -> None:
        """Let the study run to its end without faults, then look at all that is left."""
        for _ in range(5):
            self.ensure_running()
            assert self.process is not None
            self.process.join(PATIENCE + 2 * self.trials)
            self.collect()
            self.is_finished = self.state() is StudyState.FINISHED
            if self.is_finished:
                break
        else:
            self.wrong.append(f"the study does not come to its end: {self.said()[-500:]}")
        self.look_at_the_end()

    def look_at_the_end(self) -> None:
        """What must hold when all is done and nobody runs any more."""
        self.audit()
        self.wait_for(lambda: not self.workers(), "a process is left over", 10)
        with ExperienceStore.open(self.home) as store:
            studies = [(record, store.trials(record.id)) for record in store.studies()]
            self.wrong += [str(finding) for finding in store.doctor()]
            remembered = Counter(experience.study for experience in store.experiences())
        for record, trials in studies:
            self.finished_trials += sum(trial.state.is_finished for trial in trials)
            self.check_end(record, trials, remembered[record.id])
            self.check_files(Path(record.folder), trials)
        left = sorted(file.name for file in self.home.glob("store.sqlite-*"))
        if left:
            self.wrong.append(f"the store left {left}")

    def check_end(self, record: StudyRecord, trials: list[Trial], remembered: int) -> None:
        wanted = record.request.get("trials", len(trials))
        open_ones = [trial.number for trial in trials if not trial.state.is_finished]
        if "world" in record.request and (len(trials) != wanted or open_ones):
            self.wrong.append(f"{wanted} finished trials were wanted, {len(trials)} are there, open: {open_ones}")
        if record.state is not StudyState.FINISHED:
            self.wrong.append(f"study {record.id} is {record.state}")
        if remembered != sum(trial.score is not None or trial.failure is not None for trial in trials):
            self.wrong.append(f"{remembered} experiences of {len(trials)} trials")

    def check_files(self, folder: Path, trials: list[Trial]) -> None:
        """Nothing but what a state names, and no files of trials that are not in the store.

        A state that a fault damaged names nothing; the one set of tensors beside it is that of a trial that had ended.
        """
        folders = folder / "trials"
        known = {f"{trial.number:04d}" for trial in trials}
        for own in folders.iterdir() if folders.exists() else ():
            if own.name not in known:
                self.wrong.append(f"a folder is left over: {own.name}")
            for part in own.iterdir():
                state = read_state(part)
                named = {STATE, state["tensors"]} if state else {STATE}
                extra = [file.name for file in part.iterdir() if file.name not in named]
                is_damaged = state is None and (part / STATE).exists()
                if extra[int(is_damaged) :]:
                    self.wrong.append(f"files are left over in {own.name}/{part.name}: {extra}")

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.wrong)

    def close(self, *, keep: bool) -> None:
        """End what runs and remove the folders; `keep` leaves them for whoever wants to know what happened."""
        for process in self.workers():
            with suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
        if self.process is not None:
            with suppress(ProcessLookupError, TypeError):
                os.kill(self.pid, signal.SIGCONT)
            self.process.kill()
            self.process.join()
        if keep:
            shutil.copytree(self.base, self.base.with_name(f"{self.base.name}.kept"), dirs_exist_ok=True)
        if self.is_small:
            subprocess.run(["umount", "-l", str(self.home)], check=False, capture_output=True)
        shutil.rmtree(self.base, ignore_errors=True)


def mount(folder: Path, mib: int) -> bool:
    """Give a folder a small disk of its own; False where that is not allowed."""
    if shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "chaos", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
