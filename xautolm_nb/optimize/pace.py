"""How long a run takes from where it stands: its parts are loading, training and looks (validations)."""

import math
from collections.abc import Sequence

from xautolm_nb.core.proposal import DEFAULT_RUNGS
from xautolm_nb.core.trial import CurvePoint, Measures, Trial
from xautolm_nb.optimize.features import Point
from xautolm_nb.space import Physics


def whole_seconds(
    measures: Measures, spent: float, fidelity: float, curve: Sequence[CurvePoint], physics: Physics
) -> float | None:
    """Seconds of a full run, from the share that was run: training scaled up, the looks still to come added.

    None where no time was measured.
    """
    if not math.isfinite(spent) or spent <= 0:
        return None
    if fidelity <= 0:
        return spent
    load = min(measures.seconds_load, spent)
    looking = min(measures.seconds_eval, spent - load)
    ahead = sum(look > fidelity + 1e-9 for look in physics.looks(DEFAULT_RUNGS))
    look = looking / len(curve) if curve else 0.0
    return load + (spent - load - looking) / min(fidelity, 1.0) + looking + look * ahead


def added_seconds(full: float, load: float, physics: Physics, start: float, end: float) -> float:
    """Seconds to bring a run from one fidelity to another: load once more, then train and look.

    Args:
        full: Seconds of the whole run from its beginning.
        load: Seconds of loading its model.
        physics: Says how the rest is shared between training and looks.
        start: Fidelity it has.
        end: Fidelity it is to reach.
    """
    load = min(load, 0.8 * full)
    looks = physics.looks(DEFAULT_RUNGS)
    between = sum(start + 1e-9 < look <= end + 1e-9 for look in looks)
    whole = physics.seconds_train + physics.seconds_look * len(looks)
    part = physics.seconds_train * max(0.0, end - start) + physics.seconds_look * between
    return load + (full - load) * (part / whole if whole > 0 else max(0.0, end - start))


def seconds_of(trial: Trial, point: Point, predicted: float) -> float:
    """Seconds of a trial's full run, from its own pace once it has been under way for a while, else as predicted."""
    if trial.fidelity <= 0 or trial.seconds <= 0 or trial.failure is not None:
        return predicted
    found = whole_seconds(trial.measures, trial.seconds, trial.fidelity, trial.curve, point.physics)
    return predicted if found is None else found


def load_seconds(point: Point, trials: Sequence[Trial]) -> float:
    """Seconds to load a model here: the least that a trial of it took, else that any took, else the estimate.

    The least, as a trial that was thawed has loaded more than once.
    """
    measured = [trial for trial in trials if trial.measures.seconds_load > 0]
    same = [trial for trial in measured if trial.config.get("model") == point.model.id]
    return min((trial.measures.seconds_load for trial in same or measured), default=point.physics.seconds_load)
