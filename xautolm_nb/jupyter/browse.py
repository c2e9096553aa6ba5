"""What there is to choose from: models of this machine, tasks of the experience store."""

from collections.abc import Sequence
from typing import Any

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.jupyter.objects import ModelRow, TaskSummary
from xautolm_nb.store import ExperienceStore

_BYTES_PER_PARAMETER = 4
_MB = 1e6
_PLACES = {"hub": "on the hub", "cache": "downloaded"}
_OUT_OF_REACH = "not on this machine, and no model hub can be reached"


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
    online = len(here) < len(models) and hub_reachable()
    return [_model_row(row, by_id[row["model"]], online=online) for row in fit_table(models, probe_system())]


def _model_row(row: dict[str, Any], model: ModelInfo, *, online: bool) -> ModelRow:
    size = model.bytes_on_disk or model.parameters * _BYTES_PER_PARAMETER
    can_be_had = online or model.where != "hub"
    fits = bool(row["fits"]) and can_be_had
    where = _PLACES.get(model.where, model.where)
    return ModelRow(
        id=model.id,
        family=model.family,
        parameters_millions=round(model.parameters / 1e6, 1),
        size_mb=round(size / _MB, 1),
        licence=model.licence,
        fits=fits,
        reason=f"{where}; {', '.join(row['fits'])}" if fits else row["reason"] or _OUT_OF_REACH,
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
