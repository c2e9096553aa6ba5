from pathlib import Path

import psutil
import pytest

from xautolm_nb.metafeatures import limits

GIB = 1024**3


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(limits, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(limits, "OWN_GROUPS", tmp_path / "self")
    monkeypatch.setattr(limits, "_affine_cores", lambda: 64.0)
    return tmp_path


def write(folder: Path, own: str, files: dict[str, str]) -> None:
    (folder / "self").write_text(own)
    for name, content in files.items():
        (folder / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup" / name).write_text(content)


@pytest.mark.parametrize(
    ("own", "files", "gib"),
    [
        ("0::/job\n", {"job/memory.max": "1073741824\n"}, 1),
        ("0::/job/step\n", {"job/memory.max": "1073741824\n", "job/step/memory.max": "max\n"}, 1),
        ("0::/../host/path\n", {"memory.max": "1073741824\n"}, 1),  # seen from inside a container
        ("4:memory:/job\n", {"memory/job/memory.limit_in_bytes": "536870912\n"}, 0.5),
        ("4:memory:/gone\n", {"memory/memory.limit_in_bytes": "536870912\n"}, 0.5),
    ],
)
def test_the_smallest_memory_limit_counts(own: str, files: dict[str, str], gib: float, cgroups: Path) -> None:
    write(cgroups, own, files)
    assert limits.memory_limit() == gib * GIB


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "-1", "nonsense"])
def test_without_a_limit_it_is_the_machines_memory(limit: str, cgroups: Path) -> None:
    write(cgroups, "0::/\n", {"memory.max": limit})
    assert limits.memory_limit() == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/job\n", {"job/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/job\n", {"job/cpu.max": "max 100000\n", "cpu.max": "400000 100000"}, 4),
        ("3:cpu,cpuacct:/job\n", {"cpu/job/cpu.cfs_quota_us": "200000", "cpu/job/cpu.cfs_period_us": "100000"}, 2),
        ("3:cpu,cpuacct:/job\n", {"cpu/job/cpu.cfs_quota_us": "-1", "cpu/job/cpu.cfs_period_us": "100000"}, 64),
        ("", {}, 64),
    ],
)
def test_the_smallest_core_quota_counts(own: str, files: dict[str, str], cores: float, cgroups: Path) -> None:
    write(cgroups, own, files)
    assert limits.available_cores() == cores


def test_this_machine_has_memory_and_cores() -> None:
    assert 0 < limits.memory_limit() <= psutil.virtual_memory().total
    assert limits.available_cores() > 0
