"""The original's warm start: its search from a model that replayed the store (XAutoLM 5, in its form of 2024)."""

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
from xautolm_nb.optimize.baselines.variants import DistanceName, Rate, Utility, Variant, parse_variant
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.space import SearchSpace

MAX_ALPHA, MIN_ALPHA = 0.05, -0.02
"""Fixed rates, for each experience."""
POSITIVE_LIMIT, NEGATIVE_LIMIT = 1.0, -1.0
"""Adaptive rates share these among the experiences."""


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """Moves the sampling model by every comparable experience, then searches from it without uniform exploration.

    A success pulls with rate x utility x kernel, a failure of any cause pushes with rate x kernel. Records of all
    metrics count, and no task is left out: the caller gives the experiences of other tasks.

    As published, weights may end below 0: they are divided by their sum, which blows up all others; such options are
    out of reach, and so are some after them in the list (see `cells.draw_chances`). Deviations grow by 2 % with each
    fixed negative, so that numbers are drawn at the two ends of their range.
    """

    space: SearchSpace
    positives: Rate = "fixed"
    negatives: Rate = "fixed"
    distance: DistanceName = "none"
    """Between standard scores of task and machine; `none` gives every experience the kernel 1."""
    beta_scale: float = 0.0
    utility: Utility = "weighted_sum"
    mended: bool = False
    """Mends the negative probabilities: after each move, weights are raised to at least 0.001 and then divided by
    their sum, chances of switches are kept in [0.001, 0.999], means in their range, and deviations at most at the width
    of the range. Values that a record lacks are not learned, where the original draws and learns them."""
    mended_search: bool = False
    """The search never learns from failures (as `NSPE.mended`)."""
    duplicates: bool = False
    """Whether a configuration may be run again, as in the original."""
    doubled: bool = False
    """Each failure counts twice, as in the original's logs of classification."""

    @classmethod
    def named(cls, space: SearchSpace, name: str, *, mended: bool = False) -> "WarmStart":
        """The variant of a name, see `variants.parse_variant`; the seed is an argument of `propose`."""
        variant = parse_variant(name)
        return cls(
            space=space,
            positives=variant.positives,
            negatives=variant.negatives,
            distance=variant.distance,
            beta_scale=variant.beta_scale,
            utility=variant.utility,
            mended=mended,
        )

    @property
    def variant(self) -> Variant:
        """The settings that decide the learning rates."""
        return Variant(
            name="",
            positives=self.positives,
            negatives=self.negatives,
            distance=self.distance,
            beta_scale=self.beta_scale,
            utility=self.utility,
        )

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
        key = ByIdentity((self.space, context, *experiences))
        return _prior(key, self.variant, self.doubled, self.mended, seed)


def alphas(context: Context, records: Sequence[Experience], variant: Variant) -> list[tuple[Experience, float]]:
    """Learning rate of each record that is used (XAutoLM 5.6), the positive ones first."""
    points = [teach.objectives(record) for record in records]
    good = [i for i, point in enumerate(points) if point is not None and variant.positives != "no"]
    bad = [i for i, point in enumerate(points) if point is None and variant.negatives != "no"]
    tasks = [records[i].task_name for i in good]
    utilities = _utilities([point for i in good if (point := points[i]) is not None], tasks, variant)
    up = _rate(variant.positives, MAX_ALPHA, POSITIVE_LIMIT, len(good))
    down = _rate(variant.negatives, MIN_ALPHA, NEGATIVE_LIMIT, len(bad))
    forces = [up * utility for utility in utilities] + [down] * len(bad)
    kernels = _kernels(context, records, [*good, *bad], variant)
    return [(records[i], force * float(w)) for i, force, w in zip([*good, *bad], forces, kernels, strict=True)]


def _kernels(context: Context, records: Sequence[Experience], used: Sequence[int], variant: Variant) -> teach.Vectors:
    """Kernel of each used record; scores are standardised over all records and the target."""
    if variant.distance == "none" or not used:
        return np.ones(len(used))
    rows = np.array([teach.vector(context), *(teach.vector(record.context) for record in records)])
    scores = teach.standard_scores(rows)
    measure = teach.cosine if variant.distance == "cosine" else teach.euclidean
    return teach.kernel(measure(scores[0], scores[1:])[list(used)], variant.beta_scale)


def _utilities(points: Sequence[Point], tasks: Sequence[str], variant: Variant) -> list[float]:
    match variant.utility:
        case "linear_front":
            return teach.linear_front(points)
        case "logarithmic_front":
            return teach.logarithmic_front(points)
    return teach.weighted_sum(points, tasks)


def _rate(rate: Rate, fixed: float, limit: float, count: int) -> float:
    return limit / max(count, 1) if rate == "adaptive" else fixed


@lru_cache(maxsize=16)
def _prior(key: ByIdentity, variant: Variant, doubled: bool, mended: bool, seed: int) -> Distribution:
    space, context, *experiences = key.items
    used = alphas(context, teach.comparable(context, experiences, doubled=doubled), variant)
    model = Distribution(space=space)
    taught = teach.lessons(model, [record for record, _ in used], [alpha for _, alpha in used])
    return teach.replayed(model, taught, np.random.default_rng(seed), mended=mended)
