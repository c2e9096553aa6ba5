"""The best trials, by score and by score against seconds."""

from dataclasses import replace

from xautolm_nb.core.ranking import pareto_front, ranking
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial


def trial(number: int, score: float, seconds: float, fidelity: float = 1.0, *, maximize: bool = True) -> Trial:
    return Trial(
        number=number,
        config={},
        seed=0,
        fidelity=fidelity,
        maximize=maximize,
        curve=(CurvePoint(fidelity=fidelity, score=score, seconds=seconds),),
        measures=Measures(seconds_train=seconds),
    )


def test_the_best_score_comes_first_and_the_longer_run_breaks_a_tie() -> None:
    trials = [trial(0, 0.5, 1), trial(1, 0.7, 9, fidelity=0.25), trial(2, 0.7, 9)]
    assert [each.number for each in ranking(trials)] == [2, 1, 0]


def test_a_score_to_be_minimised_ranks_upwards() -> None:
    trials = [trial(0, 0.5, 1, maximize=False), trial(1, 0.2, 1, maximize=False)]
    assert [each.number for each in ranking(trials)] == [1, 0]


def test_trials_that_failed_or_have_no_score_are_left_out() -> None:
    failed = replace(trial(0, 0.9, 1), failure=Failure(kind=FailureKind.CRASH, message="died"))
    assert ranking([failed, Trial(number=1, config={}, seed=0)]) == []


def test_the_front_holds_what_nothing_beats_in_score_and_seconds() -> None:
    trials = [trial(0, 0.9, 100), trial(1, 0.8, 10), trial(2, 0.7, 50), trial(3, 0.6, 5), trial(4, 0.9, 120)]
    assert pareto_front(trials) == (0, 1, 3)
