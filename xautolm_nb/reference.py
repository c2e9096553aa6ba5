"""What a search is set beside: another search on the same data that had no past experience to learn from."""

from typing import TYPE_CHECKING

from xautolm_nb.core.study import StudyRecord
from xautolm_nb.store import ExperienceStore

if TYPE_CHECKING:
    from xautolm_nb.plots import ReferenceFront

_BLIND = ("random",)
"""Optimizers that never look at experience."""


def find_reference(store: ExperienceStore, record: StudyRecord) -> "ReferenceFront | None":
    """The front of the newest such search in the store; None when there is none, or it has no score yet.

    Args:
        store: Where both studies live.
        record: The study to set it beside.
    """
    from xautolm_nb.plots import reference_front

    for other in store.studies():
        if other.id != record.id and _is_same_task(other, record) and is_without_experience(other):
            front = reference_front(f"without experience ({other.name})", store.trials(other.id))
            if front.scores.size:
                return front
    return None


def is_without_experience(record: StudyRecord) -> bool:
    """Whether a study was searched as if the store were empty: asked to, or by an optimizer that never looks."""
    return record.request.get("use_prior") is False or record.request.get("optimizer") in _BLIND


def _is_same_task(one: StudyRecord, other: StudyRecord) -> bool:
    same_data = bool(one.task.fingerprint) and one.task.fingerprint == other.task.fingerprint
    return same_data and one.task.metric.name == other.task.metric.name
