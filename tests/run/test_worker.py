import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from xautolm_nb.core.serial import to_json
from xautolm_nb.run.protocol import Command, Job
from xautolm_nb.run.worker import Link, perform

BROKEN = Path(__file__).parent / "broken_worker.py"


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    made: list[subprocess.Popen[bytes]] = []

    def run(way: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(BROKEN), way, "cpu"]
        made.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        return made[-1]

    yield run
    for process in made:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


Start = Callable[[str], subprocess.Popen[bytes]]


def say(process: subprocess.Popen[bytes], command: Command) -> None:
    assert process.stdin is not None
    process.stdin.write(to_json(command).encode() + b"\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[bytes]) -> dict[str, object]:
    assert process.stdout is not None
    message: dict[str, object] = json.loads(process.stdout.readline())
    return message


def test_it_says_ready_and_answers_each_command_once(start: Start) -> None:
    process = start("identity")
    assert hear(process)["kind"] == "ready"
    for _ in range(2):
        say(process, Command(verb="run"))
        assert hear(process)["kind"] == "done"
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_the_end_of_stdin_ends_it_at_once_whatever_it_does(start: Start) -> None:
    process = start("hang")
    hear(process)
    say(process, Command(verb="run"))
    time.sleep(0.2)
    assert process.poll() is None and process.stdin is not None
    process.stdin.close()
    assert process.wait(5) == 0


def test_a_command_it_does_not_understand_ends_it(start: Start) -> None:
    process = start("identity")
    hear(process)
    assert process.stdin is not None
    process.stdin.write(b'{"verb": "dance"}\n')
    process.stdin.flush()
    assert process.wait(10) == 2


def test_an_interrupt_does_not_disturb_it(start: Start) -> None:
    process = start("identity")
    hear(process)
    process.send_signal(signal.SIGINT)
    say(process, Command(verb="run"))
    assert hear(process)["kind"] == "done"


def test_a_killed_kernel_leaves_no_worker_and_no_files_of_it(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from xautolm_nb.run.child import Child\n"
        "from xautolm_nb.run.protocol import Command\n"
        f"child = Child((sys.executable, {str(BROKEN)!r}, 'hang', 'cpu'), Path({str(tmp_path / 'log')!r}))\n"
        "while child.receive(1) is None: pass\n"
        "child.send(Command(verb='run'))\n"
        "child.scratch.mkdir()\n"
        "(child.scratch / 'code.py').write_text('')\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    kernel = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert kernel.returncode == -signal.SIGKILL
    assert ends(int(kernel.stdout), within=5.0)
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


def ends(pid: int, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


class Lines:
    """A stdin of given lines; remembers nothing."""

    def __init__(self, *commands: Command) -> None:
        self.lines = [to_json(command).encode() for command in commands]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.lines)


def read_all(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("xautolm_nb.run.worker.os._exit", leave)
    with pytest.raises(SystemExit):
        link.read()


def test_a_stop_is_meant_for_the_trial_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Link(Lines(Command(verb="run"), Command(verb="stop"), Command(verb="run")), io.BytesIO())  # type: ignore[arg-type]
    read_all(late, monkeypatch)
    assert not late.should_stop()
    intime = Link(Lines(Command(verb="run"), Command(verb="stop")), io.BytesIO())  # type: ignore[arg-type]
    read_all(intime, monkeypatch)
    assert intime.should_stop()


def test_commands_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(Lines(Command(verb="run"), Command(verb="stop"), Command(verb="export")), io.BytesIO())  # type: ignore[arg-type]
    read_all(link, monkeypatch)
    commands = link.commands()
    assert [next(commands).verb, next(commands).verb] == ["run", "export"]


def test_a_run_an_evaluation_and_an_export_are_answered(make_job: Callable[..., Job], tmp_path: Path) -> None:
    out = io.BytesIO()
    link = Link(io.BytesIO(), out)
    job = make_job(target=0.25)
    outcome = perform(Command(verb="run", job=job), link).outcome
    assert outcome is not None and outcome.failure is None
    kinds = [json.loads(line)["kind"] for line in out.getvalue().splitlines()]
    assert set(kinds) == {"progress", "rung"}
    metrics = perform(Command(verb="evaluate", job=job, split="validation"), link).metrics
    assert metrics is not None and metrics["f1"] == outcome.curve[-1].score
    assert perform(Command(verb="export", job=job, target=str(tmp_path / "out")), link).failure is None
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_what_cannot_be_evaluated_is_answered_with_a_failure(make_job: Callable[..., Job]) -> None:
    answer = perform(Command(verb="evaluate", job=make_job(), split="test"), Link(io.BytesIO(), io.BytesIO()))
    assert answer.failure is not None and "no kept weights" in answer.failure.message


def test_importing_the_worker_loads_no_torch() -> None:
    code = "import sys, xautolm_nb.run, xautolm_nb.run.worker; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems choose by other rules")
def test_the_system_ends_a_worker_before_the_kernel_when_memory_runs_out(start: Start) -> None:
    worker = start("identity")
    assert hear(worker)["kind"] == "ready"
    score = int(Path(f"/proc/{worker.pid}/oom_score_adj").read_text())
    assert score == 800 > int(Path("/proc/self/oom_score_adj").read_text())
