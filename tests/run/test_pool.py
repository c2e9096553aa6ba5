import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from xautolm_nb.core.errors import StudyError
from xautolm_nb.run.pool import WorkerOptions, WorkerPool

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
MakePool = Callable[..., WorkerPool]


@pytest.fixture
def make_pool(tmp_path: Path) -> Iterator[MakePool]:
    made: list[WorkerPool] = []

    def make(device: str = "cpu", **options: Any) -> WorkerPool:
        settings = WorkerOptions(command=SLEEPER, **options)
        made.append(WorkerPool(device=device, logs=tmp_path / "logs", options=settings))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def count() -> int:
    return len(psutil.Process().children())


def test_on_a_cpu_a_worker_serves_again_and_there_is_no_spare(make_pool: MakePool) -> None:
    pool, before = make_pool(), count()
    first = pool.take()
    assert count() == before + 1
    pool.give_back(first)
    assert pool.take() is first


def test_on_a_gpu_the_next_worker_warms_up_beside_and_none_serves_twice(make_pool: MakePool) -> None:
    pool, before = make_pool("cuda"), count()
    first = pool.take()
    assert count() == before + 2
    pool.give_back(first)
    assert not first.is_alive
    second = pool.take()
    assert second is not first and second.is_alive


def test_a_replaced_worker_is_gone_and_a_new_one_waits(make_pool: MakePool) -> None:
    pool, before = make_pool(), count()
    first = pool.take()
    pool.replace(first)
    assert not first.is_alive and count() == before + 1


def test_an_idle_worker_that_died_is_not_handed_out(make_pool: MakePool) -> None:
    pool = make_pool()
    first = pool.take()
    pool.give_back(first)
    psutil.Process(first.pid).kill()
    psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [], timeout=5)
    assert pool.take().is_alive


def test_two_users_get_two_workers_and_one_is_kept(make_pool: MakePool) -> None:
    pool, before = make_pool(), count()
    first, second = pool.take(), pool.take()
    assert first is not second
    pool.give_back(first)
    pool.give_back(second)
    assert count() == before + 1


def test_warming_up_twice_starts_one(make_pool: MakePool) -> None:
    pool, before = make_pool(), count()
    pool.warm_up()
    pool.warm_up()
    assert count() == before + 1


def test_a_closed_pool_has_no_process_and_starts_none(make_pool: MakePool) -> None:
    pool, before = make_pool(), count()
    busy = pool.take()
    pool.warm_up()
    pool.close()
    assert count() == before
    pool.give_back(busy)
    pool.warm_up()
    assert count() == before
    with pytest.raises(StudyError, match="closed"):
        pool.take()


def test_every_worker_of_a_pool_the_spare_one_too_sees_what_the_pool_says(tmp_path: Path) -> None:
    settings = WorkerOptions(command=SLEEPER)
    environment = {"CUDA_VISIBLE_DEVICES": "GPU-7"}
    pool = WorkerPool(device="cuda", logs=tmp_path / "logs", options=settings, environment=environment)
    before = set(psutil.Process().children())
    try:
        pool.take()
        started = set(psutil.Process().children()) - before
        assert [worker.environ()["CUDA_VISIBLE_DEVICES"] for worker in started] == ["GPU-7"] * 2
    finally:
        pool.close()
