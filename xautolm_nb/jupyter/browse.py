"""What there is to choose from: models of this machine, tasks of the experience store."""

from collections.abc import Mapping, Sequence
from typing import Any

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.jupyter.objects import ModelRow, ReferenceChart, TaskSummary
from xautolm_nb.jupyter.present import reference_of
from xautolm_nb.store import ExperienceStore

_BYTES_PER_PARAMETER = 4
_MB = 1e6


def list_models() -> list[ModelRow]:
    """The models at hand and those known by name, smallest first, and whether this machine can fine-tune them."""
    from xautolm_nb.core.errors import ModelError
    from xautolm_nb.metafeatures import probe_system
    from xautolm_nb.space import DEFAULT_POOL, discover_models, fit_table
    from xautolm_nb.space.models import hub_reachable

    try:
        found = discover_models(None)
    except ModelError:
        found = []
    here = {model.id for model in found}
    models = [*found, *(model for model in DEFAULT_POOL if model.id not in here and model.architecture == "encoder")]
    by_id = {model.id: model for model in models}
    places = {
        "hub": "on the hub" if hub_reachable() else "on the hub, which does not answer now",
        "cache": "downloaded",
    }
    return [_model_row(row, by_id[row["model"]], places) for row in fit_table(models, probe_system())]


def _model_row(row: dict[str, Any], model: ModelInfo, places: Mapping[str, str]) -> ModelRow:
    size = model.bytes_on_disk or model.parameters * _BYTES_PER_PARAMETER
    where = places.get(model.where, model.where)
    return ModelRow(
        id=model.id,
        family=model.family,
        parameters_millions=round(model.parameters / 1e6, 1),
        size_mb=round(size / _MB, 1),
        licence=model.licence,
        fits=bool(row["fits"]),
        reason=f"{where}; {', '.join(row['fits'])}" if row["fits"] else row["reason"],
    )


def list_tasks(store: ExperienceStore, context: Context | None, limit: int) -> tuple[list[TaskSummary], int]:
    """The tasks of a store, the most similar to `context` first, else the best known; and how many there are in all."""
    from xautolm_nb.metafeatures import context_weights

    known = store.contexts(context.task.kind if context else None)
    if context is None:
        chosen: list[tuple[float | None, str]] = [(None, name) for name, _, _ in known]
    else:
        weights = context_weights(context, [other for _, other, _ in known])
        ranked = sorted(zip(weights, known, strict=True), key=lambda pair: -float(pair[0]))
        chosen = [(float(weight), name) for weight, (name, _, _) in ranked]
    found = [
        summary
        for similarity, name in chosen[:limit]
        if (summary := _summary(store.experiences(context_ids=[name]), similarity)) is not None
    ]
    return found, len(known)


def find_reference(store: ExperienceStore, record: StudyRecord) -> ReferenceChart | None:
    """The front of the newest search on the same data that used no experience; None when there is none."""
    for other in store.studies():
        same = other.task.fingerprint == record.task.fingerprint and other.task.metric.name == record.task.metric.name
        if other.id != record.id and same and other.request.get("use_prior") is False:
            return reference_of(f"without experience ({other.name})", store.trials(other.id))
    return None


def _summary(experiences: Sequence[Experience], similarity: float | None) -> TaskSummary | None:
    if not experiences:
        return None
    scored = [experience for experience in experiences if experience.score is not None and experience.failure is None]
    metric = (scored or experiences)[0].metric
    best = max(
        (experience for experience in scored if experience.metric.name == metric.name),
        key=lambda experience: (experience.score or 0.0) * (1 if metric.maximize else -1),
        default=None,
    )
    return TaskSummary(
        name=experiences[0].task_name,
        kind=experiences[0].context.task.kind,
        similarity=similarity,
        trials=len(experiences),
        failed=sum(experience.failure is not None for experience in experiences),
        best=best.score if best else None,
        metric=metric.name,
        best_config=describe_config(best.config) if best else "",
    )
