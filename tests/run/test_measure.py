import mmap
import time
from pathlib import Path

import pytest
import torch

from xautolm_nb.core.trial import Measures
from xautolm_nb.run import measure
from xautolm_nb.run.measure import Meter, read_joules, read_peak_gib, start_peak

CPU = torch.device("cpu")


def test_seconds_are_counted_by_phase_and_on_top_of_earlier_parts() -> None:
    meter = Meter(Measures(seconds_load=1.0, seconds_train=2.0, seconds_eval=3.0, tokens=5, steps=7), CPU)
    with meter.phase("train"):
        time.sleep(0.05)
        assert meter.measures().seconds_train >= 2.05  # a running phase counts
        meter.step(100)
    with meter.phase("eval"):
        time.sleep(0.02)
    measures = meter.measures()
    assert measures.seconds_load == 1.0
    assert 2.05 <= measures.seconds_train < 2.5 and 3.02 <= measures.seconds_eval < 3.5
    assert (measures.tokens, measures.steps) == (105, 8)
    assert meter.tokens_per_second == pytest.approx(100 / (measures.seconds_train - 2.0))


def test_a_phase_that_fails_is_counted_too() -> None:
    meter = Meter(Measures(), CPU)
    with pytest.raises(ValueError, match="x"), meter.phase("load"):
        time.sleep(0.02)
        raise ValueError("x")
    assert meter.measures().seconds_load >= 0.02


def test_peak_memory_is_that_of_this_trial_and_never_falls() -> None:
    start_peak(CPU)
    before = read_peak_gib(CPU)
    with mmap.mmap(-1, 64 * 2**20) as block:  # malloc may hand out pages that earlier tests left resident
        block.write(b"x" * len(block))
        assert read_peak_gib(CPU) >= before + 0.05
    assert read_peak_gib(CPU) >= before + 0.05  # a peak, not the memory of now
    meter = Meter(Measures(peak_memory_gib=1e6), CPU)
    assert meter.measures().peak_memory_gib == 1e6
    assert 0 < meter.peak_memory_gib < 1e3


def test_energy_that_cannot_be_read_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "RAPL", Path("/nowhere"))
    measures = Meter(Measures(), CPU).measures()
    assert (measures.energy_kwh, measures.energy_source) == (None, "unknown")


def test_energy_counters_are_read_and_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("1000000\n")
    monkeypatch.setattr(measure, "RAPL", tmp_path)
    assert read_joules(CPU) == 1.0
    meter = Meter(Measures(seconds_train=1.0, energy_kwh=1.0, energy_source="measured"), CPU)
    counter.write_text(f"{3_600_000_000_000 + 1_000_000}\n")
    measures = meter.measures()
    assert measures.energy_kwh == pytest.approx(2.0) and measures.energy_source == "measured"


def test_where_workers_share_a_processor_its_counter_says_nothing_of_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "intel-rapl:0").mkdir()
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("1000000")
    monkeypatch.setattr(measure, "RAPL", tmp_path)
    monkeypatch.setenv("XAUTOLM_WORKERS", "1")
    assert read_joules(CPU) == 1.0
    monkeypatch.setenv("XAUTOLM_WORKERS", "2")
    assert read_joules(CPU) is None


def test_one_unknown_part_makes_the_whole_energy_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("1000000\n")
    monkeypatch.setattr(measure, "RAPL", tmp_path)
    assert Meter(Measures(seconds_train=1.0), CPU).measures().energy_source == "unknown"
