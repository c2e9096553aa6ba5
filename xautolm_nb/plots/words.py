"""What a figure shows, in a sentence or two: the text alternative for those who do not see it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from xautolm_nb.plots.data import Anytime, LearningCurve, ParetoFront
from xautolm_nb.plots.expectations import Calibration, Costs
from xautolm_nb.plots.failures import RAN, FailureMap
from xautolm_nb.plots.parallel import Parallel


def anytime_words(data: Anytime, metric: str) -> str:
    """Best score, when it came, and what was expected at the start."""
    if not data.best.size:
        return f"Best {metric} over the work spent: no validation yet."
    first = int(np.argmax(data.best == data.best[-1]))
    prior = data.prior
    before = f" The prior expected {prior.mean:.3f} ± {prior.high - prior.mean:.3f}." if prior else ""
    return (
        f"Best {metric} over the work spent: {data.best[-1]:.3f} by trial {data.numbers[first]} after "
        f"{data.seconds[first]:.0f} of {data.total_seconds:.0f} s and {_count(data.best.size, 'validation')}.{before}"
    )


def pareto_words(data: ParetoFront, metric: str) -> str:
    """The front's ends."""
    if not data.numbers.size:
        return f"{metric} over the time of each trial: no scored trial yet."
    front = np.flatnonzero(data.front)[np.argsort(data.seconds[data.front], kind="stable")]
    ends = [f"{data.scores[i]:.3f} in {data.seconds[i]:.0f} s (trial {data.numbers[i]})" for i in front[[0, -1]]]
    span = ends[0] if front.size == 1 else f"from {ends[0]} to {ends[1]}"
    other = data.reference
    beside = f" The front of {other.name} is drawn beside it." if other is not None and other.seconds.size else ""
    return f"{metric} over the time of {_count(data.numbers.size, 'trial')}: {front.size} on the front, {span}.{beside}"


def curves_words(curves: Sequence[LearningCurve], metric: str) -> str:
    """How many curves there are, how many reached the end, and the best one."""
    if not curves:
        return f"Learning curves of {metric}: no validation yet."
    whole = sum(bool(curve.fidelity[-1] >= 0.999) for curve in curves)
    best = next((curve for curve in curves if curve.best), None)
    top = f" Trial {best.number} is the best, from {best.scores[0]:.3f} to {best.scores[-1]:.3f}." if best else ""
    return f"{metric} of {_count(len(curves), 'trial')} over the share of the full run; {whole} reached its end.{top}"


def parallel_words(data: Parallel, metric: str) -> str:
    """Which parameters are drawn, and the best configuration."""
    if not data.numbers.size:
        return "Configurations of the trials: none has come back yet."
    names = [axis.name for axis in data.axes]
    best = next((values for values, is_best in zip(data.values, data.best, strict=True) if is_best), None)
    told = [f"{name} {value}" for name, value in zip(names, best or (), strict=False) if value is not None]
    top = f" The best has {', '.join(told)}." if told else ""
    out = f" Not drawn: {', '.join(data.left_out)}." if data.left_out else ""
    return (
        f"Configurations of {_count(data.numbers.size, 'trial')} over {', '.join(names)} and {metric}; "
        f"{int(data.failed.sum())} failed.{top}{out}"
    )


def failures_words(data: FailureMap, metric: str) -> str:
    """How many failed of what, and the models with most failures."""
    if not data.numbers.size:
        return "Failures by model and tokens of the largest batch: no trial has come back yet."
    kinds = Counter(kind for kind in data.kinds if kind != RAN)
    told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.most_common()) or "none"
    failed = np.array([kind != RAN for kind in data.kinds])
    worst = f" Most failures: {data.models[0]}." if kinds and len(data.models) > 1 else ""
    size = f" The smallest batch that failed has {data.tokens[failed].min():.0f} tokens." if kinds else ""
    count = _count(data.numbers.size, "trial")
    return f"Failures of {count} by model and tokens of the largest batch: {told}.{worst}{size}"


def calibration_words(data: Calibration, metric: str) -> str:
    """How many scores came as expected, and how far off the others are."""
    count, error = int(data.judged.sum()), data.error
    if error is None:
        return f"Expected {metric} and the one that came: no trial has run to its end yet."
    return (
        f"Expected {metric} and the one that came, of {_count(count, 'trial')} that ran to the end: {data.within} "
        f"within one standard deviation, {error:.3f} apart on average."
    )


def cost_words(data: Costs, metric: str) -> str:
    """How many times came as expected, and the bias."""
    count, factor = int(data.judged.sum()), data.factor
    if factor is None:
        return "Expected and measured time: no piece of work has come to its end yet."
    return (
        f"Expected and measured time of {_count(count, 'piece')} of work: {data.within} within a factor of 2, the "
        f"median took {factor:.2f} times the expected time."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
