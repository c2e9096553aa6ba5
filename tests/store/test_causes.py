import pytest

from xautolm_nb.store.causes import as_failure, name_cause


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", "out_of_memory"),
        ("torch.OutOfMemoryError: ...", "out_of_memory"),
        ("Exceeded allowed time for execution. The process was terminated after 5400.0 seconds.", "timeout"),
        ("Can't load tokenizer for 'org/model'.", "model_unavailable"),
        ("Unable to load weights from pytorch checkpoint file for 'x'", "model_unavailable"),
        ("Unrecognized configuration class <class 'x'> for this kind of AutoModel", "no_classification_head"),
        ("unscale_() has already been called on this optimizer since the last update().", "framework_bug"),
        ("'int' object has no attribute 'type'", "framework_bug"),
        ("'Parameter' object has no attribute 'weight'", "adapter_mismatch"),
        ("mat1 and mat2 shapes cannot be multiplied (8192x768 and 2304x32)", "adapter_mismatch"),
        ("DataLoader worker (pid 1) is killed by signal: Bus error.", "host_memory"),
        ("DefaultCPUAllocator: can't allocate memory", "host_memory"),
        ("loss is nan", "not_finite"),
        ("an informed finance error", "error"),
        ("", "error"),
    ],
)
def test_an_error_text_tells_its_cause(message: str, kind: str) -> None:
    assert name_cause(message) == kind


def test_a_failure_has_one_line_for_people_and_the_rest_in_detail() -> None:
    failure = as_failure("  CUDA out of memory.\nTraceback\n")
    assert (failure.message, failure.detail) == ("CUDA out of memory.", "CUDA out of memory.\nTraceback")
    assert as_failure("").message == "failed without a message"
