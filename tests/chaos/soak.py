"""A soak: study after study in one process for a long time, with a fault every so often, while it is weighed.

The searching process may be killed in the first quarter of the time only, so that one process lives through the other
three and its memory, threads and handles can be compared. Its workers, its disk and its clock are struck all the time.
"""

import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from tiny import save_tiny_model

from chaos import searcher
from chaos.faults import FAULTS
from chaos.real import create_real
from chaos.scene import PATIENCE, NotBusy, Scene
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.store import ExperienceStore

KILLING = 0.25
"""Share of the time in which the searching process may be killed."""
SECONDS_OF_A_REAL_STUDY = 60.0
FATAL = ("kill -9 of the search", "kill -9 of both", "checkpoint damaged", "store copied and damaged")
GROWTH_MIB, GROWTH_HANDLES = 50.0, 5


class SoakScene(Scene):
    """A store with many studies; see `Scene`."""

    search = staticmethod(searcher.many)
    longest_wait = 2.0
    size_mib = 192
    real_studies = 0

    def create(self) -> StudyRecord:
        model = save_tiny_model(self.notes / "tiny-bert") if self.real_studies else None
        for _ in range(self.real_studies):
            create_real(self.home, model, trials=2)
        return replace(super().create(), folder=str(self.home / "study"))

    def strike_now(self) -> str | None:
        """One fault of a kind that may strike now, at a random moment: its name, or None when it met nothing."""
        name = self.rng.choice([name for name in FAULTS if self.may_kill or name not in FATAL])
        time.sleep(self.rng.uniform(0.0, self.longest_wait))
        self.ensure_running()
        current = (self.notes / "study").read_text()
        with ExperienceStore.open(self.home) as store:
            self.folder = Path(store.study(current).folder)
        self.place = replace(self.place, study=current)
        with suppress(ProcessLookupError, NotBusy):
            FAULTS[name](self)
            self.audit()
            return name
        return None


def soak(seconds: float, every: float, seed: int, *, real: bool = True) -> dict[str, Any]:
    """Search for so long with a fault every so often; figures of what became of it."""
    root = Path(tempfile.mkdtemp(prefix="xautolm-soak-"))
    SoakScene.real_studies = int(seconds / SECONDS_OF_A_REAL_STUDY / 2) + 1 if real else 0
    scene = SoakScene(root, "soak", "worker", 12, random.Random(seed), on_tmpfs=True)
    struck: Counter[str] = Counter()
    weights: list[tuple[float, float, int, int]] = []
    start = time.monotonic()
    try:
        while (passed := time.monotonic() - start) < seconds:
            scene.may_kill = passed < KILLING * seconds
            scene.ensure_running()
            if not scene.may_kill:
                weights += _weigh(scene, passed)
            if passed > every * (1 + sum(struck.values())) and (scene.notes / "study").exists():
                name = scene.strike_now()
                struck.update([name] if name else [])
                _tell(passed, seconds, struck, weights)
            time.sleep(1.0)
        (scene.notes / "enough").touch()
        _end(scene, seconds)
        return _figures(scene, struck, weights, time.monotonic() - start, every, seed)
    finally:
        scene.close(keep=not scene.is_clean)
        if scene.is_clean:
            shutil.rmtree(root, ignore_errors=True)


def _end(scene: SoakScene, seconds: float) -> None:
    deadline = time.monotonic() + PATIENCE + 0.2 * seconds + 240
    scene.wait_for(lambda: not scene.is_alive, "the search does not come to its end", deadline - time.monotonic())
    scene.collect()
    scene.look_at_the_end()


def _weigh(scene: Scene, passed: float) -> list[tuple[float, float, int, int]]:
    """Seconds, resident MiB, file descriptors and threads of the searching process now."""
    with suppress(psutil.Error, AssertionError):
        process = psutil.Process(scene.pid)
        with process.oneshot():
            return [(passed, process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())]
    return []


def _figures(
    scene: Scene,
    struck: Counter[str],
    weights: list[tuple[float, float, int, int]],
    seconds: float,
    every: float,
    seed: int,
) -> dict[str, Any]:
    third = max(1, len(weights) // 3)
    early, late = weights[:third], weights[-third:]

    def middle(part: list[tuple[float, float, int, int]], index: int) -> float:
        return round(statistics.median(row[index] for row in part), 1) if part else 0.0

    with ExperienceStore.open(scene.home) as store:
        studies = store.studies()
    return {
        "seconds": round(seconds, 1),
        "fault_every": every,
        "seed": seed,
        "faults": sum(struck.values()),
        "by_kind": dict(sorted(struck.items())),
        "studies": len(studies),
        "with_real_training": sum("world" not in record.request for record in studies),
        "trials": scene.finished_trials,
        "starts": scene.starts,
        "lost": scene.lost,
        "duplicated": scene.twice,
        "wrong": scene.wrong,
        "resident_mib": {"early": middle(early, 1), "late": middle(late, 1)},
        "file_descriptors": {"early": middle(early, 2), "late": middle(late, 2)},
        "threads": {"early": middle(early, 3), "late": middle(late, 3)},
    }


def is_sound(figures: dict[str, Any]) -> bool:
    """Whether nothing was lost, doubled, left over, and nothing grew."""
    memory, handles = figures["resident_mib"], figures["file_descriptors"]
    threads = figures["threads"]
    return not (
        figures["lost"]
        or figures["duplicated"]
        or figures["wrong"]
        or memory["late"] - memory["early"] >= GROWTH_MIB
        or handles["late"] - handles["early"] > GROWTH_HANDLES
        or threads["late"] - threads["early"] > GROWTH_HANDLES
    )


def _tell(passed: float, seconds: float, struck: Counter[str], weights: list[tuple[float, float, int, int]]) -> None:
    now = f"{weights[-1][1]:.0f} MiB, {weights[-1][2]} descriptors, {weights[-1][3]} threads" if weights else ""
    print(f"{passed:.0f} of {seconds:.0f} s: {sum(struck.values())} faults {now}", flush=True)
