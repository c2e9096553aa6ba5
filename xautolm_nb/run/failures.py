"""From exceptions to typed failures: the one place where what goes wrong in a trial gets its name."""

import errno
import traceback

import torch

from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.core.trial import Failure, FailureKind

DETAIL_LINES = 12
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Error numbers of a full disk, a spent quota and a disk that may not be written."""
ALLOCATOR_MESSAGES = ("DefaultCPUAllocator", "not enough memory", "Cannot allocate memory", "MPS backend out of memory")


class TrialError(XAutoLMError):
    """A trial cannot go on, for a reason that has a name.

    Args:
        kind: The name.
        message: What was expected and what came.
        hint: What to do about it.
    """

    def __init__(self, kind: FailureKind, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


def name_failure(error: Exception) -> Failure:
    """Name what ended a trial; the last lines of the traceback go into `detail`."""
    kind = _kind(error)
    line = str(error).strip().splitlines()
    message = line[0] if line else type(error).__name__
    if kind is FailureKind.ERROR:
        message = f"{type(error).__name__}: {message}"
    return Failure(kind=kind, message=message[:300], detail=_last_lines(error))


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory of the device or of the host ran out, in whichever words it was said."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATOR_MESSAGES)


def is_no_room(error: Exception) -> bool:
    """Whether the disk takes no more, as the system says it or a library in Rust repeats it."""
    number = error.errno if isinstance(error, OSError) else None
    return number in NO_ROOM or "No space left on device" in str(error)


def _kind(error: Exception) -> FailureKind:
    if isinstance(error, TrialError):
        return error.kind
    if is_no_room(error):
        return FailureKind.DISK
    return FailureKind.OUT_OF_MEMORY if is_out_of_memory(error) else FailureKind.ERROR


def _last_lines(error: Exception) -> str:
    text = "".join(traceback.format_exception(error))
    return "\n".join(text.rstrip().splitlines()[-DETAIL_LINES:])
