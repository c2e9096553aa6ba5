"""Stored experiences and this study's trials in one shape: what was run, where, and what came of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, FailureKind, Measures, Trial, TrialState
from xautolm_nb.optimize.features import Point, describe
from xautolm_nb.optimize.response import skills
from xautolm_nb.space.original import original_model, to_mended
from xautolm_nb.space.pool import DEFAULT_POOL

OWN_SPACE = "xautolm-nb/"
"""Spaces of this code base; what failed for reasons of its own in another one teaches nothing here."""
ORIGINAL_SPACE = "xautolm-original/"
STORE_WEIGHT = 0.25
"""A stored trial of another task counts this much of an own one, at most (power prior of our replay study)."""


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


def trial_cases(
    trials: Sequence[Trial], context: Context, models: Mapping[str, ModelInfo], metric: Metric
) -> list[Case]:
    """Describe the trials of this study, by number; those of models no longer offered are left out."""
    cases: list[Case] = []
    for trial in sorted(trials, key=lambda trial: trial.number):
        model = models.get(str(trial.config.get("model")))
        if model is None:
            continue
        point = describe(trial.config, model, context)
        cases.append(
            Case(
                point=point,
                task=0,
                weight=1.0,
                curve=tuple(skills(trial.curve, metric, context)),
                failure=trial.failure.kind if trial.failure is not None else None,
                seconds=_projected(trial.measures, trial.seconds, trial.fidelity, trial.curve, trial.failure is None),
                same_machine=True,
                number=trial.number,
            )
        )
    return cases


def experience_cases(
    context: Context,
    experiences: Sequence[Experience],
    weights: Sequence[float],
    models: Mapping[str, ModelInfo],
    metric: Metric,
) -> list[Case]:
    """Describe stored experiences that can be compared with the task at hand.

    Left out: other metrics, weights of 0, models nothing is known of, failures of other code bases that are not about
    the configuration, and earlier rungs of a trial whose later rung is there too.
    """
    known = {model.id: model for model in DEFAULT_POOL} | dict(models)
    pairs = zip(experiences, weights, strict=True)
    usable = [
        (record, weight) for record, weight in pairs if weight > 0 and record.metric == metric and teaches(record)
    ]
    tasks: dict[tuple[str, str], int] = {}
    cases: list[Case] = []
    for experience, weight in latest_rungs([record for record, _ in usable], [weight for _, weight in usable]):
        model, config = _model(experience, known), _mended(experience)
        if config is None or model is None:
            continue
        own_task = is_same_task(experience.context, context)
        key = (experience.task_name, experience.fingerprint)
        number = 0 if own_task else tasks.setdefault(key, len(tasks) + 1)
        cases.append(_case(experience, describe(config, model, experience.context), number, weight, context))
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


def teaches(experience: Experience) -> bool:
    """Whether a record says something about configurations here: successes, and failures that carry over."""
    if experience.failure is None:
        return experience.score is not None
    return experience.failure.kind.is_about_config or experience.space.startswith(OWN_SPACE)


def is_same_task(a: Context, b: Context) -> bool:
    """Whether two contexts describe the very same data (equal meta-features to the last digit)."""
    return a.task.kind == b.task.kind and a.task.paper == b.task.paper


def is_same_machine(a: Context, b: Context) -> bool:
    """Whether two contexts were measured on the same device of the same machine."""
    same = a.system.device == b.system.device and a.system.gpu_name == b.system.gpu_name
    return bool(a.system.hostname_hash) and a.system.hostname_hash == b.system.hostname_hash and same


def is_pending(trial: Trial) -> bool:
    """Whether a worker has it, or will take it next."""
    return trial.state in (TrialState.RUNNING, TrialState.QUEUED)


def _case(experience: Experience, point: Point, task: int, weight: float, context: Context) -> Case:
    curve = experience.curve
    if not curve and experience.score is not None:
        seconds = experience.seconds or 0.0
        curve = (CurvePoint(fidelity=experience.fidelity, score=experience.score, seconds=seconds),)
    failed = experience.failure is not None
    spent = experience.seconds if experience.seconds is not None else experience.measures.seconds
    return Case(
        point=point,
        task=task,
        weight=weight if task == 0 else STORE_WEIGHT * weight,
        curve=tuple(skills(curve, experience.metric, experience.context)),
        failure=experience.failure.kind if experience.failure is not None else None,
        seconds=_projected(experience.measures, spent, experience.fidelity, curve, not failed),
        same_machine=is_same_machine(experience.context, context),
        experience=experience,
    )


def _model(experience: Experience, known: Mapping[str, ModelInfo]) -> ModelInfo | None:
    """The record's own model, else the one known by that name (or by the original's name for it)."""
    found = experience.model or known.get(str(experience.config.get("model")))
    if found is None and experience.space.startswith(ORIGINAL_SPACE):
        return original_model(experience.config)
    return found


def _mended(experience: Experience) -> Config | None:
    """The configuration in the names of our space; None for spaces this code does not know."""
    if experience.space.startswith(OWN_SPACE):
        return experience.config
    if experience.space.startswith(ORIGINAL_SPACE) and experience.context.task.paper:
        return to_mended(experience.config, int(experience.context.task.paper[0]))
    return None


def _projected(
    measures: Measures, spent: float, fidelity: float, curve: Sequence[CurvePoint], succeeded: bool
) -> float | None:
    """Seconds of a full run: load once, training and validations scaled up from the share that was run.

    A failed run gives the seconds it took; None where no time was measured.
    """
    if not math.isfinite(spent) or spent <= 0:
        return None
    if not succeeded or fidelity <= 0:
        return spent
    load = min(measures.seconds_load, spent)
    return load + (spent - load) / min(fidelity, 1.0)


def _progress(experience: Experience) -> float:
    """Orders the records of one trial: further along is later, and a failure ends it."""
    return experience.fidelity + (2.0 if experience.failure is not None else 0.0)
