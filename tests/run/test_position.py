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
