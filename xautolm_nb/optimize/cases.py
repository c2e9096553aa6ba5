"""Stored experiences and this study's trials in one shape: what was run, where, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, FailureKind, Measures, Trial, TrialState
from xautolm_nb.optimize.features import Point, describe, locate
from xautolm_nb.optimize.pace import whole_seconds
from xautolm_nb.optimize.response import skills
from xautolm_nb.space import DEFAULT_POOL, SearchSpace, original_space

OWN_SPACE = "xautolm-nb/"
"""Spaces of this code base; what failed for reasons of its own in another one teaches nothing here."""
ORIGINAL_SPACE = "xautolm-original/"
ORIGINAL_LIMIT = 2700.0
"""Seconds that XAutoLM gave a trial for each of its two splits (8)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One trial as the models learn from it."""

    point: Point
    task: int
    """0 is the task at hand, stored tasks count from 1."""
    weight: float
    """How much it counts, in (0, 1]."""
    curve: tuple[tuple[float, float], ...]
    """(fidelity, running best skill); empty when nothing was validated."""
    failure: FailureKind | None
    seconds: float | None
    """Seconds of a full run, projected from what was run; for a timeout the seconds it ran."""
    same_machine: bool
    number: int | None = None
    """Trial number, for trials of this study."""
    experience: Experience | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is a trial of this study."""
        return self.experience is None


def trial_cases(trials: Sequence[Trial], context: Context, space: SearchSpace, metric: Metric) -> list[Case]:
    """Describe the trials of this study, by number; those of models no longer offered are left out."""
    cases: list[Case] = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        point = locate(trial.config, space, context)
        if point is None:
            continue
        cases.append(
            Case(
                point=point,
                task=0,
                weight=1.0,
                curve=tuple(skills(trial.curve, metric, context)),
                failure=trial.failure.kind if trial.failure is not None else None,
                seconds=_seconds(trial.measures, trial.seconds, trial, point, failed=trial.failure is not None),
                same_machine=True,
                number=trial.number,
            )
        )
    return cases


def experience_cases(
    context: Context,
    experiences: Sequence[Experience],
    weights: Sequence[float],
    space: SearchSpace,
    metric: Metric,
) -> list[Case]:
    """Describe stored experiences that can be compared with the task at hand.

    Left out: weights of 0, models nothing is known of, failures of other code bases that are not about the
    configuration, and earlier rungs of a trial whose later rung is there too. A record judged by another metric teaches
    what it cost and whether it ran, and its score where it noted the asked metric as well.
    """
    pairs = zip(experiences, weights, strict=True)
    usable = [(record, weight) for record, weight in pairs if weight > 0 and teaches(record)]
    tasks: dict[tuple[str, str], int] = {}
    cases: list[Case] = []
    for experience, weight in latest_rungs([record for record, _ in usable], [weight for _, weight in usable]):
        point = _locate(experience, space)
        if point is None:
            continue
        own_task = is_same_task(experience.context, context)
        key = (experience.task_name, experience.fingerprint)
        number = 0 if own_task else tasks.setdefault(key, len(tasks) + 1)
        cases.append(_case(experience, point, number, weight, context, metric))
    return cases


def latest_rungs(experiences: Sequence[Experience], weights: Sequence[float]) -> list[tuple[Experience, float]]:
    """Keep the last record of each trial (a trial writes one whenever it pauses), in the given order."""
    last: dict[tuple[str, int], float] = {}
    for experience in experiences:
        if experience.trial is not None and experience.study:
            key = (experience.study, experience.trial)
            last[key] = max(last.get(key, -1.0), _progress(experience))
    kept: list[tuple[Experience, float]] = []
    for experience, weight in zip(experiences, weights, strict=True):
        if experience.trial is None or not experience.study:
            kept.append((experience, weight))
        elif last.get((experience.study, experience.trial), -1.0) == _progress(experience):
            last.pop((experience.study, experience.trial))
            kept.append((experience, weight))
    return kept


def spread_over_tasks(cases: Sequence[Case], n: int) -> list[Case]:
    """At most `n` cases in their order: a share of each task by its weight, evenly spaced among its cases."""
    if len(cases) <= n:
        return list(cases)
    groups: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(case.task, []).append(place)
    kept: list[int] = []
    left, weight = n, sum(cases[places[0]].weight for places in groups.values())
    for places in sorted(groups.values(), key=len):  # what small tasks leave goes to the larger ones
        own = cases[places[0]].weight
        take = min(len(places), round(left * own / weight))
        kept += [places[int((i + 0.5) * len(places) / take)] for i in range(take)]
        left, weight = left - take, max(weight - own, 1e-12)
    return [cases[place] for place in sorted(kept)]


def teaches(experience: Experience) -> bool:
    """Whether a record says something about configurations here: successes, and failures that carry over."""
    if experience.failure is None:
        return experience.score is not None
    return experience.failure.kind.is_about_config or experience.space.startswith(OWN_SPACE)


def is_same_task(a: Context, b: Context) -> bool:
    """Whether two contexts describe the very same data (equal meta-features to the last digit)."""
    return a.task.kind == b.task.kind and bool(a.task.paper) and a.task.paper == b.task.paper


def is_same_machine(a: Context, b: Context) -> bool:
    """Whether two contexts were measured on the same device of the same machine."""
    same = a.system.device == b.system.device and a.system.gpu_name == b.system.gpu_name
    return bool(a.system.hostname_hash) and a.system.hostname_hash == b.system.hostname_hash and same


def is_pending(trial: Trial) -> bool:
    """Whether a worker has it, or will take it next."""
    return trial.state in (TrialState.RUNNING, TrialState.QUEUED)


def scores_in(experience: Experience, metric: Metric) -> tuple[CurvePoint, ...]:
    """The curve of a record in a metric: its own, or one that every validation noted beside it; empty otherwise.

    A score without a curve is a curve of one point.
    """
    curve = experience.curve
    if experience.metric != metric:
        noted = curve and all(metric.name in point.metrics for point in curve)
        return tuple(replace(point, score=point.metrics[metric.name]) for point in curve) if noted else ()
    if not curve and experience.score is not None:
        seconds = experience.seconds or 0.0
        return (CurvePoint(fidelity=experience.fidelity, score=experience.score, seconds=seconds),)
    return curve


def _case(experience: Experience, point: Point, task: int, weight: float, context: Context, metric: Metric) -> Case:
    curve = scores_in(experience, metric)
    timed = replace(experience, curve=scores_in(experience, experience.metric))
    failed = experience.failure is not None
    spent = experience.seconds if experience.seconds is not None else experience.measures.seconds
    if spent <= 0 and failed and _timed_out(experience):
        spent = ORIGINAL_LIMIT
    return Case(
        point=point,
        task=task,
        weight=weight,
        curve=tuple(skills(curve, metric, experience.context)),
        failure=experience.failure.kind if experience.failure is not None else None,
        seconds=_seconds(experience.measures, spent, timed, point, failed=failed),
        same_machine=is_same_machine(experience.context, context),
        experience=experience,
    )


def _timed_out(experience: Experience) -> bool:
    """Whether a record of the original system ran into its limit: it notes no seconds of failures."""
    kind = experience.failure.kind if experience.failure is not None else None
    return kind is FailureKind.TIMEOUT and experience.space.startswith(ORIGINAL_SPACE)


def _locate(experience: Experience, space: SearchSpace) -> Point | None:
    """Describe a record in the space it was made in; None where the two spaces, or the model, have nothing in common.

    Records about fine-tuning bring their model or name one of the pool.
    """
    if not space.models:
        return locate(experience.config, space, experience.context) if experience.space == space.name else None
    if experience.space.startswith(ORIGINAL_SPACE):
        return locate(experience.config, _original(), experience.context)
    name = str(experience.config.get("model"))
    model = experience.model or space.models.get(name) or _POOL.get(name)
    if model is None or not experience.space.startswith(OWN_SPACE):
        return None
    return describe(experience.config, model, experience.context)


_POOL = {model.id: model for model in DEFAULT_POOL}


@cache
def _original() -> SearchSpace:
    return original_space()


def _seconds(measures: Measures, spent: float, run: Trial | Experience, point: Point, *, failed: bool) -> float | None:
    """Seconds of a full run; a failed one gives the seconds it took, None where no time was measured."""
    return whole_seconds(measures, spent, 0.0 if failed else run.fidelity, run.curve, point.physics)


def _progress(experience: Experience) -> float:
    """Orders the records of one trial: further along is later, and a failure ends it."""
    return experience.fidelity + (2.0 if experience.failure is not None else 0.0)
