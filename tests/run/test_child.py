import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.child import Child, ChildGone
from xautolm_nb.run.protocol import Command, Message

Start = Callable[[str], Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a child that runs a few lines of Python."""
    made: list[Child] = []

    def run(code: str) -> Child:
        made.append(Child((sys.executable, "-u", "-c", code), tmp_path / "child.log"))
        return made[-1]

    yield run
    for child in made:
        child.kill()


def receive(child: Child, seconds: float = 10.0) -> Message:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = child.receive(0.05)
        if message is not None:
            return message
    raise AssertionError("no message came")


def test_messages_come_in_order_and_then_the_end(start: Start) -> None:
    child = start("""print('{"kind": "ready"}'); print('{"kind": "done"}')""")
    assert [receive(child).kind, receive(child).kind] == ["ready", "done"]
    for _ in range(2):  # the end is told as often as it is asked for
        with pytest.raises(ChildGone):
            receive(child)


def test_nothing_to_read_is_none(start: Start) -> None:
    assert start("import time; time.sleep(60)").receive(0.01) is None


def test_a_command_arrives(start: Start) -> None:
    child = start(
        """import sys; line = sys.stdin.readline(); print('{"kind": "done"}' if '"export"' in line else line)"""
    )
    child.send(Command(verb="export"))
    assert receive(child).kind == "done"


def test_sending_to_a_dead_process_does_nothing(start: Start) -> None:
    child = start("")
    with pytest.raises(ChildGone):
        receive(child)
    for _ in range(3):
        child.send(Command(verb="stop"))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("import sys; sys.exit(4)", FailureKind.CRASH, "exit code 4"),
        ("raise RuntimeError('bad luck')", FailureKind.CRASH, "bad luck"),
        ("import os; os.abort()", FailureKind.CRASH, "SIGABRT"),
        ("import os; os.kill(os.getpid(), 9)", FailureKind.HOST_MEMORY, "memory"),
    ],
)
def test_the_end_of_a_process_has_a_name(code: str, kind: FailureKind, words: str, start: Start) -> None:
    child = start(code)
    with pytest.raises(ChildGone):
        receive(child)
    failure = child.why_gone()
    assert failure.kind is kind and words in failure.message


def test_a_process_that_ignores_everything_is_killed_with_what_it_started(start: Start) -> None:
    child = start(
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        """print('{"kind": "ready"}')\n"""
        "time.sleep(60)\n"
    )
    receive(child)
    family = psutil.Process(child.pid).children()
    assert len(family) == 1
    child.kill()
    assert not child.is_alive
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert not psutil.pid_exists(child.pid)  # no zombie


def test_a_killed_process_leaves_no_files(start: Start, tmp_path: Path) -> None:
    child = start("import os, pathlib; pathlib.Path(os.environ['XAUTOLM_SCRATCH'], 'sub').mkdir(parents=True); input()")
    wait_for(child.scratch / "sub")
    child.kill()
    assert list(tmp_path.iterdir()) == []


def wait_for(path: Path, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)


def test_an_interrupt_of_our_process_group_does_not_reach_it(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from xautolm_nb.run.child import Child\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"child = Child((sys.executable, '-c', 'import time; time.sleep(60)'), Path({str(tmp_path / 'log')!r}))\n"
        "os.killpg(0, signal.SIGINT)\n"
        "time.sleep(0.3)\n"
        "print(child.is_alive)\n"
        "child.kill()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "True", done.stderr


def test_the_memory_of_a_process_counts_what_it_started(start: Start) -> None:
    ready = '{"kind": "ready"}'
    alone = f"import time; block = bytearray(64 << 20); print({ready!r}, flush=True); time.sleep(60)"
    child = start(alone)
    receive(child)
    assert 64 / 1024 < child.memory_gib < 0.2
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {alone!r}])"
    family = start(both)
    receive(family)
    assert family.memory_gib > child.memory_gib
    child.kill()
    assert child.memory_gib == 0.0
