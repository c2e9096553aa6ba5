"""What a search said is done, on a disk that no fault touches: the independent witness."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xautolm_nb.core.events import Event, TrialFinished
from xautolm_nb.core.serial import to_json
from xautolm_nb.core.trial import Trial

ENDED = ("complete", "failed")


def path_of(notes: Path, study: str) -> Path:
    """Where the ledger of a study lies."""
    return notes / f"ledger-{study}.jsonl"


def witness(path: Path) -> Callable[[Event], None]:
    """A subscriber that appends every trial that came back, on the disk before it returns."""

    def hear(event: Event) -> None:
        if isinstance(event, TrialFinished):
            with path.open("ab", buffering=0) as file:
                file.write(to_json(event.trial).encode() + b"\n")
                os.fsync(file.fileno())

    return hear


def read(path: Path) -> list[dict[str, Any]]:
    """All whole lines; the last may be torn when its writer was killed."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def points(entry: dict[str, Any]) -> list[tuple[float, float]]:
    """The learning curve without its costs: a trial whose checkpoint was damaged begins anew and costs more."""
    return [(point["fidelity"], point["score"]) for point in entry["curve"]]


def compare(said: list[dict[str, Any]], trials: list[Trial]) -> tuple[list[str], list[str]]:
    """What was lost and what was done twice: sentences, none when all is well.

    Args:
        said: The ledger, in order.
        trials: What the store holds now, read after the ledger.
    """
    kept = {trial.number: json.loads(to_json(trial)) for trial in trials}
    lost, twice, ended = [], [], set()
    for entry in said:
        number = entry["number"]
        now = kept.get(number)
        if number in ended:
            twice.append(f"trial {number} came back after it had ended")
        if now is None:
            lost.append(f"trial {number} is gone")
        elif entry["state"] in ENDED:
            ended.add(number)
            if now != entry:
                wrong = sorted(key for key in entry if entry[key] != now.get(key))
                lost.append(f"trial {number} was {entry['state']} and has changed: {wrong}")
        elif now["config"] != entry["config"] or points(now)[: len(entry["curve"])] != points(entry):
            lost.append(f"trial {number} has lost a part of its curve")
    return lost, twice
