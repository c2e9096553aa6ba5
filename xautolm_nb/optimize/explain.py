"""Why a proposal was made, in words and as the experiences that argued for and against it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.experience import STARTER, Experience
from xautolm_nb.core.proposal import Influence
from xautolm_nb.optimize.acquisition import Option
from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.experts import Experts
from xautolm_nb.optimize.features import Point
from xautolm_nb.optimize.surrogate import covariance
from xautolm_nb.optimize.targets import inputs_of

MOST = 5
"""Influences listed."""
_LEAST = 0.03  # share of all influence below which an experience is not worth a line


def influences(point: Point, experts: Experts, stored: Sequence[Case]) -> tuple[Influence, ...]:
    """The stored experiences that moved the expected score of a point most, by size.

    A Gaussian process adds up its training rows: the share of each row in the expected response is its covariance
    with the point times its solved residual. Shares are of all movement, times the trust in the store.
    """
    if experts.stored is None or not stored or experts.trust < 0.01:
        return ()
    model = experts.stored
    row = covariance(model, inputs_of([point]), model.inputs.numpy())[0]
    moved = row * model.solved.numpy()
    share = experts.trust * moved[: len(stored)] / max(float(np.abs(moved).sum()), 1e-12)
    order = np.argsort(-np.abs(share), kind="stable")[:MOST]
    return tuple(
        Influence(experience=record.id, weight=float(share[i]), summary=_summary(record))
        for i in order
        if (record := stored[i].experience) is not None and abs(share[i]) >= _LEAST
    )


def reason(option: Option, why: str, expected: dict[str, float], metric: str, argued: Sequence[Influence]) -> str:
    """One line: what, why, what is expected at which cost and risk, and what argued for it."""
    verb = "start" if option.thaw is None else f"thaw trial {option.thaw.number}"
    parts = [
        f"{verb} to {option.fidelity:.0%}: {why}",
        f"expected {metric} {expected['score']:.3f}±{expected['score_sd']:.3f} at the end",
        f"{_duration(expected['seconds'])} now, {expected['success']:.0%} to succeed",
        f"may add {expected['gain']:.3g} to the best",
    ]
    for_it = Counter(_task(influence) for influence in argued if influence.weight > 0)
    if for_it:
        tasks = " and ".join(
            f"{count} {'trial' if count == 1 else 'trials'} on {task}" for task, count in for_it.items()
        )
        parts.append(f"argued for by {tasks}")
    return "; ".join(parts)


def _summary(record: Experience) -> str:
    came = f"{record.metric.name} {record.score:.3f}" if record.score is not None else "failed"
    shipped = f"{STARTER} " if record.is_starter else ""
    return f"{shipped}{record.task_name}: {came} with {describe_config(record.config)}"


def _task(influence: Influence) -> str:
    name, _, _ = influence.summary.removeprefix(STARTER).strip().partition(":")
    return f"{name} (starter)" if influence.summary.startswith(STARTER) else name


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
