import math

import pytest

from xautolm_nb.space.residual import FURTHEST, MemoryResidual


def of(*peaks: tuple[str, float]) -> MemoryResidual:
    residual = MemoryResidual()
    for method, measured in peaks:
        residual = residual.learned(method, predicted_gib=1.0, measured_gib=measured)
    return residual


def test_without_evidence_the_formula_stands() -> None:
    assert MemoryResidual().factor("full") == 1.0


def test_with_many_peaks_the_factor_is_what_was_measured() -> None:
    assert of(*[("full", 1.4)] * 60).factor("full") == pytest.approx(1.4, rel=0.02)


def test_one_peak_moves_it_a_little() -> None:
    assert 1.0 < of(("full", 1.4)).factor("full") < 1.3


def test_a_method_without_peaks_follows_the_others_and_own_peaks_count_more() -> None:
    residual = of(*[("full", 1.4)] * 20, *[("lora", 0.9)] * 20)
    assert residual.factor("full") > residual.factor("head") > residual.factor("lora")


@pytest.mark.parametrize("measured", [0.0, -1.0, math.nan, math.inf])
def test_figures_that_are_none_teach_nothing(measured: float) -> None:
    assert of(("full", measured)) == MemoryResidual()


def test_it_never_goes_further_than_constants_can_be_off() -> None:
    assert of(*[("full", 100.0)] * 50).factor("full") == pytest.approx(FURTHEST)
    assert of(*[("full", 0.01)] * 50).factor("full") == pytest.approx(1 / FURTHEST)
