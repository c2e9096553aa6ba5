"""Configurations as lines over their parameters: categories, numbers and logarithms side by side."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.ranking import ranking
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.plots.data import Flags, Floats, Integers

MOST_PARAMETERS = 9
MOST_VALUES = 12
"""Values a category shows one by one; the rarest others share a place."""
OTHERS = "others"
_LISTED = 6  # round numbers with no more different values stand in a row, as batch sizes do
_LOG_RATIO = 10.0  # values that differ by less are not drawn in logarithms
_SPREAD = 0.5  # share of a value's room over which its lines are spread, the better to the right


@dataclass(frozen=True, kw_only=True)
class ParallelAxis:
    """One parameter, its values placed in [0, 1]."""

    name: str
    scale: Literal["listed", "linear", "log"]
    labels: tuple[str, ...] = ()
    """Values of a listed axis, in equal bins from 0 to 1."""
    low: float = 0.0
    high: float = 1.0
    """Ends of a numeric axis, in the parameter's own unit."""


@dataclass(frozen=True, kw_only=True)
class Parallel:
    """Configurations of `n` trials over `d` parameters that differ between them."""

    axes: tuple[ParallelAxis, ...]
    places: Floats
    """Shape `(n, d)`, in [0, 1]; nan where the parameter does not exist."""
    values: tuple[tuple[ConfigValue | None, ...], ...]
    """The values themselves, `n` rows of `d`."""
    numbers: Integers
    scores: Floats
    """Shape `(n,)`; nan without a score."""
    worth: Floats
    """Scores in [0, 1], the best 1 and the worst 0, whatever the direction, equal ones 0.5; nan without a score."""
    failed: Flags
    best: Flags
    """Marks the best trial, if there is one."""
    left_out: tuple[str, ...] = ()
    """Parameters that differ too, but exist in fewer configurations."""


def configurations(trials: Sequence[Trial]) -> Parallel:
    """Place the configurations of trials that have a score or have failed.

    Parameters that are the same everywhere say nothing and are left out, unless nothing differs; of more than
    `MOST_PARAMETERS` those that most configurations have are kept.
    """
    shown = [trial for trial in trials if trial.score is not None or trial.state is TrialState.FAILED]
    chosen, left_out = _parameters(shown)
    scores = np.array([_score(trial) for trial in shown], dtype=np.float64)
    worth = _worth(scores, maximize=all(trial.maximize for trial in shown))
    columns = [_column(name, [trial.config.get(name) for trial in shown], worth) for name in chosen]
    best = next((trial.number for trial in ranking(shown) if math.isfinite(_score(trial))), None)
    return Parallel(
        axes=tuple(axis for axis, _ in columns),
        places=np.stack([places for _, places in columns], axis=1) if columns else np.zeros((len(shown), 0)),
        values=tuple(tuple(trial.config.get(name) for name in chosen) for trial in shown),
        numbers=np.array([trial.number for trial in shown], dtype=np.int64),
        scores=scores,
        worth=worth,
        failed=np.array([trial.state is TrialState.FAILED for trial in shown], dtype=np.bool_),
        best=np.array([trial.number == best for trial in shown], dtype=np.bool_),
        left_out=left_out,
    )


def _score(trial: Trial) -> float:
    return trial.score if trial.score is not None and math.isfinite(trial.score) else math.nan


def _worth(scores: Floats, *, maximize: bool) -> Floats:
    """Scores from worst to best on [0, 1]; equal ones are all in the middle."""
    known = scores[np.isfinite(scores)]
    if not known.size or known.max() == known.min():
        return np.where(np.isfinite(scores), 0.5, np.nan)
    share: Floats = (scores - known.min()) / (known.max() - known.min())
    return share if maximize else 1.0 - share


def _parameters(trials: Sequence[Trial]) -> tuple[list[str], tuple[str, ...]]:
    """Names to show, model and method first, and names for which there is no room."""
    values: dict[str, list[ConfigValue]] = {}
    for trial in trials:
        for name, value in trial.config.items():
            values.setdefault(name, []).append(value)
    names = [name for name, found in values.items() if len(set(found)) > 1] or list(values)
    first = [name for name in ("model", "method") if name in names]
    others = sorted((name for name in names if name not in first), key=lambda name: -len(values[name]))
    kept = {*first, *others[: MOST_PARAMETERS - len(first)]}
    ordered = [*first, *(name for name in names if name not in first)]
    return [name for name in ordered if name in kept], tuple(name for name in ordered if name not in kept)


def _column(name: str, values: Sequence[ConfigValue | None], worth: Floats) -> tuple[ParallelAxis, Floats]:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    given = [value for value in values if value is not None]
    round_ones = len(set(numbers)) <= _LISTED and all(float(f"{number:.3g}") == number for number in numbers)
    if len(numbers) == len(given) and len(set(numbers)) > 1 and not round_ones:
        return _numeric(name, np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64))
    return _listed(name, values, worth)


def _numeric(name: str, values: Floats) -> tuple[ParallelAxis, Floats]:
    """Place numbers on the scale, even or logarithmic, on which the middle one lies nearer to the middle."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    even: Floats = (values - low) / (high - low)
    if low > 0 and high / low >= _LOG_RATIO:
        places: Floats = np.log(values / low) / math.log(high / low)
        if abs(np.nanmedian(places) - 0.5) < abs(np.nanmedian(even) - 0.5):
            return ParallelAxis(name=name, scale="log", low=low, high=high), places
    return ParallelAxis(name=name, scale="linear", low=low, high=high), even


def _listed(name: str, values: Sequence[ConfigValue | None], worth: Floats) -> tuple[ParallelAxis, Floats]:
    """Bins of equal width, numbers by size and words by the alphabet; lines of one bin lie side by side by worth."""
    known = Counter(value for value in values if value is not None)
    shown = MOST_VALUES - 1 if len(known) > MOST_VALUES else MOST_VALUES
    frequent = [value for value, _ in known.most_common(shown)]
    ordered = sorted(frequent, key=lambda value: (isinstance(value, str), value))
    labels = [_said(value) for value in ordered] + ([OTHERS] if len(known) > len(frequent) else [])
    bins = np.array([_bin(value, ordered) for value in values], dtype=np.float64)
    places = np.full(len(values), np.nan)
    for index in range(len(labels)):
        members = np.flatnonzero(bins == index)
        by_worth = members[np.argsort(np.nan_to_num(worth[members], nan=-1.0), kind="stable")]
        shift = (np.arange(1, members.size + 1) / (members.size + 1) - 0.5) * _SPREAD
        places[by_worth] = (index + 0.5 + shift) / len(labels)
    return ParallelAxis(name=name, scale="listed", labels=tuple(labels)), places


def _bin(value: ConfigValue | None, ordered: Sequence[ConfigValue]) -> float:
    if value is None:
        return math.nan
    return float(ordered.index(value) if value in ordered else len(ordered))


def _said(value: ConfigValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
