import pytest

from benchmarks.fronts import hypervolume, is_dominated, pareto

LIMIT = 1000.0
"""Seconds: two powers of ten above the 10 s at which the scale begins."""


@pytest.mark.parametrize(
    ("point", "dominated"),
    [
        ((0.5, 100.0), False),  # itself: no worse, but nowhere better
        ((0.5, 101.0), True),
        ((0.4, 100.0), True),
        ((0.6, 500.0), False),  # better in one
        ((0.1, 50.0), False),
    ],
)
def test_a_point_is_dominated_by_one_no_worse_in_both_and_better_in_one(
    point: tuple[float, float], dominated: bool
) -> None:
    assert is_dominated(point, [(0.5, 100.0)]) is dominated
    assert not is_dominated(point, [])


def test_a_front_keeps_each_point_that_none_dominates_once() -> None:
    points = [(0.5, 100.0), (0.9, 300.0), (0.5, 100.0), (0.4, 200.0), (0.9, 400.0), (0.2, 20.0)]
    assert pareto(points) == [(0.2, 20.0), (0.5, 100.0), (0.9, 300.0)]
    assert pareto([]) == []


@pytest.mark.parametrize(
    ("points", "share"),
    [
        ([], 0.0),
        ([(1.0, 10.0)], 1.0),  # all of the rectangle
        ([(0.5, 100.0)], 0.25),  # half of the score x half of the powers of ten
        ([(0.5, 100.0), (0.4, 200.0)], 0.25),  # a dominated point adds nothing
        ([(0.5, 100.0), (1.0, 1000.0)], 0.25),  # nor one at the limit
        ([(0.4, 10.0), (0.8, 100.0)], 0.6),  # .4 x 1 + (.8 - .4) x .5
        ([(0.8, 1.0)], 0.8),  # below 10 s time stops to matter
        ([(0.8, 5000.0)], 0.0),  # beyond the limit
    ],
)
def test_the_hypervolume_is_the_share_of_the_rectangle_by_hand(points: list[tuple[float, float]], share: float) -> None:
    assert hypervolume(points, worst_seconds=LIMIT) == pytest.approx(share)
    assert hypervolume(points[::-1], worst_seconds=LIMIT) == pytest.approx(share)


def test_scores_below_the_worst_count_for_nothing() -> None:
    # half of what lies above .2, and half of the powers of ten
    assert hypervolume([(0.6, 100.0)], worst_seconds=LIMIT, worst_score=0.2) == pytest.approx(0.25)
    assert hypervolume([(0.1, 10.0)], worst_seconds=LIMIT, worst_score=0.2) == 0.0


def test_a_single_best_point_gives_more_than_a_single_worst() -> None:
    """The toy fronts on which the published hypervolume fails: the global best had 0 there, the worst had more."""
    best, worst = [(0.93, 60.0)], [(0.10, 900.0)]
    assert hypervolume(best, worst_seconds=LIMIT) > 10 * hypervolume(worst, worst_seconds=LIMIT) > 0


def test_the_reference_does_not_move_with_the_points() -> None:
    """Another point can only add: the value of one method does not depend on where its own worst lies."""
    front = [(0.5, 100.0)]
    for extra in [(0.01, 999.0), (0.49, 99.0), (0.6, 600.0), (0.5, 20.0)]:
        assert hypervolume([*front, extra], worst_seconds=LIMIT) >= hypervolume(front, worst_seconds=LIMIT)
