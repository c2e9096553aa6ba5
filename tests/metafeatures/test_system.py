import subprocess
import sys
from pathlib import Path

import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.metafeatures import system
from xautolm_nb.metafeatures.gpu import Gpu

A100 = Gpu(name="NVIDIA A100", count=2, memory_gib=80.0, compute_capability=(8, 0), tflops=312.0)
T4 = Gpu(name="Tesla T4", count=1, memory_gib=15.0, compute_capability=(7, 5), tflops=65.0)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "find_gpu", lambda: None)
    monkeypatch.setattr(system.sys, "platform", "linux")
    monkeypatch.delenv(system.DEVICE_VARIABLE, raising=False)


def test_a_machine_without_a_gpu_trains_on_its_cpu() -> None:
    found = system.probe_system()
    assert (found.device, found.gpu_name, found.gpu_count, found.gpu_memory_gib) == ("cpu", None, 0, 0.0)
    physical, logical, ghz, memory, gpu_memory = found.paper
    assert 0 < physical <= logical and ghz >= 0 and memory == found.memory_gib > 0 and gpu_memory == 0
    assert found.tflops is not None and 1e-4 < found.tflops < 100
    assert from_json(to_json(found), type(found)) == found


def test_probing_twice_gives_the_same_machine() -> None:
    assert system.probe_system() == system.probe_system()


def test_a_gpu_is_used_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "find_gpu", lambda: A100)
    found = system.probe_system()
    assert (found.device, found.gpu_name, found.gpu_count, found.gpu_memory_gib) == ("cuda", "NVIDIA A100", 2, 80.0)
    assert (found.compute_capability, found.tflops, found.bfloat16, found.paper[4]) == (8.0, 312.0, True, 80.0)


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_the_cpu_can_be_asked_for(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "find_gpu", lambda: A100)
    if way == "environment":
        monkeypatch.setenv(system.DEVICE_VARIABLE, "cpu")
    found = system.probe_system("cpu" if way == "argument" else None)
    assert (found.device, found.gpu_name, found.gpu_memory_gib) == ("cpu", None, 0.0)


def test_older_gpus_have_no_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "find_gpu", lambda: T4)
    assert (system.probe_system().bfloat16, system.probe_system().compute_capability) == (False, 7.5)


@pytest.mark.parametrize(
    ("device", "message"), [("tpu", "must be one of"), ("cuda", "shows none"), ("mps", "shows none")]
)
def test_a_device_that_is_not_there_is_refused(device: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        system.probe_system(device)


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512_bf16 sse", True), ("amx_bf16", True), ("fpu avx512f", False), (None, False)]
)
def test_cpus_say_whether_they_have_bfloat16(
    flags: str | None, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n\n")
    monkeypatch.setattr(system, "CPU_INFO", tmp_path / "cpuinfo")
    assert system.probe_system().bfloat16 is expected


def test_the_machine_is_not_named() -> None:
    name = system.probe_system().hostname_hash
    assert len(name) == 16 and system.platform.node() not in name


def test_probing_loads_no_torch() -> None:
    code = "import sys; from xautolm_nb.metafeatures import probe_system; probe_system(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
