"""Trials to arrays: progress, the front of score and seconds, and learning curves, computed without drawing.

Scores are in the metric's own unit and direction; seconds are seconds of work (load, train, evaluate), so that pauses
of a study and the computer's sleep do not count. Validations whose score is not a finite number are left out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.trial import Trial, TrialState

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PriorBand:
    """What was expected of the first trial before anything was tried: mean of the score, and a deviation around it."""

    mean: float
    low: float
    high: float
    experiences: int
    """Past trials that speak in it; with 0 it is what the search expects of any task."""


@dataclass(frozen=True, kw_only=True)
class Anytime:
    """Best score so far against work spent, one entry per validation, failed work included."""

    seconds: Floats
    """Cumulated seconds of work when the score was known, shape `(n,)`, not falling."""
    scores: Floats
    """Score of each validation, shape `(n,)`."""
    best: Floats
    """Best score up to then, shape `(n,)`, monotone."""
    numbers: Integers
    """Trial of each validation, shape `(n,)`."""
    total_seconds: float
    """All work, that after the last validation included."""
    prior: PriorBand | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceFront:
    """A front to compare with, such as that of a search without past experience, by rising seconds."""

    name: str
    seconds: Floats
    scores: Floats


@dataclass(frozen=True, kw_only=True)
class ParetoFront:
    """Score against seconds of each trial with a score; `front` marks those that no other trial beats in both."""

    numbers: Integers
    seconds: Floats
    scores: Floats
    front: Flags
    complete: Flags
    """Whether the trial ran to fidelity 1."""
    reference: ReferenceFront | None = None


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """The validations of one trial, by rising fidelity."""

    number: int
    fidelity: Floats
    scores: Floats
    seconds: Floats
    state: TrialState
    best: bool = False
    """Whether this trial holds the best score of all."""


@dataclass(frozen=True)
class _Piece:
    """Work up to one validation (or up to the end, with no score)."""

    when: float
    number: int
    seconds: float
    score: float | None


def anytime(trials: Sequence[Trial], prior: PriorBand | None = None) -> Anytime:
    """Order all validations as they happened and cumulate the work and the best score.

    Trials keep their work in seconds but not when each rung was reached, so a trial that was paused in between is
    placed by its first and last time stamps: its first rung after it was created, the others before it finished.
    Without time stamps trials follow each other by number.
    """
    pieces = sorted((piece for trial in _finite(trials) for piece in _pieces(trial)), key=lambda piece: piece.when)
    elapsed = np.cumsum([piece.seconds for piece in pieces]) if pieces else np.zeros(0)
    scored = [index for index, piece in enumerate(pieces) if piece.score is not None]
    scores = np.array([pieces[index].score for index in scored], dtype=np.float64)
    return Anytime(
        seconds=elapsed[scored].astype(np.float64),
        scores=scores,
        best=_running_best(scores, _maximize(trials)),
        numbers=np.array([pieces[index].number for index in scored], dtype=np.int64),
        total_seconds=float(elapsed[-1]) if pieces else 0.0,
        prior=prior,
    )


def pareto(trials: Sequence[Trial], reference: ReferenceFront | None = None) -> ParetoFront:
    """Set the score of each trial against its seconds; failed and unscored trials are left out."""
    scored = [trial for trial in _finite(trials) if trial.score is not None and trial.failure is None]
    front = pareto_front(scored)
    return ParetoFront(
        numbers=np.array([trial.number for trial in scored], dtype=np.int64),
        seconds=np.array([trial.seconds for trial in scored], dtype=np.float64),
        scores=np.array([trial.score for trial in scored], dtype=np.float64),
        front=np.array([trial.number in front for trial in scored], dtype=np.bool_),
        complete=np.array([trial.state is TrialState.COMPLETE for trial in scored], dtype=np.bool_),
        reference=reference,
    )


def reference_front(name: str, trials: Sequence[Trial]) -> ReferenceFront:
    """The front of another search over the same task, to set beside this one's.

    Args:
        name: What it is called in the figure, such as `zero-shot`.
        trials: The trials of that search.
    """
    data = pareto(trials)
    order = np.flatnonzero(data.front)[np.argsort(data.seconds[data.front], kind="stable")]
    return ReferenceFront(name=name, seconds=data.seconds[order], scores=data.scores[order])


def learning_curves(trials: Sequence[Trial]) -> tuple[LearningCurve, ...]:
    """Collect the learning curve of every trial that was validated at least once, by trial number."""
    scored = sorted((trial for trial in _finite(trials) if trial.curve), key=lambda trial: trial.number)
    best = next((trial.number for trial in ranking(scored)), None)
    return tuple(
        LearningCurve(
            number=trial.number,
            fidelity=np.array([point.fidelity for point in trial.curve], dtype=np.float64),
            scores=np.array([point.score for point in trial.curve], dtype=np.float64),
            seconds=np.array([point.seconds for point in trial.curve], dtype=np.float64),
            state=trial.state,
            best=trial.number == best,
        )
        for trial in scored
    )


def _finite(trials: Sequence[Trial]) -> list[Trial]:
    """The trials without validations that came to no number."""
    return [
        replace(trial, curve=tuple(point for point in trial.curve if math.isfinite(point.score))) for trial in trials
    ]


def _pieces(trial: Trial) -> Iterator[_Piece]:
    """Cut the work of a trial at its validations; what is left after the last one is a piece without a score."""
    created, finished = _timestamp(trial.created_at), _timestamp(trial.finished_at)
    done = 0.0
    for index, point in enumerate(trial.curve):
        if created is None or finished is None:
            when = float(trial.number)
        elif index == 0:
            when = created + point.seconds
        else:
            when = finished - max(0.0, trial.seconds - point.seconds)
        yield _Piece(when, trial.number, max(0.0, point.seconds - done), point.score)
        done = max(done, point.seconds)
    if trial.seconds > done:
        yield _Piece(
            finished if finished is not None else float(trial.number), trial.number, trial.seconds - done, None
        )


def _timestamp(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _running_best(scores: Floats, maximize: bool) -> Floats:
    return np.maximum.accumulate(scores) if maximize else np.minimum.accumulate(scores)


def _maximize(trials: Sequence[Trial]) -> bool:
    return all(trial.maximize for trial in trials)
