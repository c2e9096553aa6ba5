"""The memory-based baseline of the paper: kNN-50 and kNN-25 (XAutoLM 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.baselines import lessons as teach
from xautolm_nb.optimize.baselines.distribution import Distribution
from xautolm_nb.optimize.baselines.fresh import finish_first
from xautolm_nb.optimize.baselines.fronts import Point
from xautolm_nb.optimize.baselines.nspe import next_member
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.space import SearchSpace

_FEATURES, _METRICS = 0.7, 0.3


@dataclass(frozen=True, kw_only=True)
class NearestExperience:
    """Starts the search from the k positives of least score and the k failures of most distant contexts.

    As published: raw meta-features, so that the number of rows decides the distance; raw metrics, so that seconds
    decide the gap; and the *least* similar failures (XAutoLM 11, W15).
    """

    space: SearchSpace
    k: int = 50
    """50 in the published runs, 25 in others."""
    mended: bool = False
    """Mends the negative probabilities (as `WarmStart.mended`)."""
    mended_search: bool = False
    """The search never learns from failures (as `NSPE.mended`)."""
    duplicates: bool = False
    """Whether a configuration may be run again, as in the original."""

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Draw the next member of the generation (see `core.proposal.Optimizer`); trials cut off go on first."""
        return finish_first(trials) or next_member(
            self.prior(context, experiences, seed=seed),
            context,
            trials,
            seed=seed,
            mended=self.mended_search,
            duplicates=self.duplicates,
        )

    def prior(self, context: Context, experiences: Sequence[Experience], *, seed: int) -> Distribution:
        """The model before the first generation; the seed draws what records lack."""
        return _prior(ByIdentity((self.space, context, *experiences)), self.k, self.mended, seed)


def neighbours(context: Context, records: Sequence[Experience], k: int) -> tuple[list[Experience], list[Experience]]:
    """The k positive experiences of least score, and the k failures of the most distant contexts (XAutoLM 6)."""
    if not records:
        return [], []
    distances = teach.min_max(raw_distances(context, records))
    points = [teach.objectives(record) for record in records]
    good = [i for i, point in enumerate(points) if point is not None]
    bad = [i for i, point in enumerate(points) if point is None]
    gaps = metric_gaps([point for point in points if point is not None])
    score = {i: _FEATURES * float(distances[i]) + _METRICS * gap for i, gap in zip(good, gaps, strict=True)}
    nearest = sorted(good, key=lambda i: score[i])[:k]
    farthest = sorted(bad, key=lambda i: -float(distances[i]))[:k]
    return [records[i] for i in nearest], [records[i] for i in farthest]


def raw_distances(context: Context, records: Sequence[Experience]) -> teach.Vectors:
    """Euclidean distances of the meta-features as they are, shape `(k,)`."""
    return teach.euclidean(teach.vector(context), np.array([teach.vector(record.context) for record in records]))


def metric_gaps(points: Sequence[Point]) -> list[float]:
    """Half the gap to the best score plus half the gap to the least seconds, in raw units, scaled to [0, 1]."""
    if not points:
        return []
    best, least = max(gain for gain, _ in points), min(seconds for _, seconds in points)
    gaps = np.array([0.5 * (best - gain) + 0.5 * (seconds - least) for gain, seconds in points])
    return [float(gap) for gap in teach.min_max(gaps)]


@lru_cache(maxsize=16)
def _prior(key: ByIdentity, k: int, mended: bool, seed: int) -> Distribution:
    space, context, *experiences = key.items
    good, bad = neighbours(context, teach.comparable(context, experiences), k)
    model = Distribution(space=space)
    rates = [1 / max(len(good), 1)] * len(good) + [-1 / max(len(bad), 1)] * len(bad)
    taught = teach.lessons(model, [*good, *bad], rates)
    return teach.replayed(model, taught, np.random.default_rng(seed), mended=mended)
