"""Will it run through? Two experts, one with the store and one without, and what this machine has refused before.

The expert without a store is the chain of hazards, fitted to this study's trials. The one with it is the mean of the
same chain and a Gaussian process on the labels: physics extrapolates, the process knows the exceptions.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.optimize import classifier
from xautolm_nb.optimize.cases import Case, spread_over_tasks
from xautolm_nb.optimize.experts import LIMIT, START
from xautolm_nb.optimize.features import Point
from xautolm_nb.optimize.hazards import MEMORY, RAN, Chain, Table, fit_chain
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.optimize.surrogate import Rows, ScoreModel

MAX_ROWS = 300
"""Rows of the store that the Gaussian process takes."""
_CLIP = 0.02  # of predicted probabilities when experts are compared: one surprise must not end all trust


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredOutcomes:
    """What the store says about success, computed once."""

    table: Table
    chain: Chain
    rows: Rows
    process: ScoreModel | None
    """None when nothing in the store failed: then there are no labels to tell apart."""
    refused: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Feasibility:
    """The expert with the store and the one without, mixed by trust, and what can never run here."""

    stored: Chain
    process: ScoreModel | None
    """None without a store, or when nothing in it failed."""
    alone: Chain
    trust: float
    refused: tuple[Case, ...]
    """Own or same-machine cases that ran out of memory, and own cases whose model is not to be had."""

    def success(self, points: Sequence[Point], *, trust: float | None = None) -> Float[np.ndarray, " n"]:
        """Probability that each point runs through, shape `(n,)`; 0 where the machine has refused it before."""
        weight = self.trust if trust is None else trust
        stored = self.stored.success(points)
        if self.process is not None and len(points):
            stored = 0.5 * (stored + classifier.success(self.process, points))
        mixed = weight * stored + (1 - weight) * self.alone.success(points)
        allowed = np.array([not any(_repeats(point, case) for case in self.refused) for point in points], dtype=bool)
        return np.where(allowed, mixed, 0.0)


def learn(own: Sequence[Case], stored: Sequence[Case]) -> Feasibility:
    """Fit both experts and weigh them by how well they foresaw how each own trial ended, in order."""
    ended = [case for case in own if case.failure is not None or case.curve]
    ours = Table.of(ended)
    refused = tuple(case for case in own if _is_final(case))
    alone = fit_chain(ours)
    if not stored:
        return Feasibility(stored=alone, process=None, alone=alone, trust=0.0, refused=refused)
    known = _outcomes(ByIdentity(tuple(stored)))
    table, rows = known.table.joined(ours), classifier.rows_of(ended)
    return Feasibility(
        stored=fit_chain(table, start=known.chain),
        process=classifier.condition(known.rows, known.process, rows) if known.process is not None else None,
        alone=alone,
        trust=_trust(known, table, rows),
        refused=refused + known.refused,
    )


@lru_cache(maxsize=4)
def _outcomes(key: ByIdentity) -> StoredOutcomes:
    """Fit the store's expert; kept, because a search asks again and again with the same cases."""
    table = Table.of(key.items)
    rows = classifier.rows_of(spread_over_tasks(key.items, MAX_ROWS))
    return StoredOutcomes(
        table=table,
        chain=fit_chain(table),
        rows=rows,
        process=classifier.fit_store(rows) if any(case.failure not in RAN for case in key.items) else None,
        refused=tuple(case for case in key.items if _is_final(case)),
    )


def _trust(known: StoredOutcomes, table: Table, rows: Rows) -> float:
    """Weight of the expert with the store: prequential, each own row predicted before it is learned from."""
    first, odds = len(known.table), START
    with_store, alone = known.chain, fit_chain(table, slice(0, 0))
    ran = classifier.foretold(known.process, rows) if known.process is not None and len(rows) else None
    succeeded = np.array([kind in RAN for kind in table.kinds[first:]], dtype=bool)
    for block in blocks(len(rows)):
        shown = slice(first + block.start, first + block.stop)
        stored = with_store.survival(table, shown)
        stored = stored if ran is None else 0.5 * (stored + ran[block])
        other = alone.survival(table, shown)
        for gain in _log_chance(stored, succeeded[block]) - _log_chance(other, succeeded[block]):
            odds = min(LIMIT, max(-LIMIT, odds + float(gain)))
        with_store = fit_chain(table, slice(0, shown.stop), start=with_store, steps=2)
        alone = fit_chain(table, slice(first, shown.stop), start=alone, steps=2)
    return 1.0 / (1.0 + math.exp(-odds))


def blocks(n: int) -> Iterator[slice]:
    """Rows 0 to n in blocks of one to a fifth of what came before: both experts learn after each."""
    start = 0
    while start < n:
        stop = min(n, start + max(1, start // 5))
        yield slice(start, stop)
        start = stop


def _log_chance(success: Float[np.ndarray, " n"], succeeded: np.ndarray) -> Float[np.ndarray, " n"]:
    return np.log(np.clip(np.where(succeeded, success, 1.0 - success), _CLIP, 1.0 - _CLIP))


def _is_final(case: Case) -> bool:
    """Whether a failure settles things on this machine: memory for what needs as much, a model that is not there."""
    if case.failure is FailureKind.MODEL_UNAVAILABLE:
        return case.is_own
    return case.failure in MEMORY and case.same_machine


def _repeats(point: Point, case: Case) -> bool:
    """Whether a point would walk into a known failure: the same model gone, or the same method needing no less."""
    if point.model.id != case.point.model.id:
        return False
    if case.failure is FailureKind.MODEL_UNAVAILABLE:
        return True
    same_method = point.settings.get("method") == case.point.settings.get("method")
    return same_method and point.physics.memory_gib >= 0.98 * case.point.physics.memory_gib
