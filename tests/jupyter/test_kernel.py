"""A real kernel: a running search leaves it free for other cells."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str, timeout: float = 120) -> tuple[str, float]:
    """Execute a cell; its printed text and the seconds until the reply."""
    started = time.monotonic()
    identifier = client.execute(code)
    reply = client.get_shell_msg(timeout=timeout)
    while reply["parent_header"].get("msg_id") != identifier:
        reply = client.get_shell_msg(timeout=timeout)
    seconds = time.monotonic() - started
    assert reply["content"]["status"] == "ok", reply["content"]
    return _printed(client, identifier), seconds


def _printed(client: BlockingKernelClient, identifier: str) -> str:
    text = ""
    while True:
        try:
            message = client.get_iopub_msg(timeout=5)
        except Empty:
            return text
        if message["parent_header"].get("msg_id") != identifier:
            continue
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            text += message["content"]["text"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return text


@pytest.mark.slow
def test_a_kernel_in_which_a_search_trains_answers_other_cells_within_a_fifth_of_a_second(
    kernel: BlockingKernelClient, tiny_model: Path, own_home: Path
) -> None:
    run(
        kernel,
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\nfrom tiny import tiny_frame\nfrom xautolm_nb import tune",
    )
    start = (
        f"session = tune(tiny_frame(6000), text='text', label='label', models=[{str(tiny_model)!r}], budget='60s')\n"
        "print(session.id)"
    )
    run(kernel, start)
    deadline = time.monotonic() + 60
    while run(kernel, "print(session.record.progress is not None and session.record.progress.step > 0)")[0] != "True\n":
        assert time.monotonic() < deadline, run(kernel, "print(session.view())")
        time.sleep(0.3)
    waits = []
    for number in range(20):
        text, seconds = run(kernel, f"print({number} + 1)")
        assert text == f"{number + 1}\n"
        waits.append(seconds)
        time.sleep(0.2)
    assert run(kernel, "print(session.is_running_here)")[0] == "True\n"
    assert statistics.quantiles(waits, n=10)[-1] < 0.2, waits
    _, seconds = run(kernel, "session.stop()")
    assert seconds < 0.2
    text, _ = run(kernel, "session.wait(60); print(session.record.state.value)")
    assert text == "stopped\n"
