"""What to do next: every paused trial that may be thawed, every configuration that may be started, and their worth.

An option is worth log P(success) + log prospects - w log(seconds of its whole run + 1). The prospects are of the
*final* score while only the next look is paid, and the cost is that of the whole run from its beginning: thawing and
starting are never weighed by what is left to pay (dividing by the remaining cost starves new configurations: .34-.38
against .26-.28 regret in our study of curves).

What is hoped for follows from the *stake*, the share of a run that is paid before its first look, 1 where runs cannot
be paused. Where looks are cheap, doubt is worth one, so that the expected improvement over the incumbent's end counts.
Where a whole run is at stake it is the expected response and a little of its deviation, for improvement turns to risky
points when little is left to gain. In between it is their mean, weighed by the stake. w rises with the stake, as whole
runs may be long where looks are cheap. A deadline changes none of it: it bounds what may be begun, and ends with a
harvest (`decide`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.features import Point

LEAST_HOPE = 1e-4
"""Least response that is hoped for: its logarithm is taken."""
COST_OFFSET = 1.0
"""Seconds added to every cost: about what a trial takes beside its run."""

OPTIMISM = 0.3
"""Deviations added to the expected response where a whole run is at stake. There, on the recorded trials, expected
improvement makes twice the errors."""
COST_WEIGHT, COST_POWER = 0.5, 0.75
"""Exponent of the cost where a whole run is at stake, and the power of the stake by which it falls."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Option:
    """One thing that can be done next."""

    point: Point
    thaw: Trial | None
    fidelity: float
    """Fidelity it would be brought to."""
    added: float
    """Seconds to get there."""
    finish: float
    """Seconds to fidelity 1 from where it stands."""
    full: float
    """Seconds of the whole run from its beginning."""
    mean: float
    """Expected final response."""
    sd: float
    success: float
    """Probability that it runs through."""
    pace_sd: float = 0.0
    """Standard deviation of the logarithm of `full`."""
    front: float | None = None
    """Logarithm of what it is expected to add to the front of score and seconds; None when only the score counts."""


def log_improvement(
    mean: Float[np.ndarray, " n"], sd: Float[np.ndarray, " n"], incumbent: float | Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Logarithm of the expected improvement of Gaussian responses over the incumbent, exact far below it too.

    With z = (mean - incumbent) / sd it is log sd + log(phi(z) + z Phi(z)); below z = -6 the bracket is replaced by its
    asymptote phi(z) / z^2, where the difference of the two terms would be lost to rounding.
    """
    z = (mean - incumbent) / sd
    log_density = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    near = np.clip(z, -6.0, None)
    bracket = np.exp(-0.5 * near**2 - 0.5 * math.log(2 * math.pi)) + near * ndtr(near)
    tail = log_density - 2 * np.log(np.maximum(np.abs(z), 1.0))
    value: np.ndarray = np.log(sd) + np.where(z > -6.0, np.log(np.maximum(bracket, 1e-300)), tail)
    return value


def worth(options: Sequence[Option], stake: float, incumbent: float) -> Float[np.ndarray, " n"]:
    """Worth of each option, shape `(n,)`; options that cannot succeed are far below all others.

    Args:
        options: What can be done.
        stake: Share of a run that is paid before the first look.
        incumbent: Response to improve on.
    """
    cost = np.array([o.full for o in options]) + COST_OFFSET
    success = np.array([o.success for o in options])
    prospects = _prospects(options, stake, incumbent)
    return np.log(np.clip(success, 1e-12, 1.0)) + prospects - cost_weight(stake) * np.log(cost)


def cost_weight(stake: float) -> float:
    """Exponent of the cost."""
    return COST_WEIGHT * stake**COST_POWER


def _prospects(options: Sequence[Option], stake: float, incumbent: float) -> Float[np.ndarray, " n"]:
    """Logarithms of what is hoped for; where the seconds count too, it is what is added to the front."""
    mean, sd = np.array([o.mean for o in options]), np.array([o.sd for o in options])
    caution = np.log(np.maximum(mean + OPTIMISM * sd, LEAST_HOPE))
    hope = (1 - stake) * log_improvement(mean, sd, incumbent) + stake * caution
    front = np.array([np.nan if o.front is None else o.front for o in options])
    return np.where(np.isnan(front), hope, front)


def expected_gain(options: Sequence[Option], incumbent: float) -> float:
    """The largest expected improvement any option promises, in responses, weighed by its success."""
    if not options:
        return 0.0
    mean, sd = np.array([o.mean for o in options]), np.array([o.sd for o in options])
    success = np.array([o.success for o in options])
    return float(np.max(success * np.exp(log_improvement(mean, sd, incumbent))))


def affordable(options: Sequence[Option], seconds_left: float | None) -> list[Option]:
    """Keep what the time left allows: new starts that could run to their end, and thaws that reach their next rung."""
    if seconds_left is None:
        return list(options)
    return [o for o in options if (o.finish if o.thaw is None else o.added) <= seconds_left]
