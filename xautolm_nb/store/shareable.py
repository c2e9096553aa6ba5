"""What of an experience may leave its machine: everything but the folders its model and its errors lay in."""

from dataclasses import replace

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.places import without_places
from xautolm_nb.core.trial import Failure


def shareable(experience: Experience) -> Experience:
    """Return an experience that names no folder; one that named none comes back as it is.

    The store writes experiences in this form, not only its exports: ids are made of the content, so a record that
    changed on its way out would come back as another one. Nothing is lost: other tasks learn from the numbers of a
    model, and where the checkpoint lies is asked anew by each search; a trial keeps the whole text of its error.
    """
    model, failure = experience.model, experience.failure
    if model is not None and (told := _without_path(model)) != model:
        experience = replace(experience, model=told)
    if failure is not None and (cut := _without_places(failure)) != failure:
        experience = replace(experience, failure=cut)
    return experience


def _without_path(model: ModelInfo) -> ModelInfo:
    """A path that is no folder (an id of the hub, as that of a cut is) stays."""
    path = without_places(model.path)
    return replace(model, path=model.id if path != model.path else path)


def _without_places(failure: Failure) -> Failure:
    return replace(failure, message=without_places(failure.message), detail=without_places(failure.detail))
