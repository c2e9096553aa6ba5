"""Non-dominated sorting and crowding distance over (gain, seconds): the selection of the original search (XAutoLM 7).

A point is (gain, seconds): the gain is better larger, the seconds smaller. A failure is (-infinity, +infinity).
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
FAILURE: Point = (-math.inf, math.inf)


def dominates(one: Point, other: Point) -> bool:
    """Whether a point is no worse in both and better in one."""
    return one[0] >= other[0] and one[1] <= other[1] and one != other


def non_dominated_fronts(points: Sequence[Point]) -> list[list[int]]:
    """Places of the points by front: the first is dominated by none, the next only by points of fronts before it."""
    left, fronts = list(range(len(points))), list[list[int]]()
    while left:
        front = [i for i in left if not any(dominates(points[j], points[i]) for j in left)]
        fronts.append(front)
        left = [i for i in left if i not in front]
    return fronts


def crowding_distances(front: Sequence[Point], generation: Sequence[Point]) -> list[float]:
    """How far the neighbours of each point of a front are apart, in units of the range over the generation.

    The two ends of a front are infinitely far. As published, only minus infinity is left out of the range: with a
    failure in the generation the range of seconds is infinite, and seconds count nothing (XAutoLM 11, S6).
    """
    distances = [0.0] * len(front)
    for axis in range(2):
        span = _span([point[axis] for point in generation])
        order = sorted(range(len(front)), key=lambda i: front[i][axis])
        distances[order[0]] = distances[order[-1]] = math.inf
        for before, at, after in zip(order, order[1:], order[2:], strict=False):
            distances[at] += _share(front[after][axis], front[before][axis], span)
    return distances


def select(points: Sequence[Point], n: int) -> list[int]:
    """Places of `n` points, front by front; the last front is cut by crowding distance, the most remote first."""
    chosen: list[int] = []
    for front in non_dominated_fronts(points):
        room = n - len(chosen)
        chosen += front if len(front) <= room else _most_remote(front, points)[:room]
    return chosen


def _most_remote(front: Sequence[int], points: Sequence[Point]) -> list[int]:
    distances = dict(zip(front, crowding_distances([points[i] for i in front], points), strict=True))
    return sorted(front, key=lambda place: -distances[place])


def _span(values: Sequence[float]) -> float:
    kept = [value for value in values if value != -math.inf]
    return max(kept) - min(kept) if kept and min(kept) < math.inf else 0.0


def _share(after: float, before: float, span: float) -> float:
    """A difference in units of the span; 0 where it is not defined."""
    if after == before or span in (0.0, math.inf):
        return 0.0
    return (after - before) / span
