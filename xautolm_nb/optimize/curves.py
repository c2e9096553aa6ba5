"""Where an unfinished learning curve will end, with a variance; learned from curves that went further.

Fine-tuning runs follow the schedule of the full run, so a curve at an eighth of it says little by itself: how much
curves rise from there differs by task. Rises are counted per doubling of the fidelity, in segments (an eighth to a
quarter, a quarter to a half, ...), shrunk towards what is usual, and joined with the curve's own last slope.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Curve = Sequence[tuple[float, float]]
"""(fidelity, best skill so far), by rising fidelity."""

SEGMENTS = 5
"""Doublings told apart, counted down from the full run; everything below 1/16 is one."""
_USUAL, _USUAL_SD = 0.08, 0.08
"""Rise of skill in a doubling, and how much it varies, before any curve was seen."""
_FAITH = 2.0  # curves that the usual rise counts for
_STORED = 0.25  # curves of other tasks count this much


@dataclass(frozen=True, kw_only=True)
class Final:
    """What a curve comes to at fidelity 1: mean and variance of the skill; variance 0 where it was observed."""

    mean: float
    variance: float


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Mean and standard deviation of the rise by segment, the last doubling first."""

    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def rise(self, fidelity: float) -> tuple[float, float]:
        """Expected rise from a fidelity to the end and its standard deviation (rises of one curve go together)."""
        left = max(0.0, math.log2(1.0 / fidelity))
        shares = [min(1.0, max(0.0, left - k)) for k in range(SEGMENTS - 1)]
        shares.append(max(0.0, left - SEGMENTS + 1))
        mean = sum(share * value for share, value in zip(shares, self.mean, strict=True))
        return mean, sum(share * value for share, value in zip(shares, self.sd, strict=True))


Rise = tuple[int, float]
"""Segment and rise per doubling."""


def learn_pace(own: Sequence[Rise], others: Sequence[Rise] = ()) -> Pace:
    """Learn how curves rise from those of this task and, with a quarter of the weight, of others."""
    segment = np.array([s for s, _ in (*own, *others)], dtype=int)
    rise = np.array([r for _, r in (*own, *others)], dtype=np.float64)
    weight = np.concatenate([np.ones(len(own)), np.full(len(others), _STORED)])
    overall = _moments(rise, weight, _USUAL, _USUAL_SD)
    by_segment = [_moments(rise[segment == k], weight[segment == k], *overall) for k in range(SEGMENTS)]
    return Pace(mean=tuple(mean for mean, _ in by_segment), sd=tuple(sd for _, sd in by_segment))


def extrapolate(curve: Curve, *, pace: Pace, spread: float) -> Final:
    """Carry a running-best curve to fidelity 1.

    A single point rises as is usual from there. With an earlier point, half of the expected rise comes from the own
    slope, of which .7 goes on (our study of recorded curves), and the variance is a quarter of that of a single point.

    Args:
        curve: At least one point.
        pace: How curves rise here.
        spread: Standard deviation of final skills on the task; a rise is at most 1.5 times this above the usual one.
    """
    fidelity, value = curve[-1]
    usual, sd = pace.rise(fidelity)
    doublings = math.log2(1.0 / fidelity)
    if doublings < 1e-6:
        return Final(mean=value, variance=0.0)
    slope = _last_slope(curve)
    noise = 0.1 * spread * doublings
    if slope is not None:
        usual, sd = 0.5 * usual + 0.5 * min(0.7 * slope * doublings, usual + 1.5 * spread), 0.5 * sd
    room = max(0.0, 1.0 - value)
    return Final(mean=value + min(usual, room), variance=min(sd, room + 0.05) ** 2 + noise**2)


def _last_slope(curve: Curve) -> float | None:
    """Gain per doubling up to the last point; None with a single point."""
    fidelity, value = curve[-1]
    earlier = [point for point in curve[:-1] if point[0] <= 0.75 * fidelity]
    if not earlier:
        return None
    before, start = earlier[-1]
    return max(0.0, value - start) / math.log2(fidelity / before)


def rises(curve: Curve) -> list[Rise]:
    """(segment, rise per doubling) between neighbouring points of a curve that lie well apart."""
    found = []
    low, before = curve[0]
    for high, after in curve[1:]:
        if high > 1.2 * low:
            middle = 0.5 * math.log2(1.0 / (low * high))
            found.append((min(int(middle), SEGMENTS - 1), min(0.6, (after - before) / math.log2(high / low))))
            low, before = high, after
    return found


def _moments(
    rise: Float[np.ndarray, " n"], weight: Float[np.ndarray, " n"], mean: float, sd: float
) -> tuple[float, float]:
    """Weighted mean and standard deviation, shrunk towards the given ones as if two curves had shown them."""
    total = _FAITH + float(weight.sum())
    centre = (_FAITH * mean + float(weight @ rise)) / total
    spread = _FAITH * (sd**2 + (mean - centre) ** 2) + float(weight @ (rise - centre) ** 2)
    return centre, math.sqrt(spread / total)
