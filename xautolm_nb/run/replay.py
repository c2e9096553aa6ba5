"""Recorded or simulated runs on a simulated clock: a runner that trains nothing, for tests and comparisons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from xautolm_nb.core.config import config_key
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.runner import Emit, ShouldStop
from xautolm_nb.core.task import Split, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial

Recording = Callable[[Trial], Outcome]
"""Gives the whole run of a trial, to fidelity 1 or to its failure, whatever the trial's target."""


@dataclass
class SimulatedClock:
    """Time that passes only when a run says so; call it like `time.monotonic`."""

    now: float = 0.0

    def __call__(self) -> float:
        """Seconds since the start."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class ReplayRunner:
    """Plays back whole runs, cut at each trial's target; instant, except on its clock.

    Args:
        outcomes: A function from trial to its whole run, or a table of whole runs by `config_key`. A whole run has its
            learning curve (with cumulative seconds), and a failure where one ended it: the failure comes when a trial
            is asked to go beyond the run's fidelity.
        clock: Advanced by the seconds each piece of work takes.
    """

    def __init__(self, outcomes: Recording | Mapping[str, Outcome], *, clock: SimulatedClock | None = None) -> None:
        self._outcomes = outcomes
        self.clock = clock or SimulatedClock()

    def run(
        self,
        task: Task,
        trial: Trial,
        *,
        emit: Emit,
        should_stop: ShouldStop,
        timeout: float | None = None,
    ) -> Outcome:
        """Play the part of the run between `trial.fidelity` and `trial.target`."""
        whole = self._whole(trial)
        limit = float("inf") if timeout is None else trial.seconds + timeout
        done = Outcome(fidelity=trial.fidelity, curve=trial.curve, measures=trial.measures)
        for point in _ahead(trial, whole):
            if should_stop():
                return replace(done, checkpoint=done.fidelity > 0)
            if point.seconds > limit:
                return self._end(trial, done, limit, _timeout(timeout))
            self.clock.advance(max(0.0, point.seconds - done.measures.seconds))
            measures = _measures_at(whole, point.fidelity, point.seconds)
            done = Outcome(fidelity=point.fidelity, curve=(*done.curve, point), measures=measures)
            emit(_progress(trial, point))
        if whole.failure is not None and trial.target > whole.fidelity - 1e-9:
            seconds = min(limit, whole.measures.seconds)
            failure = whole.failure if whole.measures.seconds <= limit else _timeout(timeout)
            return self._end(trial, done, seconds, failure)
        return replace(done, checkpoint=done.fidelity < 1.0)

    def recover(self, trial: Trial) -> Trial:
        """The trial as it is: a replay has no checkpoints that could know more."""
        return trial

    def evaluate(self, task: Task, trial: Trial, split: Split) -> dict[str, float]:
        """The metrics of the trial's best validation, whatever the split: a recording knows no other rows.

        Raises:
            StudyError: The trial has no validation yet.
        """
        best = trial.best_point
        if best is None:
            raise StudyError(f"Trial {trial.number} has no kept weights.", hint="Choose a trial with a score.")
        return dict(best.metrics) or {task.metric.name: best.score}

    def export(self, task: Task, trial: Trial, folder: str) -> None:
        """Refuse: a recording has no weights.

        Raises:
            StudyError: Always.
        """
        raise StudyError("A replayed trial has no weights to export.", hint="Search with real training first.")

    def discard(self, trial: Trial) -> None:
        """Do nothing: there are no files."""

    def size_of(self, trial: Trial) -> int:
        """No bytes: there are no files."""
        return 0

    def close(self) -> None:
        """Do nothing: there are no processes."""

    def _whole(self, trial: Trial) -> Outcome:
        if callable(self._outcomes):
            return self._outcomes(trial)
        key = config_key(trial.config)
        if key in self._outcomes:
            return self._outcomes[key]
        failure = Failure(kind=FailureKind.MODEL_UNAVAILABLE, message=f"No run of configuration {key} is recorded.")
        return Outcome(fidelity=0.0, failure=failure)

    def _end(self, trial: Trial, done: Outcome, seconds: float, failure: Failure) -> Outcome:
        """A failure after `seconds` of the trial's work."""
        self.clock.advance(max(0.0, seconds - done.measures.seconds))
        missing = max(0.0, seconds - done.measures.seconds)
        measures = replace(done.measures, seconds_train=done.measures.seconds_train + missing)
        return replace(done, measures=measures, failure=failure)


def _ahead(trial: Trial, whole: Outcome) -> list[CurvePoint]:
    """Validations between where the trial stands and its target; the target itself always has one."""
    points = [point for point in whole.curve if trial.fidelity + 1e-9 < point.fidelity <= trial.target + 1e-9]
    reaches = whole.failure is None or trial.target < whole.fidelity - 1e-9
    misses = not points or points[-1].fidelity < trial.target - 1e-9
    if whole.curve and reaches and misses and trial.target > trial.fidelity:
        points.append(_between(whole, trial.target))
    return points


def _between(whole: Outcome, fidelity: float) -> CurvePoint:
    """A validation at a fidelity that was not recorded: the score of the last one before, seconds by proportion."""
    before = [point for point in whole.curve if point.fidelity <= fidelity] or [whole.curve[0]]
    nearest = before[-1]
    seconds = nearest.seconds * fidelity / nearest.fidelity if nearest.fidelity > 0 else nearest.seconds
    return replace(nearest, fidelity=fidelity, seconds=min(seconds, max(whole.measures.seconds, nearest.seconds)))


def _measures_at(whole: Outcome, fidelity: float, seconds: float) -> Measures:
    share = fidelity / whole.fidelity if whole.fidelity > 0 else 1.0
    cost = whole.measures
    scale = seconds / cost.seconds if cost.seconds > 0 else 0.0
    split = (
        replace(
            cost,
            seconds_load=cost.seconds_load * scale,
            seconds_train=cost.seconds_train * scale,
            seconds_eval=cost.seconds_eval * scale,
        )
        if scale > 0
        else replace(cost, seconds_train=seconds)
    )
    energy = cost.energy_kwh * share if cost.energy_kwh is not None else None
    return replace(split, tokens=round(cost.tokens * share), steps=round(cost.steps * share), energy_kwh=energy)


def _progress(trial: Trial, point: CurvePoint) -> TrialProgress:
    return TrialProgress(
        number=trial.number,
        phase="train",
        step=point.step,
        total=max(1, round(point.step / point.fidelity)) if point.fidelity > 0 else 1,
        fidelity=point.fidelity,
        loss=point.loss,
        score=point.score,
        seconds=point.seconds,
        seconds_left=0.0,
    )


def _timeout(seconds: float | None) -> Failure:
    return Failure(kind=FailureKind.TIMEOUT, message=f"The trial was still at work after {seconds:g} s.")
