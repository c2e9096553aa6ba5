from collections.abc import Callable

import pytest

from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState

MakeTrial = Callable[..., Trial]


def _trial(
    number: int,
    curve: list[tuple[float, float, float]],
    *,
    seconds: float | None = None,
    failed: bool = False,
    created: str = "",
    finished: str = "",
    maximize: bool = True,
) -> Trial:
    """A trial with curve points (fidelity, score, cumulative seconds)."""
    points = tuple(CurvePoint(fidelity=f, score=s, seconds=t) for f, s, t in curve)
    spent = seconds if seconds is not None else (curve[-1][2] if curve else 0.0)
    reached = curve[-1][0] if curve else 0.0
    state = TrialState.FAILED if failed else TrialState.COMPLETE if reached >= 1 else TrialState.PAUSED
    return Trial(
        number=number,
        config={"model": "m"},
        seed=0,
        state=state,
        fidelity=reached,
        curve=points,
        measures=Measures(seconds_train=spent),
        failure=Failure(kind=FailureKind.TIMEOUT, message="too long") if failed else None,
        created_at=created,
        finished_at=finished,
        maximize=maximize,
    )


@pytest.fixture
def make_trial() -> MakeTrial:
    return _trial


@pytest.fixture
def trials() -> list[Trial]:
    return [
        _trial(0, [(0.25, 0.4, 3.0), (1.0, 0.6, 10.0)]),
        _trial(1, [(0.25, 0.5, 2.0)]),
        _trial(2, [], seconds=4.0, failed=True),
        _trial(3, [(0.25, 0.55, 20.0), (1.0, 0.8, 90.0)]),
    ]
