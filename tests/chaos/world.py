"""The world that is searched: a deterministic optimizer without memory, runs whose scores anyone can work out again.

The searches use the real store, session, loop, process runner and checkpoints' states; only what trains is a stand-in.
"""

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from worlds import CONTEXT, MODELS, config, task

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.runner import Runner
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.trial import CurvePoint, Measures, Outcome, Trial, TrialState
from xautolm_nb.run import ProcessRunner, ReplayRunner, SimulatedClock, WorkerOptions
from xautolm_nb.space import build_space
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Study

RUNGS = (0.25, 1.0)
SECONDS = 0.3
"""Of work for a whole trial."""
WORKER = Path(__file__).with_name("worker.py")


def score_of(key: str, fidelity: float) -> float:
    """The score of a configuration at a fidelity: arbitrary, but always the same."""
    return int(hashlib.sha256(f"{key} {fidelity:.4f}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


class Ladder:
    """Begins trials one by one, most of them at the lowest rung, and thaws the oldest when two wait."""

    def __init__(self, trials: int) -> None:
        self.trials = trials

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        waiting = [trial for trial in trials if trial.state is TrialState.PAUSED]
        is_full = len(trials) >= self.trials
        if waiting and (is_full or len(waiting) > 1):
            return Proposal(config=waiting[0].config, fidelity=1.0, thaw=waiting[0].number, reason="its turn")
        if is_full:
            return None
        number = len(trials)
        own = config(2 + 2 * (number % 3), learning_rate=10 ** -(3 + number / 1000))
        return Proposal(config=own, fidelity=1.0 if number % 3 == 0 else RUNGS[0], reason="next")


class PacedClock(SimulatedClock):
    """A simulated clock that takes its time."""

    def advance(self, seconds: float) -> None:
        time.sleep(seconds)
        super().advance(seconds)


def whole_run(trial: Trial) -> Outcome:
    key = config_key(trial.config)
    curve = tuple(CurvePoint(fidelity=f, score=score_of(key, f), seconds=SECONDS * f, step=int(100 * f)) for f in RUNGS)
    return Outcome(fidelity=1.0, curve=curve, measures=Measures(seconds_train=SECONDS, steps=100))


def make_runner(kind: str, folder: Path) -> Runner:
    """`replay` plays runs back in this process, `worker` has them done by a worker process."""
    if kind == "replay":
        return ReplayRunner(whole_run, clock=PacedClock())
    command = (sys.executable, str(WORKER))
    options = WorkerOptions(command=command, checkpoint_seconds=0.05, stop_grace=3.0, spare=False)
    models = {model.id: model for model in MODELS}
    return ProcessRunner(folder=folder, models=models, context=CONTEXT, rungs=RUNGS, options=options)


def enter(store: ExperienceStore, name: str, kind: str, trials: int, folder: Path) -> StudyRecord:
    """Write a new study into a store."""
    request = {"world": kind, "trials": trials}
    record = StudyRecord(
        id=name, name=name, task=task(), context=CONTEXT, request=request, folder=str(folder), budget_seconds=1e5
    )
    return store.create_study(record)


def wire(record: StudyRecord, store: ExperienceStore) -> Study:
    """Stands in for `request.wire`."""
    kind, trials = record.request["world"], record.request["trials"]
    return Study(
        record=record,
        context=CONTEXT,
        space=build_space(CONTEXT, MODELS),
        optimizer=Ladder(trials),
        runner=make_runner(kind, Path(record.folder)),
        store=store,
        ahead=True,
    )


def wrong_scores(trials: Sequence[Trial]) -> list[str]:
    """Sentences about curves that are not those of their configurations."""
    found = []
    for trial in trials:
        key = config_key(trial.config)
        right = [score_of(key, point.fidelity) for point in trial.curve]
        fidelities = [point.fidelity for point in trial.curve]
        if [point.score for point in trial.curve] != right or sorted(set(fidelities)) != fidelities:
            found.append(f"trial {trial.number} has a curve that is not its own: {trial.curve}")
        if trial.state is TrialState.COMPLETE and (not fidelities or fidelities[-1] != 1.0):
            found.append(f"trial {trial.number} is complete without its last validation")
        if not 0 <= trial.seconds < 120:
            found.append(f"trial {trial.number} took {trial.seconds} s")
    return found
