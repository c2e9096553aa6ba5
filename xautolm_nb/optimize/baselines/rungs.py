"""Where trials stand on the rungs of a halving search."""

import math

from xautolm_nb.core.trial import Trial, TrialState

NEAR = 1e-9


def score_at(trial: Trial, rung: float) -> float | None:
    """Best score of a trial up to a rung; None when it did not reach it."""
    points = [point.score for point in trial.curve if point.fidelity <= rung + NEAR]
    if not points or trial.curve[-1].fidelity < rung - NEAR:
        return None
    return max(points) if trial.maximize else min(points)


def gain_at(trial: Trial, rung: float) -> float:
    """The score at a rung as larger-is-better; minus infinity when it was not reached."""
    score = score_at(trial, rung)
    if score is None:
        return -math.inf
    return score if trial.maximize else -score


def is_paused_at(trial: Trial, rung: float) -> bool:
    """Whether a trial waits at a rung."""
    return trial.state is TrialState.PAUSED and abs(trial.fidelity - rung) < NEAR


def next_rung(trial: Trial, rungs: tuple[float, ...]) -> float:
    """The first rung above what a trial has reached."""
    return next((rung for rung in rungs if rung > trial.fidelity + NEAR), 1.0)
