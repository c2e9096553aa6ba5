"""Errors of the package: what was expected, what came, and what to do."""

LONGEST = 8000
"""Characters of a message; what came may be a whole file in the place of a name."""


class XAutoLMError(Exception):
    """Base of every error a user can cause and mend.

    Args:
        message: What was expected and what came, in one sentence; of a very long one the middle is left out.
        hint: What to do about it, in one sentence; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = _without_middle(message)
        self.hint = _without_middle(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class TaskError(XAutoLMError):
    """The data cannot be made into a task: a column, a label or a split is wrong."""


class RequestError(XAutoLMError):
    """An option of a search is missing, unknown or out of range."""


class SpaceError(XAutoLMError):
    """A configuration does not belong to the search space."""


class StoreError(XAutoLMError):
    """The experience store cannot be opened, read or written."""


class StudyError(XAutoLMError):
    """A study cannot do what was asked in the state it is in."""


class LeaseError(StudyError):
    """Another process has taken a study over, so this one must not write to it any more."""


class ModelError(XAutoLMError):
    """No pretrained model can be used as asked (not found, not readable, too large)."""


def _without_middle(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
