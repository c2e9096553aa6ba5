"""The numbers behind the panel's charts, plain and thinned: the object `Charts` of the wire protocol."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xautolm_nb.core.ranking import ranking
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots.data import Flags, Integers, LearningCurve, ReferenceFront, anytime, learning_curves, pareto

MOST_POINTS = 400
"""Points of one chart or curve."""
MOST_CURVES = 60


def charts(view: StudyView, reference: ReferenceFront | None = None) -> dict[str, Any]:
    """Progress, front and learning curves as plain data: lists of finite numbers, texts, booleans and None.

    Thinning keeps what a reader looks for: each time the best score rose, the whole front, the curves of the best
    trials and of the newest.

    Args:
        view: The study.
        reference: A front to compare with.
    """
    metric = view.record.task.metric
    return {
        "anytime": _anytime(view.trials),
        "pareto": _pareto(view.trials),
        "curves": [_curve(curve) for curve in learning_curves(_worth_a_curve(view.trials))],
        "reference": None if reference is None else _reference(reference),
        "metric": metric.name,
        "maximize": metric.maximize,
    }


def thinned(size: int, most: int, first: Flags | None = None) -> Integers:
    """Indices of at most `most` of `size` items in their order, evenly spaced, the first and the last included.

    Args:
        size: Number of items, 0 or more.
        most: Number to keep, at least 2.
        first: Shape `(size,)`; items marked here come before all others where there is no room for all.
    """
    if size <= most:
        return np.arange(size)
    wanted = np.zeros(size, dtype=np.bool_) if first is None else first.copy()
    wanted[[0, -1]] = True
    chosen, others = np.flatnonzero(wanted), np.flatnonzero(~wanted)
    if chosen.size >= most:
        return chosen[_evenly(chosen.size, most)]
    return np.sort(np.concatenate([chosen, others[_evenly(others.size, most - chosen.size)]]))


def _evenly(size: int, count: int) -> Integers:
    """`count` different places among `size`; a single one is the first."""
    return np.linspace(0, size - 1, min(count, size)).round().astype(np.int64)


def _anytime(trials: Sequence[Trial]) -> dict[str, Any]:
    data = anytime(trials)
    rises = np.diff(data.best, prepend=np.nan) != 0
    kept = thinned(data.best.size, MOST_POINTS, rises)
    return {
        "seconds": data.seconds[kept].tolist(),
        "best": data.best[kept].tolist(),
        "numbers": data.numbers[kept].tolist(),
        "total_seconds": data.total_seconds,
    }


def _pareto(trials: Sequence[Trial]) -> dict[str, Any]:
    data = pareto(trials)
    kept = thinned(data.numbers.size, MOST_POINTS, data.front)
    fields = ("numbers", "seconds", "scores", "front", "complete")
    return {name: getattr(data, name)[kept].tolist() for name in fields}


def _worth_a_curve(trials: Sequence[Trial]) -> list[Trial]:
    """All that have a curve; of too many the best and the newest, half and half."""
    scored = [trial for trial in trials if trial.curve]
    if len(scored) <= MOST_CURVES:
        return scored
    best = {trial.number for trial in ranking(scored)[: MOST_CURVES // 2]}
    others = [trial.number for trial in scored if trial.number not in best]
    kept = best | set(others[len(best) - MOST_CURVES :])
    return [trial for trial in scored if trial.number in kept]


def _curve(curve: LearningCurve) -> dict[str, Any]:
    kept = thinned(curve.scores.size, MOST_POINTS)
    return {
        "number": curve.number,
        "fidelity": curve.fidelity[kept].tolist(),
        "scores": curve.scores[kept].tolist(),
        "state": curve.state.value,
        "best": curve.best,
    }


def _reference(reference: ReferenceFront) -> dict[str, Any]:
    kept = thinned(reference.seconds.size, MOST_POINTS)
    return {
        "name": reference.name,
        "seconds": reference.seconds[kept].tolist(),
        "scores": reference.scores[kept].tolist(),
    }
