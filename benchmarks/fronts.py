"""Score against seconds: fronts and hypervolume with a fixed reference."""

import math
from collections.abc import Sequence

Point = tuple[float, float]
"""Score (more is better) and seconds (less is better)."""
SHORTEST = 10.0
"""Seconds at which time stops to matter; the scale of the hypervolume begins here."""


def is_dominated(point: Point, front: Sequence[Point]) -> bool:
    """Whether a point of the front is no worse in both and better in one."""
    score, seconds = point
    return any(s >= score and t <= seconds and (s > score or t < seconds) for s, t in front)


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other dominates."""
    return sorted({point for point in points if not is_dominated(point, points)})


def hypervolume(points: Sequence[Point], *, worst_seconds: float, worst_score: float = 0.0) -> float:
    """Share of the rectangle (worst score to 1) x (log seconds, 10 s to the limit) that the points dominate."""
    width = math.log(max(worst_seconds, SHORTEST + 1) / SHORTEST)
    total, reached = 0.0, worst_score
    # Sweep by falling time saved: each point adds the score it gains over all cheaper ones.
    for score, seconds in sorted(pareto(points), key=lambda point: point[1]):
        saved = math.log(worst_seconds / max(seconds, SHORTEST)) / width
        if score > reached and saved > 0:
            total += saved * (score - reached)
            reached = score
    return total / (1.0 - worst_score)
