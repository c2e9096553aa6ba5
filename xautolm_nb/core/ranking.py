"""Which trials are best: by score alone, and by score against seconds."""

from collections.abc import Sequence

from xautolm_nb.core.trial import Trial


def ranking(trials: Sequence[Trial]) -> list[Trial]:
    """Trials with a score and no failure, the best first; of equal scores the one with more of its run behind it."""
    scored = [trial for trial in trials if trial.score is not None and trial.failure is None]
    return sorted(scored, key=_rank, reverse=True)


def pareto_front(trials: Sequence[Trial]) -> tuple[int, ...]:
    """Numbers of the trials that no other beats in score and in seconds, by falling score."""
    front: list[int] = []
    cheapest = float("inf")
    for trial in sorted(ranking(trials), key=lambda trial: (-_rank(trial)[0], trial.seconds)):
        if trial.seconds < cheapest:
            front.append(trial.number)
            cheapest = trial.seconds
    return tuple(front)


def _rank(trial: Trial) -> tuple[float, float]:
    score = trial.score if trial.score is not None else 0.0
    return (score if trial.maximize else -score, trial.fidelity)
