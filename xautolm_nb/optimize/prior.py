"""What the experience store says about this task on this machine: score, cost and feasibility, with weights.

Scores are compared within a task only (skill over the task's best); tasks count by the similarity of their
meta-features (XAutoLM 5.3 weighs by a distance too, but over raw features).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.metafeatures import context_weights
from xautolm_nb.optimize.cases import Case, experience_cases, scores_in, spread_over_tasks
from xautolm_nb.optimize.curves import Rise
from xautolm_nb.optimize.identity import ByIdentity
from xautolm_nb.optimize.response import PRIOR_MEAN, is_bounded
from xautolm_nb.optimize.surrogate import Rows, ScoreModel, fit
from xautolm_nb.optimize.targets import Responses, responses, rises_of
from xautolm_nb.space import SearchSpace

MAX_SCORED = 300
"""Rows of the store the score model takes, a share of each task: more change little and cost time."""
USUAL_BEST = 0.6
"""Best skill that is expected of a task while nothing is stored: between LIAR's .2 and SMS spam's 1 everything occurs.
It sets the scale of what people are told to expect; decisions hardly change with it (area .934 and .935)."""


@dataclass(frozen=True, kw_only=True)
class StoredTask:
    """What the store holds of one task, for people."""

    name: str
    weight: float
    """Similarity to the task at hand, in (0, 1]."""
    trials: int
    succeeded: int
    best_score: float | None
    best_config: str
    """The best configuration in one line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MetaPrior:
    """The store as the search sees it. Immutable; models are fitted on first use and kept."""

    cases: tuple[Case, ...]
    """Comparable experiences; weights include similarity and the discount for being another task's."""
    given: int
    """Experiences that were offered."""
    similarity: Mapping[int, float]
    """Weight by task number."""
    is_starter: bool = False
    """Whether they ship with the package: the store has none of its own for such tasks."""
    metric: Metric
    """What scores are told in."""

    @property
    def ranked(self) -> bool:
        """Whether the metric has no ends, so that scores count by their rank on their task."""
        return not is_bounded(self.metric)

    @staticmethod
    def build(context: Context, experiences: Sequence[Experience], space: SearchSpace, metric: Metric) -> "MetaPrior":
        """Select and describe the experiences that can be compared with the context.

        The last few results are kept, because a search asks again and again with the same frozen records.
        """
        return _build(ByIdentity((context, space, *experiences)), metric)

    @cached_property
    def scored(self) -> Responses:
        """Scored cases of all tasks as training rows."""
        with_curve = [case for case in self.cases if case.curve]
        return responses(spread_over_tasks(with_curve, MAX_SCORED), ranked=self.ranked)

    @cached_property
    def rises(self) -> list[Rise]:
        """How the scored cases' curves rise."""
        return rises_of(self.scored.cases)

    @cached_property
    def usual_best(self) -> float:
        """Best skill of the stored tasks, the similar ones counting more; `USUAL_BEST` without any."""
        best: dict[int, float] = {}
        for case in self.scored.cases:
            best[case.task] = max(best.get(case.task, 0.0), case.curve[-1][1])
        weights = [self.similarity.get(task, 1.0) for task in best]
        return float(np.average(list(best.values()), weights=weights)) if best else USUAL_BEST

    @property
    def rows(self) -> Rows | None:
        """Training rows of the score model; None when the store holds no score."""
        return self.scored.rows if self.scored.cases else None

    @cached_property
    def score(self) -> ScoreModel | None:
        """The score model fitted to the store alone."""
        rows = self.rows
        if rows is None:
            return None
        mean = 0.7 * float((rows.y * rows.weight).sum() / rows.weight.sum()) + 0.3 * PRIOR_MEAN
        return fit(rows, mean=mean)

    def best(self, n: int) -> list[Case]:
        """The `n` cases with the best response times similarity, most promising first, task by task in turn."""
        ranked = sorted(zip(self.scored.rows.y, self.scored.cases, strict=True), key=lambda pair: -pair[0])
        by_task: dict[int, list[Case]] = {}
        for _, case in ranked:
            if case.failure is None:
                by_task.setdefault(case.task, []).append(case)
        order = sorted(by_task, key=lambda task: -self.similarity.get(task, 0.0))
        depth = max((len(cases) for cases in by_task.values()), default=0)
        return [by_task[task][i] for i in range(depth) for task in order if i < len(by_task[task])][:n]

    def summary(self) -> dict[str, Any]:
        """Counts, similar tasks with weights and the best stored configurations, as plain data for displays."""
        tasks = self.tasks()
        return {
            "experiences": self.given,
            "starter": self.is_starter,
            "used": len(self.cases),
            "scored": len(self.scored.cases),
            "failed": sum(case.failure is not None for case in self.cases),
            "tasks": [
                {
                    "name": task.name,
                    "weight": round(task.weight, 4),
                    "trials": task.trials,
                    "succeeded": task.succeeded,
                    "best_score": task.best_score,
                    "best_config": task.best_config,
                }
                for task in tasks
            ],
        }

    def tasks(self) -> list[StoredTask]:
        """The stored tasks, the most similar first."""
        by_task: dict[int, list[Case]] = {}
        for case in self.cases:
            by_task.setdefault(case.task, []).append(case)
        return sorted((self._task(number, group) for number, group in by_task.items()), key=lambda task: -task.weight)

    def _task(self, number: int, group: Sequence[Case]) -> StoredTask:
        records = [case.experience for case in group if case.experience is not None]
        scored = [record for record in records if record.succeeded and scores_in(record, self.metric)]
        best = max(scored, key=lambda record: self._sign * self._best_of(record)) if scored else None
        return StoredTask(
            name=records[0].task_name,
            weight=self.similarity.get(number, 1.0),
            trials=len(records),
            succeeded=sum(record.succeeded for record in records),
            best_score=self._best_of(best) if best else None,
            best_config=describe_config(best.config) if best else "",
        )

    @property
    def _sign(self) -> float:
        return 1.0 if self.metric.maximize else -1.0

    def _best_of(self, record: Experience) -> float:
        return self._sign * max(self._sign * point.score for point in scores_in(record, self.metric))


@lru_cache(maxsize=4)
def _build(key: ByIdentity, metric: Metric) -> MetaPrior:
    context, space, *experiences = key.items
    weights = weights_of(context, experiences)
    cases = experience_cases(context, experiences, weights, space, metric)
    by_record = {id(record): weight for record, weight in zip(experiences, weights, strict=True)}
    return MetaPrior(
        cases=tuple(cases),
        given=len(experiences),
        is_starter=any(record.is_starter for record in experiences),
        similarity={case.task: by_record[id(case.experience)] for case in cases},
        metric=metric,
    )


def weights_of(context: Context, experiences: Sequence[Experience]) -> list[float]:
    """Similarity of each experience's context, in [0, 1]; equal contexts are computed once."""
    distinct: dict[tuple[object, ...], int] = {}
    contexts: list[Context] = []
    places: list[int] = []
    for experience in experiences:
        task, system = experience.context.task, experience.context.system
        key = (task.kind, task.paper, system.paper, system.gpu_name, system.hostname_hash)
        if key not in distinct:
            distinct[key] = len(contexts)
            contexts.append(experience.context)
        places.append(distinct[key])
    weights = context_weights(context, contexts)
    return [float(weights[place]) for place in places]
