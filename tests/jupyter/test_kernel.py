"""A real kernel with the package in it: quick to load, free for other cells, flat over hours, apart from others."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernels import Kernel, Panel

MEGABYTE = 2**20
AN_HOUR = 14_400
"""Progress messages of an hour at four a second."""

SLOW = "from slow_world import slow_session\nsession = slow_session(trials=500, seconds=60.0)\n"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def new_kernel(home: str) -> Iterator[Callable[[], Kernel]]:
    """Starts kernels that share one store, and ends them."""
    kernels: list[Kernel] = []

    def make() -> Kernel:
        kernels.append(Kernel(XAUTOLM_HOME=home, HF_HUB_OFFLINE="1"))
        return kernels[-1]

    yield make
    for kernel in kernels:
        kernel.close()


def test_loading_is_quick_and_imports_nothing_heavy(new_kernel: Callable[[], Kernel]) -> None:
    kernel = new_kernel()
    before = "import sys, time; known = set(sys.modules); began = time.perf_counter()"
    after = (
        "print(time.perf_counter() - began, {'torch', 'pandas', 'sqlalchemy', 'matplotlib'} & set(sys.modules) - known)"
    )
    seconds, _, loaded = kernel.run(f"{before}\n%load_ext xautolm_nb\n{after}").strip().partition(" ")
    assert loaded == "set()"
    assert float(seconds) < 1.0


def test_what_a_cell_starts_the_panel_shows_and_what_the_panel_does_the_magic_tells(
    new_kernel: Callable[[], Kernel],
) -> None:
    kernel = new_kernel()
    kernel.run("%load_ext xautolm_nb\nimport xautolm_nb.jupyter.hub")
    panel = Panel(kernel)
    assert panel.answers("first")[0]["snapshot"] is None
    kernel.run(
        f"{SLOW}from xautolm_nb.jupyter.kernel import connect\nconnect(get_ipython()).hub\nsession.start()\nNone"
    )
    study = kernel.run("print(session.id)").strip()
    kernel.until(lambda: any(event["type"] == "study" and event["study"]["id"] == study for event in panel.events))
    kernel.until(lambda: sum(event["type"] == "progress" for event in panel.events) > 3, 8)
    panel.ask("pause", study=study)
    kernel.until(lambda: "paused" in kernel.run("%xautolm status"))
    kernel.run("%xautolm resume --budget 1h")
    kernel.until(lambda: panel.ask("sync")["snapshot"]["study"]["state"] == "running")
    kernel.run("%xautolm stop-trial 0")
    kernel.until(lambda: panel.ask("sync")["snapshot"]["trials_total"] > 1)
    first = panel.ask("trial", study=study, number=0)["trial"]
    assert first["state"] == "paused" and first["reason"].startswith("stopped on request")
    kernel.run("%xautolm stop")
    kernel.until(lambda: panel.events[-1]["type"] == "finished")


def test_two_kernels_with_one_store_do_not_disturb_each_other(new_kernel: Callable[[], Kernel]) -> None:
    kernels = [new_kernel(), new_kernel()]
    studies, panels = [], []
    for kernel in kernels:
        kernel.run(f"%load_ext xautolm_nb\n{SLOW}from xautolm_nb.jupyter.kernel import connect")
        kernel.run("connect(get_ipython()).hub.follow(session.start())")
        studies.append(kernel.run("print(session.id)").strip())
        panels.append(Panel(kernel))
    panels[0].ask("pause", study=studies[0])
    states = [lambda panel=panel: panel.ask("sync")["snapshot"]["study"]["state"] for panel in panels]
    kernels[0].until(lambda: states[0]() == "paused")
    assert states[1]() == "running"
    for panel, study in zip(panels, studies, strict=True):
        assert {event["study"] for event in panel.events if event["type"] == "progress"} <= {study}
    # From one kernel the other's study can be looked at, and stopped through the store.
    assert panels[0].ask("sync", study=studies[1])["snapshot"]["study"]["here"] is False
    panels[0].ask("stop", study=studies[1])
    kernels[1].until(lambda: panels[1].events[-1]["type"] == "finished")
    assert states[0]() == "paused"
    with pytest.raises(AssertionError, match="run"):
        kernels[1].run(f"from xautolm_nb.session import find_session; find_session({studies[0]!r}).start()")


def test_after_a_restart_attach_shows_the_whole_history_and_resume_goes_on(new_kernel: Callable[[], Kernel]) -> None:
    first = new_kernel()
    first.run("from slow_world import slow_session\nsession = slow_session(trials=500, seconds=1.0).start()")
    study = first.run("print(session.id)").strip()
    first.until(lambda: int(first.run("print(len(session.store.trials(session.id)))")) >= 3)
    first.manager.shutdown_kernel(now=True)
    second = new_kernel()
    second.run("%load_ext xautolm_nb\nfrom xautolm_nb import attach\nsession = attach(progress=False)")
    panel = Panel(second)
    snapshot = panel.answers("first")[0]["snapshot"]
    if snapshot is None:  # the hub came after the panel
        snapshot = panel.ask("sync")["snapshot"]
    assert (snapshot["study"]["id"], snapshot["study"]["state"]) == (study, "interrupted")
    assert snapshot["trials_total"] >= 3 and len(snapshot["charts"]["curves"]) >= 2
    second.run("from slow_world import revive\nrevive(session)")
    panel.ask("resume", study=study)
    second.until(lambda: panel.ask("sync")["snapshot"]["trials_total"] > snapshot["trials_total"])
    panel.ask("stop", study=study)
    second.until(lambda: panel.events[-1]["type"] == "finished")


def test_an_hour_of_progress_leaves_the_memory_of_the_kernel_flat(new_kernel: Callable[[], Kernel]) -> None:
    kernel = new_kernel()
    kernel.run(
        f"""{SLOW}
import gc, psutil, time
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.jupyter import teller as tellers
from xautolm_nb.jupyter.kernel import connect
from xautolm_nb.jupyter.panel import SearchPanel
hub = connect(get_ipython()).hub
tellers.PROGRESS_SECONDS = 0.0  # each of them is sent
hub.hear()
hub.follow(session)
panel = SearchPanel(session)

def play(count):
    for step in range(count):
        progress = TrialProgress(number=0, phase="train", step=step, total=count, fidelity=step / count, loss=0.5)
        hub._shown._feed._receive(progress)
        hub.tell()
        if step % 16 == 0:  # the widgets are redrawn a quarter as often as it trains, here a little less
            panel._live._feed._receive(progress)
            panel._live.refresh()
            time.sleep(0.001)  # lets messages out: a kernel drops what is above a thousand that wait
    gc.collect()
    return psutil.Process().memory_info().rss

before = play(1000)
sent = connect(get_ipython()).events.seq
"""
    )
    kernel.published.clear()
    grown, sent = json.loads(
        kernel.run(f"grown = play({AN_HOUR}) - before; print([grown, connect(get_ipython()).events.seq - sent])", 280)
    )
    print(f"grown by {grown / MEGABYTE:.1f} MB over {sent} events")
    assert sent >= AN_HOUR
    assert grown < 20 * MEGABYTE, f"{grown / MEGABYTE:.1f} MB"


def test_tab_completes_in_a_notebook(new_kernel: Callable[[], Kernel]) -> None:
    kernel = new_kernel()
    kernel.run("%load_ext xautolm_nb\nfrom tiny import tiny_frame\nframe = tiny_frame(30)")

    def complete(code: str) -> list[str]:
        identifier = kernel.client.complete(code)
        found: list[str] = kernel.until(lambda: kernel._replies.get(identifier))["content"]["matches"]
        return found

    assert complete("%xautolm sta") == ["start", "status"]
    assert complete("session = %xautolm start fr") == ["frame"]
    assert complete("x = 1\n%xautolm start frame --label ") == ["label", "text"]
    assert "frame" in complete("fra")


def test_unloading_closes_the_comms_and_loading_opens_them_again(new_kernel: Callable[[], Kernel]) -> None:
    kernel = new_kernel()
    kernel.run("%load_ext xautolm_nb")
    kernel.run("%unload_ext xautolm_nb")
    assert kernel.comms("xautolm_nb.events") == []
    kernel.run("%load_ext xautolm_nb")
    assert len(kernel.comms("xautolm_nb.events")) == 1


@pytest.mark.slow
def test_a_kernel_in_which_a_search_trains_answers_other_cells_within_a_fifth_of_a_second(
    new_kernel: Callable[[], Kernel], tiny_model: Path
) -> None:
    kernel = new_kernel()
    kernel.run(
        f"from tiny import tiny_frame\nfrom xautolm_nb import tune\n"
        f"session = tune(tiny_frame(6000), text='text', label='label', models=[{str(tiny_model)!r}], budget='120s')"
    )
    kernel.until(
        lambda: (
            kernel.run("print(session.record.progress is not None and session.record.progress.step > 0)") == "True\n"
        ),
        100,
    )
    waits = []
    for number in range(20):
        began = time.monotonic()
        kernel.wait(kernel.start(f"print({number} + 1)"))
        waits.append(time.monotonic() - began)
        time.sleep(0.2)
    assert kernel.run("print(session.is_running_here)") == "True\n"
    assert statistics.quantiles(waits, n=10)[-1] < 0.2, waits
    kernel.run("session.stop()")
    assert kernel.run("session.wait(60); print(session.record.state.value)") == "stopped\n"
