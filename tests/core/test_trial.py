"""A trial knows its score, its cost and whether more can come."""

import pytest

from xautolm_nb.core.trial import CurvePoint, FailureKind, Measures, Trial, TrialState


def point(fidelity: float, score: float) -> CurvePoint:
    return CurvePoint(fidelity=fidelity, score=score, seconds=10 * fidelity)


def test_the_score_is_the_best_validation_so_far() -> None:
    trial = Trial(number=0, config={}, seed=0, curve=(point(0.25, 0.6), point(0.5, 0.7), point(1.0, 0.65)))
    assert trial.score == 0.7
    assert trial.best_point is not None and trial.best_point.fidelity == 0.5


def test_a_score_to_be_minimised_is_the_lowest() -> None:
    trial = Trial(number=0, config={}, seed=0, maximize=False, curve=(point(0.5, 2.0), point(1.0, 1.5)))
    assert trial.score == 1.5


def test_a_trial_without_a_validation_has_no_score() -> None:
    assert Trial(number=0, config={}, seed=0).score is None
    assert Trial(number=0, config={}, seed=0).best_point is None


def test_seconds_are_load_train_and_evaluate() -> None:
    measures = Measures(seconds_load=1.0, seconds_train=2.0, seconds_eval=0.5)
    assert Trial(number=0, config={}, seed=0, measures=measures).seconds == 3.5


@pytest.mark.parametrize("state", list(TrialState))
def test_only_complete_and_failed_trials_are_finished(state: TrialState) -> None:
    assert state.is_finished == (state in (TrialState.COMPLETE, TrialState.FAILED))


@pytest.mark.parametrize("kind", list(FailureKind))
def test_only_memory_time_and_divergence_speak_about_a_config(kind: FailureKind) -> None:
    about = (FailureKind.OUT_OF_MEMORY, FailureKind.TIMEOUT, FailureKind.NOT_FINITE)
    assert kind.is_about_config == (kind in about)
