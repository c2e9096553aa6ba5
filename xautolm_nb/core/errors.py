"""Errors of the package: what was expected, what came, and what to do."""


class XAutoLMError(Exception):
    """Base of every error a user can cause and mend.

    Args:
        message: What was expected and what came, in one sentence.
        hint: What to do about it, in one sentence; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

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
