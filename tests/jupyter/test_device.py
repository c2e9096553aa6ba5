"""What the machine is busy with: read, not guessed; unknown is None."""

import psutil
import pytest
from wire_messages import TRIALS

from xautolm_nb.core.trial import Measures, Trial
from xautolm_nb.jupyter import device
from xautolm_nb.jupyter.device import energy_of, read_device
from xautolm_nb.metafeatures.gpu import GpuLoad


def trial(seconds: float, kwh: float | None, source: str = "measured") -> Trial:
    measures = Measures(seconds_train=seconds, energy_kwh=kwh, energy_source=source)  # type: ignore[arg-type]
    return Trial(number=0, config={}, seed=0, measures=measures)


def test_a_machine_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "gpu_load", lambda: None)
    monkeypatch.setattr(device.sys, "platform", "linux")
    found = read_device()
    assert (found.kind, found.gpu_memory_gib, found.gpu_used_gib, found.gpu_utilisation) == ("cpu", None, None, None)
    assert 0 < found.host_used_gib <= found.host_memory_gib <= psutil.virtual_memory().total / device.GIB
    assert found.name.endswith(("core", "cores"))


def test_a_gpu_is_shown_with_its_load(monkeypatch: pytest.MonkeyPatch) -> None:
    load = GpuLoad(name="NVIDIA A100", memory_gib=80.0, used_gib=7.5, utilisation=0.9)
    monkeypatch.setattr(device, "gpu_load", lambda: load)
    found = read_device()
    assert (found.kind, found.name, found.gpu_used_gib, found.gpu_utilisation) == ("cuda", "NVIDIA A100", 7.5, 0.9)
    assert read_device(kind="cpu").gpu_memory_gib is None


@pytest.mark.parametrize(
    ("trials", "energy"),
    [
        ([], (None, "unknown")),
        ([trial(0, None)], (None, "unknown")),
        ([trial(9, 0.25), trial(9, 0.5), trial(0, None)], (0.75, "measured")),
        ([trial(9, 0.25), trial(9, 0.5, "estimated")], (0.75, "estimated")),
        ([trial(9, 0.25), trial(9, None, "unknown")], (None, "unknown")),
    ],
)
def test_energy_adds_up_and_is_unknown_as_soon_as_a_part_is(trials: list[Trial], energy: tuple[object, str]) -> None:
    assert energy_of(trials) == energy


def test_the_energy_of_a_study_is_shown() -> None:
    assert read_device(TRIALS[:2], kind="cpu").energy_kwh == pytest.approx(0.004)
