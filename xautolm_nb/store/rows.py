"""Nouns to rows of the tables and back, checked on the way in: what is written can always be read."""

from collections.abc import Mapping
from typing import Any, TypeVar

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.secrets import without_secrets
from xautolm_nb.core.serial import content_id, from_json, from_plain, to_json, to_plain
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.trial import Trial

T = TypeVar("T")
Row = dict[str, Any]

_NUMBERS_BY_NAME = frozenset({"expected", "metrics", "extra"})
"""Fields that map names to numbers, where a value that is not finite (null in JSON) says no more than its absence."""


def storable(value: T, kind: type[T], what: str) -> T:
    """Return `value` as it will read back, so that ids and comparisons hold on both sides of the store.

    Numbers take their declared types, text that cannot be encoded is replaced, passwords and access tokens are hidden.
    Values that are not finite are left out of maps of numbers; a validation without a finite score is left out of the
    curve.

    Raises:
        StoreError: The value does not fit its type; the message names `what` and the field.
    """
    try:
        return from_json(without_secrets(to_json(value)), kind)
    except (ValueError, TypeError, RecursionError):
        pass  # rare: mend what can be mended and try once more
    try:
        return from_json(without_secrets(to_json(_mended(to_plain(value)))), kind)
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(
            f"Expected {what} in the declared types, but a field does not fit: {error}.",
            hint="Numbers must be finite, and a config holds only text, numbers and booleans.",
        ) from error


def _mended(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_mended(item) for item in plain if not (isinstance(item, Mapping) and _is_blank_point(item))]
    if not isinstance(plain, Mapping):
        return plain
    return {
        key: {name: number for name, number in item.items() if number is not None}
        if key in _NUMBERS_BY_NAME and isinstance(item, Mapping)
        else _mended(item)
        for key, item in plain.items()
    }


def _is_blank_point(item: Mapping[str, Any]) -> bool:
    return {"fidelity", "score", "step"} <= item.keys() and item["score"] is None


def context_row(context: Context) -> Row:
    """Write a context as a row of `contexts`."""
    body = to_json(context)
    return {
        "id": content_id(context),
        "kind": context.task.kind,
        "paper": to_json([*context.task.paper, *context.system.paper]),
        "body": body,
    }


def experience_row(experience: Experience, context_id: str) -> Row:
    """Write a storable experience as a row of `experiences`; the body leaves the context out."""
    body = from_json(to_json(experience), dict[str, Any])
    name = content_id(body)
    del body["context"]
    config = experience.config
    return {
        "id": name,
        "context_id": context_id,
        "task_name": experience.task_name,
        "space": experience.space,
        "config": to_json(dict(config)),
        "model": str(config.get("model", experience.model.id if experience.model else "")),
        "method": str(config.get("method", config.get("method_class", ""))),
        "fidelity": experience.fidelity,
        "metric": experience.metric.name,
        "score": experience.score,
        "seconds": experience.seconds,
        "failure": experience.failure.kind.value if experience.failure else None,
        "created_at": experience.created_at,
        "source": experience.source,
        "study": experience.study,
        "trial": experience.trial,
        "fingerprint": experience.fingerprint,
        "body": to_json(body),
    }


def read_experience(body: str, context: Context) -> Experience:
    """Read the body of an experience and join its context.

    Raises:
        ValueError: The body does not fit the type.
    """
    fields = from_json(body, dict[str, Any])
    fields["context"] = context  # taken as it is, so experiences of one context share one object
    return from_plain(fields, Experience)


def study_row(record: StudyRecord) -> Row:
    """Write a storable record as a row of `studies`, without position and revision."""
    return {
        "id": record.id,
        "name": record.name,
        "state": record.state.value,
        "control": record.control.value,
        "owner": to_json(record.owner) if record.owner else None,
        "heartbeat": record.heartbeat,
        "spent_seconds": record.spent_seconds,
        "budget_seconds": record.budget_seconds,
        "created_at": record.created_at,
        "body": to_json(record),
    }


def trial_row(study_id: str, trial: Trial) -> Row:
    """Write a storable trial as a row of `trials`."""
    return {
        "study_id": study_id,
        "number": trial.number,
        "state": trial.state.value,
        "fidelity": trial.fidelity,
        "score": trial.score,
        "seconds": trial.seconds,
        "failure": trial.failure.kind.value if trial.failure else None,
        "body": to_json(trial),
    }


def rung_rows(study_id: str, trial: Trial) -> list[Row]:
    """Write the learning curve of a trial as rows of `rungs`, one per validation."""
    return [
        {
            "study_id": study_id,
            "number": trial.number,
            "position": position,
            "fidelity": point.fidelity,
            "score": point.score,
            "seconds": point.seconds,
            "step": point.step,
            "loss": point.loss,
        }
        for position, point in enumerate(trial.curve)
    ]
