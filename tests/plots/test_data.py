from collections.abc import Callable

import numpy as np
import pytest

from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.plots import anytime, learning_curves, pareto, reference_front


def test_the_best_score_never_falls_and_all_work_counts(trials: list[Trial]) -> None:
    data = anytime(trials)
    assert data.best.tolist() == [0.4, 0.6, 0.6, 0.6, 0.8]
    assert data.seconds.tolist() == [3.0, 10.0, 12.0, 36.0, 106.0]
    assert data.numbers.tolist() == [0, 0, 1, 3, 3]
    assert data.total_seconds == pytest.approx(sum(trial.seconds for trial in trials))


def test_a_thawed_trial_is_placed_by_its_time_stamps(make_trial: Callable[..., Trial]) -> None:
    thawed = make_trial(
        0,
        [(0.5, 0.3, 10.0), (1.0, 0.7, 20.0)],
        created="2026-01-01T00:00:00+00:00",
        finished="2026-01-01T00:01:00+00:00",
    )
    between = make_trial(
        1, [(0.5, 0.5, 15.0)], created="2026-01-01T00:00:20+00:00", finished="2026-01-01T00:00:35+00:00"
    )
    data = anytime([thawed, between])
    assert data.numbers.tolist() == [0, 1, 0]
    assert data.seconds.tolist() == [10.0, 25.0, 35.0]
    assert data.best.tolist() == [0.3, 0.5, 0.7]


def test_a_metric_to_minimise_improves_downwards(make_trial: Callable[..., Trial]) -> None:
    falling = [make_trial(n, [(1.0, s, 5.0)], maximize=False) for n, s in enumerate((0.9, 0.4, 0.6))]
    assert anytime(falling).best.tolist() == [0.9, 0.4, 0.4]
    assert pareto(falling).front.tolist() == [False, True, False]
    assert next(curve for curve in learning_curves(falling) if curve.best).number == 1


def test_the_front_holds_only_trials_that_no_other_beats(trials: list[Trial]) -> None:
    data = pareto(trials)
    assert data.numbers.tolist() == [0, 1, 3]
    assert data.front.tolist() == [True, True, True]
    assert data.complete.tolist() == [True, False, True]


def test_a_trial_worse_in_both_is_not_on_the_front(make_trial: Callable[..., Trial]) -> None:
    pair = [make_trial(0, [(1.0, 0.7, 10.0)]), make_trial(1, [(1.0, 0.6, 11.0)]), make_trial(2, [(1.0, 0.7, 12.0)])]
    assert pareto(pair).front.tolist() == [True, False, False]


def test_learning_curves_leave_out_trials_without_a_validation(trials: list[Trial]) -> None:
    curves = learning_curves(trials)
    assert [curve.number for curve in curves] == [0, 1, 3]
    assert [curve.best for curve in curves] == [False, False, True]
    assert curves[1].state is TrialState.PAUSED
    np.testing.assert_allclose(curves[2].fidelity, [0.25, 1.0])


def test_nothing_comes_from_nothing() -> None:
    assert anytime([]).total_seconds == 0.0
    assert anytime([]).best.size == 0
    assert pareto([]).numbers.size == 0
    assert learning_curves([]) == ()


def test_a_reference_is_the_front_of_another_search_by_rising_seconds(trials: list[Trial]) -> None:
    front = reference_front("zero-shot", trials)
    assert front.seconds.tolist() == [2.0, 10.0, 90.0]
    assert front.scores.tolist() == [0.5, 0.6, 0.8]
    assert pareto(trials, front).reference is front


def test_validations_that_came_to_no_number_are_left_out(make_trial: Callable[..., Trial]) -> None:
    broken = [make_trial(0, [(0.5, float("nan"), 2.0), (1.0, 0.5, 5.0)]), make_trial(1, [(1.0, float("inf"), 3.0)])]
    assert anytime(broken).best.tolist() == [0.5]
    assert anytime(broken).total_seconds == 8.0
    assert pareto(broken).numbers.tolist() == [0]
    assert [curve.number for curve in learning_curves(broken)] == [0]
