"""A worker that trains nothing: the protocol, the states on disk and the process are real, and no torch is imported."""

import hashlib
import os
import sys
import time
import types
import uuid
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import xautolm_nb  # noqa: E402

# The package's own __init__ wires the runners and brings scipy with it, two seconds that a worker here has no use for.
room = types.ModuleType("xautolm_nb.run")
room.__path__ = [str(Path(xautolm_nb.__file__).parent / "run")]
sys.modules["xautolm_nb.run"] = room

from xautolm_nb.core.config import config_key  # noqa: E402
from xautolm_nb.core.events import TrialProgress  # noqa: E402
from xautolm_nb.core.serial import from_plain, to_plain  # noqa: E402
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome  # noqa: E402
from xautolm_nb.run import worker  # noqa: E402
from xautolm_nb.run.protocol import Command, Job, Message  # noqa: E402
from xautolm_nb.run.state import commit, read_state, sync, tidy  # noqa: E402

STEPS, STEP_SECONDS = 40, 0.0075
BLOB = 64 * 1024


def score_of(key: str, fidelity: float) -> float:
    """As `chaos.world.score_of`, which would import too much."""
    return int(hashlib.sha256(f"{key} {fidelity:.4f}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


class Training:
    """One trial: steps that take time and memory, checkpoints with weights of random bytes."""

    def __init__(self, job: Job, link: worker.Link) -> None:
        self.job, self.link = job, link
        self.folder = Path(job.folder) / "checkpoint"
        self.identity = {"config": config_key(job.trial.config), "seed": job.trial.seed}
        self.step, self.curve, self.measures = 0, (), job.trial.measures
        self.saved_at = time.monotonic()
        self.load()

    def load(self) -> None:
        state = read_state(self.folder)
        if state is None or state.get("identity") != self.identity:
            return
        kept = from_plain(state["measures"], Measures)
        if state["tensors"] is not None:
            try:
                blob = (self.folder / state["tensors"]).read_bytes()
            except OSError:
                return
            if hashlib.sha256(blob).hexdigest() != state["blob"]:
                return
        self.step = round(state["fidelity"] * STEPS)
        self.curve = tuple(from_plain(state["curve"], list[CurvePoint]))
        self.measures = max(self.measures, kept, key=lambda cost: cost.seconds)

    def save(self) -> None:
        finished = self.step >= STEPS
        self.folder.mkdir(parents=True, exist_ok=True)
        name, blob = (None, b"") if finished else (f"tensors-{uuid.uuid4().hex[:12]}.safetensors", os.urandom(BLOB))
        state = {
            "identity": self.identity,
            "measures": to_plain(self.measures),
            "fidelity": self.step / STEPS,
            "curve": to_plain(list(self.curve)),
            "finished": finished,
            "blob": hashlib.sha256(blob).hexdigest(),
        }
        try:
            if name:
                (self.folder / name).write_bytes(blob)
                sync(self.folder / name)
            commit(self.folder, state, name)
        finally:
            tidy(self.folder)
        self.saved_at = time.monotonic()

    def run(self) -> Outcome:
        target = round(self.job.trial.target * STEPS)
        rungs = {round(rung * STEPS) for rung in self.job.rungs if rung <= self.job.trial.target} | {target}
        while self.step < target:
            if self.link.should_stop():
                self.save()
                return self.outcome()
            self.advance(rungs)
        if all(point.step != target for point in self.curve):
            self.validate()
        self.save()
        return self.outcome()

    def advance(self, rungs: set[int]) -> None:
        activations = bytearray(1 << 20)
        time.sleep(STEP_SECONDS)
        self.step += 1
        seconds = self.measures.seconds_train + STEP_SECONDS + len(activations) * 0
        self.measures = replace(self.measures, seconds_train=seconds, steps=self.step)
        if self.step in rungs:
            self.validate()
            self.link.rung(self.outcome())
        if time.monotonic() - self.saved_at >= self.job.checkpoint_seconds:
            self.save()
            self.tell()

    def validate(self) -> None:
        fidelity = self.step / STEPS
        score = score_of(self.identity["config"], fidelity)
        point = CurvePoint(fidelity=fidelity, score=score, seconds=self.measures.seconds, step=self.step)
        self.curve = (*(old for old in self.curve if old.fidelity < fidelity), point)

    def tell(self) -> None:
        self.link.progress(
            TrialProgress(
                number=self.job.trial.number, phase="train", step=self.step, total=STEPS, fidelity=self.step / STEPS
            )
        )

    def outcome(self) -> Outcome:
        fidelity = self.step / STEPS
        return Outcome(fidelity=fidelity, curve=self.curve, measures=self.measures, checkpoint=0 < fidelity < 1.0)


def perform(command: Command, link: worker.Link) -> Message:
    """Run a trial; what goes wrong is a typed failure, as in the real worker."""
    assert command.job is not None
    training = None
    try:
        training = Training(command.job, link)
        outcome = training.run()
    except Exception as error:
        done = training.outcome() if training else Outcome(fidelity=command.job.trial.fidelity)
        outcome = replace(done, failure=name(error))
    return Message(kind="done", outcome=outcome)


def name(error: Exception) -> Failure:
    if isinstance(error, MemoryError):
        return Failure(kind=FailureKind.OUT_OF_MEMORY, message="MemoryError")
    if isinstance(error, OSError):
        return Failure(kind=FailureKind.DISK, message=str(error))
    return Failure(kind=FailureKind.ERROR, message=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    worker.serve(perform, lambda: None)
