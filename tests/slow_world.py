"""A search whose trials take real time and train nothing, for tests inside a kernel: it reports, stops and resumes."""

import time
from dataclasses import replace

from worlds import CONTEXT, Scripted, config, make_study, start

from xautolm_nb import background
from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.runner import Emit, ShouldStop
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.task import Split, Task
from xautolm_nb.core.trial import CurvePoint, Measures, Outcome, Trial
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Study

STEPS = 200


class SlowRunner:
    """Takes `seconds` for a whole trial and says four times a second how far it is."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def run(
        self, task: Task, trial: Trial, *, emit: Emit, should_stop: ShouldStop, timeout: float | None = None
    ) -> Outcome:
        done, spent, told = trial.fidelity, trial.seconds, 0.0
        while done < trial.target and not should_stop():
            time.sleep(self.seconds / STEPS)
            done, spent = min(trial.target, done + 1 / STEPS), spent + self.seconds / STEPS
            if time.monotonic() - told >= 0.25:
                told = time.monotonic()
                emit(
                    TrialProgress(
                        number=trial.number,
                        phase="train",
                        step=int(done * STEPS),
                        total=STEPS,
                        fidelity=done,
                        loss=1.0 - done / 2,
                        seconds=spent,
                        seconds_left=self.seconds * (1 - done),
                    )
                )
        curve = (*trial.curve, CurvePoint(fidelity=done, score=0.5 + 0.3 * done, seconds=spent)) if done else ()
        return Outcome(fidelity=done, curve=curve, measures=Measures(seconds_train=spent), checkpoint=True)

    def recover(self, trial: Trial) -> Trial:
        return trial

    def evaluate(self, task: Task, trial: Trial, split: Split) -> dict[str, float]:
        return {"f1": 0.5, "accuracy": 0.5}

    def export(self, task: Task, trial: Trial, folder: str) -> None:
        raise NotImplementedError

    def discard(self, trial: Trial) -> None:
        return None

    def close(self) -> None:
        return None


def slow_session(
    *, trials: int = 50, seconds: float = 2.0, name: str = "world", config_of: dict[str, ConfigValue] | None = None
) -> Session:
    """A new study in the user's store with trials that take `seconds`; not started."""
    store = ExperienceStore.open()
    study = make_study(store, Scripted([]))
    identifier = f"{study.record.id}-{time.time_ns()}"
    record = StudyRecord(id=identifier, name=name, task=replace(study.record.task, name=name), context=CONTEXT)
    store.delete_study(study.record.id)
    store.create_study(replace(record, budget_seconds=3600.0, request={"objectives": ["f1"]}))
    runner = SlowRunner(seconds)

    def wire(record: StudyRecord, store: ExperienceStore) -> Study:
        proposals = [start({**config(2 + 2 * (number % 3)), **(config_of or {})}) for number in range(trials)]
        return replace(study, record=record, store=store, runner=runner, optimizer=Scripted(proposals))

    background.wire = wire
    return Session(store, identifier)


def revive(session: Session, *, seconds: float = 1.0) -> None:
    """Let a study of `slow_session` that another process began run in this one."""
    memory = ExperienceStore.open(":memory:")
    study = make_study(memory, Scripted([start(config(2)) for _ in range(100)]))

    def wire(record: StudyRecord, store: ExperienceStore) -> Study:
        return replace(study, record=record, store=store, runner=SlowRunner(seconds))

    background.wire = wire
