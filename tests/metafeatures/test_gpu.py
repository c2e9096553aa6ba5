from types import SimpleNamespace

import pynvml
import pytest

from xautolm_nb.metafeatures import gpu

GIB = 1024**3


class Driver:
    """What NVML says of a machine with two A100."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = 0
        self.missing: set[str] = set()
        answers = {
            "nvmlInit": self._enter,
            "nvmlShutdown": self._leave,
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetHandleByUUID": lambda uuid: uuid,
            "nvmlDeviceGetName": lambda handle: b"NVIDIA A100" if handle == 0 else f"GPU {handle}",
            "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=80 * GIB, used=6 * GIB),
            "nvmlDeviceGetCudaComputeCapability": lambda handle: (8, 0),
            "nvmlDeviceGetNumGpuCores": lambda handle: 6912,
            "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=75),
            "nvmlDeviceGetMaxClockInfo": lambda handle, kind: 1410,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(pynvml, name, self._guarded(name, answer))

    def _guarded(self, name: str, answer: object) -> object:
        def call(*arguments: object) -> object:
            if name in self.missing:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return answer(*arguments)  # type: ignore[operator]

        return call

    def _enter(self) -> None:
        self.open += 1

    def _leave(self) -> None:
        self.open -= 1


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return Driver(monkeypatch)


def test_the_first_gpu_is_described(driver: Driver) -> None:
    found = gpu.find_gpu()
    assert found is not None
    assert (found.name, found.count, found.memory_gib, found.compute_capability) == ("NVIDIA A100", 2, 80.0, (8, 0))
    assert found.tflops == pytest.approx(312, abs=1)
    assert driver.open == 0


@pytest.mark.parametrize(
    ("visible", "name", "count"),
    [("1", "GPU 1", 1), ("1,0", "GPU 1", 2), ("GPU-abc", "GPU GPU-abc", 1), ("0,7,1", "NVIDIA A100", 1)],
)
def test_only_visible_gpus_count(
    visible: str, name: str, count: int, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = gpu.find_gpu()
    assert found is not None and (found.name, found.count) == (name, count)


@pytest.mark.parametrize("visible", ["", "-1", "7"])
def test_without_a_visible_gpu_there_is_none(visible: str, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu.find_gpu() is None
    assert driver.open == 0


def test_without_a_driver_there_is_none(driver: Driver) -> None:
    driver.missing = {"nvmlInit"}
    assert gpu.find_gpu() is None


@pytest.mark.parametrize("missing", ["nvmlDeviceGetCudaComputeCapability", "nvmlDeviceGetNumGpuCores"])
def test_what_a_driver_does_not_tell_is_unknown(missing: str, driver: Driver) -> None:
    driver.missing = {missing}
    found = gpu.find_gpu()
    assert found is not None and found.tflops is None and found.memory_gib == 80.0
    assert driver.open == 0


def test_the_load_of_the_first_gpu_is_read(driver: Driver) -> None:
    load = gpu.gpu_load()
    assert load == gpu.GpuLoad(name="NVIDIA A100", memory_gib=80.0, used_gib=6.0, utilisation=0.75)
    assert driver.open == 0


def test_a_load_that_is_not_told_is_none(driver: Driver) -> None:
    driver.missing.add("nvmlDeviceGetUtilizationRates")
    load = gpu.gpu_load()
    assert load is not None and load.utilisation is None
    driver.missing.add("nvmlInit")
    assert gpu.gpu_load() is None


def test_each_visible_card_has_a_name_that_means_it_alone(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUUID", lambda handle: f"GPU-{handle}".encode())
    assert gpu.visible_cards() == [gpu.Card(uuid=f"GPU-{number}", memory_gib=80.0) for number in (0, 1)]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpu.visible_cards() == [gpu.Card(uuid="GPU-1", memory_gib=80.0)]
    driver.missing = {"nvmlInit"}
    assert gpu.visible_cards() == []
    assert driver.open == 0
