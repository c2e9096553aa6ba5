import math
from dataclasses import replace

from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.optimize.baselines.rungs import gain_at, is_paused_at, next_rung, score_at

CURVE = tuple(CurvePoint(fidelity=f, score=s, seconds=1.0) for f, s in ((0.125, 0.4), (0.25, 0.6), (0.5, 0.5)))
TRIAL = Trial(number=0, config={}, seed=0, state=TrialState.PAUSED, fidelity=0.5, curve=CURVE)


def test_the_score_at_a_rung_is_the_best_up_to_it() -> None:
    assert [score_at(TRIAL, rung) for rung in (0.125, 0.25, 0.5)] == [0.4, 0.6, 0.6]
    assert score_at(replace(TRIAL, maximize=False), 0.5) == 0.4


def test_a_rung_that_was_not_reached_has_no_score() -> None:
    assert score_at(TRIAL, 1.0) is None
    assert score_at(replace(TRIAL, curve=()), 0.125) is None
    assert gain_at(TRIAL, 1.0) == -math.inf


def test_the_gain_of_a_metric_to_minimise_is_its_negative() -> None:
    assert gain_at(TRIAL, 0.25) == 0.6
    assert gain_at(replace(TRIAL, maximize=False), 0.25) == -0.4


def test_only_a_paused_trial_waits_at_its_rung() -> None:
    assert is_paused_at(TRIAL, 0.5)
    assert not is_paused_at(TRIAL, 0.25)
    assert not is_paused_at(replace(TRIAL, state=TrialState.RUNNING), 0.5)


def test_the_next_rung_is_above_what_was_reached() -> None:
    assert next_rung(TRIAL, (0.25, 0.5, 1.0)) == 1.0
    assert next_rung(replace(TRIAL, fidelity=0.3), (0.25, 0.5, 1.0)) == 0.5
    assert next_rung(TRIAL, (0.25, 0.5)) == 1.0
