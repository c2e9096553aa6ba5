import pytest

from xautolm_nb.core.trial import CurvePoint
from xautolm_nb.run.position import Position


def point(fidelity: float, score: float, step: int = 0) -> CurvePoint:
    return CurvePoint(fidelity=fidelity, score=score, seconds=1.0, step=step)


@pytest.mark.parametrize(
    ("total", "fidelity", "steps"),
    [(20, 0.25, 5), (10, 0.125, 2), (3, 0.1, 1), (1, 0.125, 1), (30, 0.1, 3), (7, 1.0, 7)],
)
def test_a_fidelity_is_a_number_of_steps_of_the_full_run(total: int, fidelity: float, steps: int) -> None:
    assert Position(total=total).steps_at(fidelity) == steps


def test_rungs_ahead_end_with_the_target() -> None:
    position = Position(total=100)
    assert position.rungs_ahead((0.25, 0.5, 1.0), 1.0) == [0.25, 0.5, 1.0]
    assert position.rungs_ahead((0.25, 0.5, 1.0), 0.3) == [0.25, 0.3]
    position.add_point(point(0.5, 0.1, 50), maximize=True)
    assert position.rungs_ahead((0.25, 0.5, 1.0), 1.0) == [1.0]
    assert position.rungs_ahead((0.25, 0.5, 1.0), 0.5) == []


def test_the_fidelity_is_the_rung_where_it_stands_on_one_and_by_steps_between() -> None:
    position = Position(total=7, step=1)
    assert position.fidelity == pytest.approx(1 / 7)
    position.add_point(point(0.125, 0.5, 1), maximize=True)
    assert position.fidelity == 0.125
    position.step = 2
    assert position.fidelity == pytest.approx(2 / 7)
    assert not position.is_finished


@pytest.mark.parametrize(("maximize", "expected"), [(True, [True, True, False]), (False, [True, False, True])])
def test_the_best_is_told_in_either_direction(maximize: bool, expected: list[bool]) -> None:
    position = Position(total=4)
    scores = [0.5, 0.6, 0.4]
    assert [position.add_point(point(0.1, score), maximize=maximize) for score in scores] == expected


def test_an_equal_score_does_not_replace_the_best() -> None:
    position = Position(total=4)
    assert position.add_point(point(0.1, 0.5), maximize=True)
    assert not position.add_point(point(0.2, 0.5), maximize=True)


def test_it_goes_through_plain_data_unchanged() -> None:
    position = Position(total=9, step=4, loss_sum=0.3, loss_steps=2)
    position.curve.append(point(0.25, 0.5, 3))
    other = Position(total=9)
    other.unpack(position.pack())
    assert other == position
    assert position.loss == 0.15


def test_the_time_left_follows_the_speed_so_far() -> None:
    assert Position(total=10).seconds_left(1.0, 0.0) is None
    assert Position(total=10, step=4).seconds_left(1.0, 2.0) == 3.0
    assert Position(total=10, step=4).seconds_left(0.25, 2.0) == 0.0


def curve_of(*scores: float) -> Position:
    position = Position(total=16)
    for rung, score in enumerate(scores):
        position.add_point(point(2.0 ** (rung - 4), score, 2**rung), maximize=True)
    return position


@pytest.mark.parametrize(
    ("scores", "peaked"),
    [
        ((0.5, 0.6, 0.7), False),
        ((0.7, 0.5), False),
        ((0.7, 0.5, 0.5), True),
        ((0.7, 0.5, 0.69), False),
        ((0.7, 0.69, 0.68), False),
        ((0.4, 0.4, 0.4, 0.4), False),
        ((0.4, 0.7, 0.5, 0.6), True),
    ],
)
def test_a_run_has_peaked_when_two_validations_in_a_row_are_worse_than_chance(
    scores: tuple[float, ...], peaked: bool
) -> None:
    assert curve_of(*scores).has_peaked(400, maximize=True) is peaked


def test_few_rows_make_chance_large() -> None:
    assert not curve_of(0.7, 0.6, 0.6).has_peaked(10, maximize=True)


def test_a_loss_peaks_downwards() -> None:
    assert curve_of(0.2, 0.9, 0.9).has_peaked(400, maximize=False)


def test_rungs_that_share_a_step_are_one_validation() -> None:
    position = curve_of(0.7)
    for fidelity in (0.1, 0.2, 0.3):
        position.add_point(point(fidelity, 0.2, 2), maximize=True)
    assert not position.has_peaked(400, maximize=True)


def test_a_run_that_ends_early_is_finished_with_its_last_score() -> None:
    position = curve_of(0.7, 0.5, 0.4)
    position.step = 4
    position.end()
    assert position.is_finished and position.fidelity == 1.0
    assert (position.curve[-1].score, position.curve[-1].step) == (0.4, 4)
