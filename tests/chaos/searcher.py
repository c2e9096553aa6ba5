"""The searching process, a stand-in for a notebook's kernel: takes a study up and runs it to its end.

It is forked from a server that has imported everything, so a start costs milliseconds, and is a process like any other.
"""

import ctypes
import os
import struct
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import psutil

from chaos import ledger, world
from xautolm_nb import background, request, study
from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore

FINISHED, REFUSED, BUG = 0, 3, 1
MARK = "XAUTOLM_CHAOS"
_WALL = time.time
_BOOT = psutil._psplatform.boot_time


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a case plays."""

    home: Path
    """Of the store and the study; faults strike here."""
    notes: Path
    """Ledger and what was said; no fault touches it."""
    study: str
    real: bool = False
    """Whether trials are fine-tuned for real."""


def step_clocks(offset: "Synchronized[float]") -> None:
    """Have this process see the wall clock `offset` seconds away from where it is, as a machine whose clock was set.

    The kernel counts a process's start from the boot, so psutil's start times move with the wall clock too.
    """
    time.time = lambda: _WALL() + offset.value
    study._now = lambda: datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    if sys.platform == "linux":
        psutil._psplatform.boot_time = lambda: _BOOT() + offset.value


def obey_permissions() -> None:
    """Give up root's right to ignore file permissions, for this process and those it starts."""
    if os.getuid() != 0 or sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    libc.capget(header, data)
    words = [word & ~0b110 if index < 3 else word for index, word in enumerate(struct.unpack("6I", data.raw))]
    libc.capset(header, struct.pack("6I", *words))


def prepare(place: Place, offset: "Synchronized[float]") -> None:
    """Make this process the searching process of a place; what it says on stderr goes to `said.txt`."""
    said = os.open(place.notes / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(said, 2)
    os.environ[MARK] = str(place.notes)
    step_clocks(offset)
    obey_permissions()
    if not place.real:
        background.wire = world.wire


def main(place: Place, offset: "Synchronized[float]") -> None:
    """Take up the study, run it to its end, and exit with what came of it."""
    prepare(place, offset)
    code = BUG
    try:
        with ExperienceStore.open(place.home) as store:
            session = Session(store, place.study)
            session.subscribe(ledger.witness(ledger.path_of(place.notes, place.study)))
            session.resume()
            session.wait()
            code = FINISHED if session.record.state == "finished" else REFUSED
    except XAutoLMError as error:
        os.write(2, f"[{type(error).__name__}] {error}\n".encode())
        code = REFUSED
    except BaseException:
        os.write(2, traceback.format_exc(limit=-4).encode())
    os._exit(code)


def many(place: Place, offset: "Synchronized[float]") -> None:
    """Run the store's studies one after the other, and new ones, until `enough` lies in the notes.

    A study that ends with an error is taken up again in this process, as a person does who has mended what was wrong.
    """
    prepare(place, offset)
    background.wire = lambda record, store: (world if "world" in record.request else request).wire(record, store)
    try:
        with ExperienceStore.open(place.home) as store:
            while study := _next_study(place, store):
                session = Session(store, study)
                unsubscribe = session.subscribe(ledger.witness(ledger.path_of(place.notes, study)))
                (place.notes / "study").write_text(study)
                _insist(session)
                unsubscribe()
    except BaseException:
        os.write(2, traceback.format_exc(limit=-4).encode())
        os._exit(BUG)
    os._exit(FINISHED)


def _next_study(place: Place, store: ExperienceStore) -> str | None:
    """What was begun, else what waits, at times; else a new study of stand-ins; None when it is enough."""
    while True:
        try:
            records = store.studies()
            begun = [record.id for record in records if record.state not in ("created", "finished")]
            waiting = [record.id for record in records if record.state == "created"]
            if begun:
                return begun[0]
            if (place.notes / "enough").exists():
                for study in waiting:
                    store.delete_study(study)
                return None
            ended = len(records) - len(waiting)
            if waiting and ended % 4 == 1:
                return waiting[0]
            kind = "replay" if ended % 4 == 3 else "worker"
            name = f"study-{ended:04d}"
            return world.enter(store, name, kind, 12, place.home / "studies" / name).id
        except XAutoLMError as error:
            os.write(2, f"[{type(error).__name__}] {error}\n".encode())
            time.sleep(0.2)


def _insist(session: Session) -> None:
    """Run a study to its end, whatever it takes."""
    while True:
        try:
            session.resume()
            session.wait()
            if session.record.state == "finished":
                return
        except XAutoLMError as error:
            os.write(2, f"[{type(error).__name__}] {error}\n".encode())
        time.sleep(0.2)


def second(place: Place, offset: "Synchronized[float]") -> None:
    """Try to run a study that another process runs; exits with REFUSED when that is what happens."""
    step_clocks(offset)
    background.wire = world.wire
    with ExperienceStore.open(place.home) as store:
        session = Session(store, place.study)
        try:
            session.start()
        except XAutoLMError as error:
            (place.notes / "refusal.txt").write_text(str(error))
            os._exit(REFUSED)
        session.stop()
        session.wait(30)
    os._exit(FINISHED)
