import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from xautolm_nb.core.study import Owner
from xautolm_nb.store.owners import PATIENCE_SECONDS, birth_of, current_owner, is_owner_alive


def test_this_process_is_alive_however_old_its_heartbeat() -> None:
    owner = current_owner()
    assert owner.pid == os.getpid() and is_owner_alive(owner, 0.0)


def test_another_process_with_a_used_number_is_not_the_owner() -> None:
    assert not is_owner_alive(replace(current_owner(), started=1.0, birth=""), time.time())
    assert not is_owner_alive(replace(current_owner(), birth="another boot 1"), time.time())


def test_a_process_that_ended_is_dead_even_before_it_is_collected() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
        owner = replace(current_owner(), pid=process.pid, started=started, birth=birth_of(process.pid))
        assert is_owner_alive(owner, 0.0)
        process.kill()
        deadline = time.time() + 10
        while is_owner_alive(owner, time.time()) and time.time() < deadline:
            time.sleep(0.01)
        assert not is_owner_alive(owner, time.time())
    assert not is_owner_alive(owner, time.time())


@pytest.mark.parametrize(("age", "alive"), [(1.0, True), (PATIENCE_SECONDS + 5, False), (-30 * 86400.0, False)])
def test_of_another_machine_only_the_heartbeat_is_known(age: float, alive: bool) -> None:
    assert is_owner_alive(Owner(pid=1, started=0.0, host="elsewhere"), time.time() - age) is alive


def test_a_process_of_another_user_is_judged_by_its_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_process: psutil.Process) -> float:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "create_time", denied)
    owner = Owner(pid=os.getpid(), started=0.0, host=socket.gethostname())
    assert is_owner_alive(owner, time.time()) and not is_owner_alive(owner, 0.0)


@pytest.mark.skipif(not birth_of(os.getpid()), reason="the system does not tell when a process began")
def test_a_clock_that_is_set_does_not_make_a_living_owner_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = current_owner()
    started = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: started(process) + 3600.0)
    assert is_owner_alive(owner, 0.0)
    assert not is_owner_alive(replace(owner, birth=""), time.time()), "the start time alone is not enough"
