"""A runner whose trials wait until a test lets them go, or until they are told to stop."""

import time
from collections.abc import Callable
from dataclasses import replace

from xautolm_nb.core.runner import Emit, ShouldStop
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import CurvePoint, Measures, Outcome, Trial
from xautolm_nb.run import ReplayRunner, SimulatedClock


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)


class Hall(ReplayRunner):
    """Trains nothing: trials are at work until they are let go; one that is told to stop has a checkpoint."""

    CUT_OFF = 0.1
    """How far a trial gets that is told to stop."""

    def __init__(self) -> None:
        super().__init__({}, clock=SimulatedClock())
        self.at_work: set[int] = set()
        self.begun: list[int] = []
        self.discarded: list[int] = []
        self._ends: dict[int, Outcome | Exception] = {}

    def run(
        self, task: Task, trial: Trial, *, emit: Emit, should_stop: ShouldStop, timeout: float | None = None
    ) -> Outcome:
        assert trial.number not in self.at_work, "no trial runs twice at once"
        self.at_work.add(trial.number)
        self.begun.append(trial.number)
        try:
            while not should_stop():
                end = self._ends.pop(trial.number, None)
                if isinstance(end, Exception):
                    raise end
                if end is not None:
                    return end
                time.sleep(0.002)
            return Outcome(fidelity=trial.fidelity + self.CUT_OFF, curve=trial.curve, checkpoint=True)
        finally:
            self.at_work.remove(trial.number)

    def discard(self, trial: Trial) -> None:
        self.discarded.append(trial.number)

    def wait_for(self, *numbers: int) -> None:
        """Until exactly these trials are at work."""
        until(lambda: self.at_work == set(numbers))

    def let_go(self, number: int, end: Outcome | Exception | None = None) -> None:
        """Have a trial end: completely, with another outcome, or with an error of the runner."""
        self._ends[number] = end or done()


def done(score: float = 0.5, **changes: object) -> Outcome:
    """A whole run."""
    curve = (CurvePoint(fidelity=1.0, score=score, seconds=1.0),)
    whole = Outcome(fidelity=1.0, curve=curve, measures=Measures(seconds_train=1.0))
    return replace(whole, **changes)  # type: ignore[arg-type]
