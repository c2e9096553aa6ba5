import math

import pytest

from xautolm_nb.optimize.baselines.fronts import (
    FAILURE,
    crowding_distances,
    dominates,
    non_dominated_fronts,
    select,
)


def test_a_point_dominates_when_it_is_no_worse_in_both_and_better_in_one() -> None:
    assert dominates((0.5, 10.0), (0.5, 11.0))
    assert dominates((0.6, 10.0), (0.5, 10.0))
    assert not dominates((0.6, 11.0), (0.5, 10.0))
    assert not dominates((0.5, 10.0), (0.5, 10.0))
    assert dominates((0.0, 1e9), FAILURE)


def test_points_are_sorted_into_fronts() -> None:
    # (.9, 30) and (.5, 10) beat each other in one thing; (.5, 20) loses to the latter, (.4, 40) to all.
    points = [(0.4, 40.0), (0.9, 30.0), FAILURE, (0.5, 10.0), (0.5, 20.0), FAILURE]
    assert non_dominated_fronts(points) == [[1, 3], [4], [0], [2, 5]]


def test_the_crowding_distance_sums_the_gaps_of_the_neighbours_in_units_of_the_generation() -> None:
    front = [(0.0, 0.0), (0.2, 10.0), (0.6, 20.0), (1.0, 40.0)]
    generation = [*front, (0.0, 80.0)]  # gains range over 1, seconds over 80
    # second: (.6 - 0) / 1 + (20 - 0) / 80 = .85; third: (1 - .2) / 1 + (40 - 10) / 80 = 1.175
    assert crowding_distances(front, generation) == [math.inf, pytest.approx(0.85), pytest.approx(1.175), math.inf]


def test_with_a_failure_in_the_generation_seconds_do_not_count() -> None:
    front = [(0.0, 0.0), (0.2, 10.0), (0.6, 20.0), (1.0, 40.0)]
    distances = crowding_distances(front, [*front, FAILURE])
    assert distances == [math.inf, pytest.approx(0.6), pytest.approx(0.8), math.inf]


def test_the_last_front_is_cut_to_its_most_remote_points() -> None:
    # One front of five: ends 0 and 4; inside, the gaps of the neighbours are 1: .1 + .1, 2: .5 + .5, 3: .9 + .9.
    points = [(0.0, 0.0), (0.05, 5.0), (0.1, 10.0), (0.55, 55.0), (1.0, 100.0)]
    assert select(points, 4) == [0, 4, 3, 2]
    assert select(points, 3) == [0, 4, 3]


def test_a_better_front_goes_first_even_when_it_is_crowded() -> None:
    points = [(0.5, 20.0), (0.51, 20.5), (0.4, 30.0), (0.9, 500.0)]
    assert set(select(points, 3)) == {0, 1, 3}


def test_equal_points_are_taken_in_their_order() -> None:
    assert select([FAILURE] * 4, 2) == [0, 3]  # the two ends are remote, the others have nothing between
    assert select([(0.5, 1.0)] * 3, 3) == [0, 1, 2]


def test_there_may_be_fewer_points_than_places() -> None:
    assert select([], 4) == []
    assert select([(0.1, 1.0)], 4) == [0]
