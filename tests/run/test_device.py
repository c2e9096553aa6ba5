from typing import Any

import pytest
import torch

from xautolm_nb.core.context import SystemMetaFeatures
from xautolm_nb.run.device import Precision, choose_precision, choose_threads
from xautolm_nb.run.failures import TrialError


def system(**fields: Any) -> SystemMetaFeatures:
    return SystemMetaFeatures(paper=(2.0, 2.0, 2.0, 8.0, 0.0), **fields)


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_a_cpu_trains_in_bfloat16_where_it_computes_it_natively(native: bool, dtype: torch.dtype | None) -> None:
    precision = choose_precision(system(device="cpu", bfloat16=native))
    assert (precision.autocast, precision.padding, precision.needs_scaling) == (dtype, 1, False)
    with precision.forward():
        assert torch.is_autocast_enabled("cpu") is native


@pytest.mark.parametrize(
    ("bfloat16", "dtype", "scaling"), [(True, torch.bfloat16, False), (False, torch.float16, True)]
)
def test_a_gpu_trains_in_the_format_it_computes_natively(
    bfloat16: bool, dtype: torch.dtype, scaling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    precision = choose_precision(system(device="cuda", bfloat16=bfloat16))
    assert (precision.autocast, precision.needs_scaling, precision.padding) == (dtype, scaling, 8)


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrialError, match="CUDA"):
        choose_precision(system(device="cuda"))


def test_autocast_covers_the_forward_pass() -> None:
    precision = Precision(device=torch.device("cpu"), autocast=torch.bfloat16)
    with precision.forward():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.bfloat16


def test_threads_can_be_set_and_never_exceed_what_we_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert choose_threads() == 3
    monkeypatch.setenv("XAUTOLM_THREADS", "2")
    assert choose_threads() == 2
    monkeypatch.setenv("XAUTOLM_THREADS", "many")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert choose_threads() >= 1


def test_workers_share_the_threads_and_each_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAUTOLM_THREADS", "6")
    for workers, threads in (("1", 6), ("2", 3), ("4", 1), ("64", 1), ("0", 6)):
        monkeypatch.setenv("XAUTOLM_WORKERS", workers)
        assert choose_threads() == threads
