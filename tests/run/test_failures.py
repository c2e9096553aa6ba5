import pytest
import torch
from safetensors import SafetensorError

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError, name_failure


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), FailureKind.OUT_OF_MEMORY),
        (MemoryError(), FailureKind.OUT_OF_MEMORY),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
            FailureKind.OUT_OF_MEMORY,
        ),
        (RuntimeError("shapes cannot be multiplied"), FailureKind.ERROR),
        (KeyError("x"), FailureKind.ERROR),
        (OSError(28, "No space left on device"), FailureKind.DISK),
        (OSError(30, "Read-only file system"), FailureKind.DISK),
        (SafetensorError('I/O error: Os { code: 28, message: "No space left on device" }'), FailureKind.DISK),
        (FileNotFoundError(2, "No such file"), FailureKind.ERROR),
        (TrialError(FailureKind.NOT_FINITE, "loss"), FailureKind.NOT_FINITE),
    ],
)
def test_an_exception_gets_its_kind(error: Exception, kind: FailureKind) -> None:
    assert name_failure(error).kind is kind


def test_a_real_allocation_that_fails_on_the_cpu_is_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55)
    assert name_failure(caught.value).kind is FailureKind.OUT_OF_MEMORY


def test_the_message_is_one_line_and_the_detail_ends_with_the_traceback() -> None:
    try:
        raise ValueError("first line\nsecond line")
    except ValueError as error:
        failure = name_failure(error)
    assert failure.message == "ValueError: first line"
    assert "test_failures.py" in failure.detail and failure.detail.endswith("second line")
    assert name_failure(MemoryError()).message == "MemoryError"
