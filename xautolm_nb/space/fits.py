"""Which models a machine can fine-tune, and with which method: predicted memory before anything is loaded."""

from collections.abc import Sequence
from typing import Any

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.errors import SpaceError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.cells import DEFAULT_METHODS
from xautolm_nb.space.check import check
from xautolm_nb.space.finetuning import build_space
from xautolm_nb.space.physics import GIB, memory_bytes, memory_limit_gib

TYPICAL_TOKENS = 128


def fit_table(models: Sequence[ModelInfo], system: SystemMetaFeatures) -> list[dict[str, Any]]:
    """Predict the memory of each model and method for texts of 128 tokens, one row a model.

    Args:
        models: The models to look at.
        system: The machine.

    Returns:
        Rows with `model`, `where`, `parameters`, `licence`, `code` (whose own code it runs), for each method the GiB of
        default fine-tuning at one row a pass (more rows are used as far as memory goes), and `fits`: the methods that
        can run.
    """
    context = Context(task=_typical_task(), system=system)
    return [_row(model, context) for model in sorted(models, key=lambda model: model.parameters)]


def _row(model: ModelInfo, context: Context) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model": model.id,
        "where": model.where,
        "parameters": model.parameters,
        "licence": model.licence,
        "code": model.code,
        "limit_gib": round(memory_limit_gib(context), 2),
    }
    reasons = {method: _look(model, method, context, row) for method in DEFAULT_METHODS}
    row["fits"] = [method for method, reason in reasons.items() if reason is None]
    row["reason"] = "" if row["fits"] else next(reason for reason in reasons.values() if reason)
    return row


def _look(model: ModelInfo, method: str, context: Context, row: dict[str, Any]) -> str | None:
    """Enter the need of a method into the row; why it cannot run, or None."""
    row[method] = None
    try:
        space = build_space(context, [model], methods=(method,))
    except SpaceError as error:  # not for this model or this kind of task
        return str(error)
    config = space.default()
    row[method] = round(memory_bytes(config, model, context, 1) / GIB, 2)
    return check(config, context, space.models)


def _typical_task() -> TaskMetaFeatures:
    tokens = {f"tokens_{name}": float(TYPICAL_TOKENS) for name in ("mean", "p50", "p90", "p95", "p99", "max")}
    return TaskMetaFeatures(
        kind="classification",
        paper=(10_000.0, 2.0, 1.0, 0.5, 0.5, 1.0, 500.0, 100.0, 0.2, 0.5),
        extra={"rows_train": 10_000.0, "rows_validation": 2_000.0, **tokens},
    )
