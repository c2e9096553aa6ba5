"""What was expected of trials when they were proposed, beside what came of them.

A trial keeps the expectation of its newest proposal (`score`, `score_sd`, `seconds`, `success`, `gain`), and that of
its first one under the same names with `start_` before them. Only first proposals know nothing of the trial itself,
so they are taken where they are kept; a trial that was never thawed has one proposal and needs no second set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import START, Trial, TrialState
from xautolm_nb.plots.data import Flags, Floats, Integers, PriorBand

_EPSILON = 1e-9  # fidelities are shares computed in steps
_AT_WORK = (TrialState.QUEUED, TrialState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Expected final scores and the scores that came, one entry per trial with an expectation, shape `(n,)`."""

    numbers: Integers
    expected: Floats
    sd: Floats
    """Standard deviation of the expectation; 0 where none was told."""
    scores: Floats
    """Best score of the trial; nan when it failed before its first validation."""
    complete: Flags
    """Whether the trial ran to fidelity 1, so that its score is what was spoken of."""
    failed: Flags
    at_start: Flags
    """Whether the expectation is the first one, which knew nothing of the trial."""

    @property
    def judged(self) -> Flags:
        """Trials whose score can be held against the expectation."""
        return self.complete & np.isfinite(self.scores)

    @property
    def within(self) -> int:
        """Trials within one standard deviation; 68 % of them should be."""
        distance = np.abs(self.scores[self.judged] - self.expected[self.judged])
        return int((distance <= self.sd[self.judged]).sum())

    @property
    def error(self) -> float | None:
        """Mean distance between expectation and score; None when no trial can be judged."""
        judged = self.judged
        return float(np.abs(self.scores[judged] - self.expected[judged]).mean()) if judged.any() else None


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Expected seconds of the newest piece of work of each trial and the seconds it took, shape `(n,)`."""

    numbers: Integers
    expected: Floats
    seconds: Floats
    failed: Flags
    """Ended early, so that the expectation was not put to the test."""

    @property
    def judged(self) -> Flags:
        """Pieces that came to their end."""
        return ~self.failed

    @property
    def within(self) -> int:
        """Pieces that took between half and twice the expected time."""
        ratio = np.abs(np.log2(self.seconds[self.judged] / self.expected[self.judged]))
        return int((ratio <= 1.0).sum())

    @property
    def factor(self) -> float | None:
        """Median of measured over expected seconds; None when no piece came to its end."""
        judged = self.judged
        return float(np.median(self.seconds[judged] / self.expected[judged])) if judged.any() else None


def prior_band(view: StudyView) -> PriorBand | None:
    """What the first proposal of the study promised, before anything was tried; None when that is not known."""
    first = next((trial for trial in view.trials if trial.number == 0), None)
    known = _first_expectation(first) if first is not None else None
    if known is None or "score" not in known:
        return None
    sd = known.get("score_sd", 0.0)
    counted = view.record.prior.get("used", 0)
    return PriorBand(
        mean=known["score"],
        low=known["score"] - sd,
        high=known["score"] + sd,
        experiences=int(counted) if isinstance(counted, int | float) else 0,
    )


def calibration(trials: Sequence[Trial]) -> Calibration:
    """Hold scores against what was expected of them; trials still at work, or without an expectation, are left out."""
    told = [(trial, _first_expectation(trial)) for trial in trials if trial.state not in _AT_WORK]
    rows = [(trial, known or trial.expected, known is not None) for trial, known in told]
    rows = [row for row in rows if _is_number(row[1].get("score"))]
    return Calibration(
        numbers=np.array([trial.number for trial, _, _ in rows], dtype=np.int64),
        expected=np.array([known["score"] for _, known, _ in rows], dtype=np.float64),
        sd=np.array([known.get("score_sd", 0.0) for _, known, _ in rows], dtype=np.float64),
        scores=np.array([np.nan if t.score is None else t.score for t, _, _ in rows], dtype=np.float64),
        complete=np.array([trial.state is TrialState.COMPLETE for trial, _, _ in rows], dtype=np.bool_),
        failed=np.array([trial.state is TrialState.FAILED for trial, _, _ in rows], dtype=np.bool_),
        at_start=np.array([first for _, _, first in rows], dtype=np.bool_),
    )


def costs(trials: Sequence[Trial]) -> Costs:
    """Hold the time of each trial's newest piece of work against what was expected when it was proposed.

    A piece begins at the last validation before the target it was proposed for. Trials that were stopped on the way
    are left out.
    """
    ended = [trial for trial in trials if trial.state not in _AT_WORK and _has_ended(trial)]
    rows = [(t, t.expected["seconds"], _newest_seconds(t)) for t in ended if _is_number(t.expected.get("seconds"))]
    rows = [(trial, expected, seconds) for trial, expected, seconds in rows if expected > 0 and seconds > 0]
    return Costs(
        numbers=np.array([trial.number for trial, _, _ in rows], dtype=np.int64),
        expected=np.array([expected for _, expected, _ in rows], dtype=np.float64),
        seconds=np.array([seconds for _, _, seconds in rows], dtype=np.float64),
        failed=np.array([trial.state is TrialState.FAILED for trial, _, _ in rows], dtype=np.bool_),
    )


def _first_expectation(trial: Trial) -> Mapping[str, float] | None:
    """What was expected before the trial began; None when only a later expectation is kept."""
    kept = {name.removeprefix(START): value for name, value in trial.expected.items() if name.startswith(START)}
    if kept:
        return kept
    begun_before = any(point.fidelity < trial.target - _EPSILON for point in trial.curve)
    return trial.expected if trial.expected and not begun_before else None


def _has_ended(trial: Trial) -> bool:
    return trial.state is TrialState.FAILED or trial.fidelity >= trial.target - _EPSILON


def _newest_seconds(trial: Trial) -> float:
    before = [point.seconds for point in trial.curve if point.fidelity < trial.target - _EPSILON]
    return trial.seconds - max(before, default=0.0)


def _is_number(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(value))
