"""A campaign: a fixed plan of faults over many studies, carried out case by case and kept after each."""

import json
import platform
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from chaos.faults import FAULTS
from chaos.real import RealScene
from chaos.scene import Scene

PER_STUDY = 8
PER_REAL_STUDY = 4
REAL_SHARE = 0.06
WITHOUT_WORKER = ("kill -9 of the search", "search stopped and continued", "second search of the study",
                  "wall clock steps", "store copied and damaged", "folders read-only", "disk full")  # fmt: skip
WITH_TRAINING = ("kill -9 of the search", "kill -9 of the worker", "kill -9 of both", "worker stopped and continued",
                 "worker out of memory", "checkpoint damaged", "disk full")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """One case: which world, which faults in which order, and the seed of their moments."""

    name: str
    kind: str
    faults: tuple[str, ...]
    seed: int


@dataclass
class Result:
    """What became of a case."""

    name: str
    kind: str
    faults: list[str]
    trials: int = 0
    starts: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    resumed: bool = False
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether the study came to its end with all of its trials, once each."""
        return self.resumed and not (self.lost or self.duplicated or self.wrong)


def plan(faults: int, seed: int, *, real: float = REAL_SHARE) -> list[Plan]:
    """The cases of a campaign; the same for the same numbers. Every kind of fault comes about equally often."""
    rng = random.Random(f"plan {seed}")
    trained = round(real * faults)
    cases = []
    deck: list[str] = []

    def draw(kinds: tuple[str, ...]) -> str:
        if not any(kind in kinds for kind in deck):
            deck.extend(rng.sample(sorted(FAULTS), len(FAULTS)))
        kind = next(kind for kind in deck if kind in kinds)
        deck.remove(kind)
        return kind

    left = faults
    while left > 0:
        is_real = trained > 0
        kind = "real" if is_real else "replay" if len(cases) % 5 == 4 else "worker"
        kinds = {"real": WITH_TRAINING, "replay": WITHOUT_WORKER}.get(kind, tuple(FAULTS))
        count = min(left, PER_REAL_STUDY if is_real else PER_STUDY)
        chosen = tuple(draw(tuple(kind for kind in kinds if kind in FAULTS)) for _ in range(count))
        cases.append(Plan(f"case-{len(cases):03d}", kind, chosen, rng.randrange(2**32)))
        left -= count
        trained -= count if is_real else 0
    return sorted(cases, key=lambda case: case.seed)


def run_case(case: Plan, root: Path, *, keep: bool = False) -> Result:
    """Carry out one case; its folders are removed, unless `keep` is set and something was wrong."""
    rng = random.Random(case.seed)
    start = time.monotonic()
    result = Result(case.name, case.kind, [])
    make = RealScene if case.kind == "real" else Scene
    scene = make(root, case.name, case.kind, 2 * len(case.faults) + 4, rng, on_tmpfs="disk full" in case.faults)
    try:
        for name in case.faults:
            scene.strike(FAULTS[name])
            result.faults.append(name)
        scene.finish()
        result.resumed = scene.is_finished
        result.trials, result.starts = scene.finished_trials, scene.starts
    finally:
        result.lost, result.duplicated, result.wrong = scene.lost, scene.twice, scene.wrong
        scene.close(keep=keep and not scene.is_clean)
        result.seconds = round(time.monotonic() - start, 1)
    return result


def campaign(
    faults: int, seed: int, file: Path | None, out: TextIO = sys.stdout, *, real: float = REAL_SHARE
) -> dict[str, Any]:
    """Carry out a plan, or what is left of it.

    `file` is written after every case and read at the start: cases of the same plan that went well are not run again.
    """
    cases = plan(faults, seed, real=real)
    done = _read(file, faults, seed)
    root = Path(tempfile.mkdtemp(prefix="xautolm-chaos-"))
    try:
        for number, case in enumerate(cases, 1):
            if case.name not in done:
                done[case.name] = run_case(case, root, keep=True)
                if file is not None:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(json.dumps(summary(list(done.values()), faults, seed), indent=1) + "\n")
            _tell(done[case.name], number, len(cases), out)
    finally:
        kept = list(root.glob("*.kept"))
        if not kept:
            shutil.rmtree(root, ignore_errors=True)
        for folder in kept:
            print(f"kept for a look: {folder}", file=out)
    return summary(list(done.values()), faults, seed)


def summary(results: list[Result], faults: int, seed: int) -> dict[str, Any]:
    """The campaign in figures."""
    counts = Counter(fault for result in results for fault in result.faults)
    trained = sum(len(result.faults) for result in results if result.kind == "real")
    return {
        "faults": faults,
        "seed": seed,
        "injected": sum(counts.values()),
        "by_kind": dict(sorted(counts.items())),
        "with_real_training": trained,
        "studies": len(results),
        "resumed": sum(result.resumed for result in results),
        "starts": sum(result.starts for result in results),
        "trials": sum(result.trials for result in results),
        "lost": sum(len(result.lost) for result in results),
        "duplicated": sum(len(result.duplicated) for result in results),
        "wrong": sum(len(result.wrong) for result in results),
        "seconds": round(sum(result.seconds for result in results), 1),
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "cases": [asdict(result) for result in sorted(results, key=lambda result: result.name)],
    }


def table(figures: dict[str, Any]) -> str:
    """A Markdown table for the README."""
    lines = ["| fault | injected |", "|---|---:|"]
    lines += [f"| {kind} | {count} |" for kind, count in figures["by_kind"].items()]
    lines += [f"| **all**, {figures['with_real_training']} of them with real fine-tuning | **{figures['injected']}** |"]
    return "\n".join(
        [
            *lines,
            "",
            f"{figures['studies']} studies with {figures['trials']} trials, {figures['starts']} starts: "
            f"{figures['lost']} finished trials lost, {figures['duplicated']} duplicated, "
            f"{figures['resumed']} of {figures['studies']} studies resumed to their end.",
        ]
    )


def is_good(figures: dict[str, Any]) -> bool:
    """Whether nothing was lost, doubled, left over or stuck."""
    return (
        not (figures["lost"] or figures["duplicated"] or figures["wrong"]) and figures["resumed"] == figures["studies"]
    )


def _read(file: Path | None, faults: int, seed: int) -> dict[str, Result]:
    if file is None or not file.exists():
        return {}
    kept = json.loads(file.read_text())
    if (kept.get("faults"), kept.get("seed")) != (faults, seed):
        return {}
    results = [Result(**case) for case in kept["cases"]]
    return {result.name: result for result in results if result.is_good}


def _tell(result: Result, number: int, total: int, out: TextIO) -> None:
    words = f"{len(result.faults)} faults, {result.trials} trials, {result.starts} starts, {result.seconds:.0f} s"
    verdict = "ok" if result.is_good else "NOT OK"
    print(f"[{number}/{total}] {result.name} ({result.kind}): {words}: {verdict}", file=out, flush=True)
    for line in (*result.lost, *result.duplicated, *result.wrong):
        print(f"    {line}", file=out, flush=True)
