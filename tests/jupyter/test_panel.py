"""The panel in a cell: form, live view and saved summary; on a real kernel its buttons answer beside a running cell."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import nbclient
import nbformat
import pytest
from kernels import TESTS, Kernel
from tiny import tiny_frame
from wire_messages import HOSTILE

from xautolm_nb.jupyter import panel as panels
from xautolm_nb.jupyter.panel import MOST_OPEN, SearchPanel
from xautolm_nb.session import Session

SLOW = "from slow_world import slow_session\nsession = slow_session(trials=500, seconds=60.0{more})\n"


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    outputs: list[Any] = []
    monkeypatch.setattr(panels, "display", outputs.append)
    return outputs


def test_a_form_becomes_the_live_view_of_what_it_started(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(panels, "start_session", lambda data, **more: asked.append((data, more)) or session)
    frame = tiny_frame(60)
    panel = SearchPanel(frame, store="here.sqlite", label="label", budget="5m")
    assert panel.widget.children == (panel.form.widget,)
    until(lambda: panel.form.label.value == "label")
    panel.form.go.click()
    until(lambda: panel.widget.children != (panel.form.widget,))
    assert panel.session is session
    assert asked[0][0] is frame
    assert asked[0][1]["store"] == "here.sqlite" and asked[0][1]["options"]["budget"] == "5m"
    panel.close()


def test_only_the_newest_panels_stay_alive_and_none_leaves_widgets_behind(session: Session, shown: list[Any]) -> None:
    registry = ipywidgets.widgets.widget._instances
    counts = []
    for _ in range(3 * MOST_OPEN):
        SearchPanel(session)._ipython_display_()
        counts.append(len(registry))
    assert len(set(counts[MOST_OPEN:])) == 1, counts
    assert len(shown) == 3 * MOST_OPEN


def test_the_saved_summary_is_that_of_the_session(session: Session, shown: list[Any]) -> None:
    session.start().wait(60)
    panel = SearchPanel(session)
    assert "<table" in panel._saved.html and panel._saved.live_class in panel.widget._dom_classes
    panel.close()


# ---- on a real kernel ------------------------------------------------------------------------------------------------


@pytest.fixture
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(XAUTOLM_HOME=str(tmp_path_factory.mktemp("home")), HF_HUB_OFFLINE="1") as running:
        running.run("%load_ext xautolm_nb\nfrom xautolm_nb import SearchPanel\nimport xautolm_nb.session")
        yield running


def widget(kernel: Kernel, **state: Any) -> tuple[str, dict[str, Any]]:
    """Comm and latest state of the widget that has this state, as a front end knows it."""
    states: dict[str, dict[str, Any]] = {}
    for message in list(kernel.published):
        if message["msg_type"] in ("comm_open", "comm_msg"):
            data, comm = message["content"]["data"], message["content"]["comm_id"]
            states.setdefault(comm, {}).update(data.get("state") or {})
    for comm, known in reversed(states.items()):
        if all(known.get(name) == value for name, value in state.items()):
            return comm, known
    return "", {}


def click(kernel: Kernel, description: str, subshell: str | None) -> None:
    comm, _ = widget(kernel, description=description)
    assert comm, description
    data = {"method": "custom", "content": {"event": "click"}}
    kernel.send("comm_msg", {"comm_id": comm, "data": data}, subshell)


def outputs(kernel: Kernel, identifier: str) -> list[dict[str, Any]]:
    return [
        message["content"]["data"]
        for message in kernel.published
        if message["msg_type"] == "display_data" and message["parent_header"].get("msg_id") == identifier
    ]


def test_a_session_on_the_last_line_is_shown_once_as_widget_and_as_saved_html(kernel: Kernel) -> None:
    cell = kernel.start(SLOW.format(more="") + "session")
    assert kernel.wait(cell)["status"] == "ok"
    kernel.until(lambda: len(outputs(kernel, cell)) == 2)
    html, live = outputs(kernel, cell)
    assert "xautolm-saved" in html["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in live
    again = kernel.start("from IPython.display import display\ndisplay(session)\nsession")
    kernel.wait(again)
    time.sleep(0.5)
    assert len(outputs(kernel, again)) == 2


def test_buttons_answer_while_a_cell_blocks(kernel: Kernel) -> None:
    subshell = kernel.new_subshell() if kernel.has_subshells else None
    kernel.run(SLOW.format(more="") + "session.start()")
    kernel.until(lambda: widget(kernel, description="Pause")[1].get("disabled") is False)
    if subshell is None:
        click(kernel, "Pause", None)
    else:
        cell = kernel.start("import time\nfor _ in range(80): time.sleep(0.1)")
        kernel.until(lambda: any("range(80)" in str(message["content"]) for message in kernel.published))
        began = time.monotonic()
        click(kernel, "Pause", subshell)
        kernel.until(lambda: any("Asked;" in str(message["content"]) for message in kernel.published))
        acknowledged = time.monotonic() - began
        assert acknowledged < 0.2, acknowledged
        kernel.until(lambda: widget(kernel, description="Pause")[1].get("disabled") is True, 7)
        assert kernel._replies.get(cell) is None, "the cell was to block all the while"
        kernel.wait(cell)
    kernel.until(lambda: kernel.run("print(session.record.state.value)") == "paused\n")
    click(kernel, "Stop", subshell)
    kernel.until(lambda: kernel.run("print(session.is_over)") == "True\n")


def test_the_form_starts_a_search_and_complains_in_place(kernel: Kernel) -> None:
    subshell = kernel.new_subshell() if kernel.has_subshells else None
    kernel.run("from tiny import tiny_frame\nframe = tiny_frame(60)\npanel = SearchPanel(frame, label='label')\npanel")
    kernel.until(lambda: widget(kernel, description="label column", index=2)[0])  # (detect), text, label
    comm, _ = widget(kernel, description="time budget")
    update = {"method": "update", "state": {"value": "soon"}, "buffer_paths": []}
    kernel.send("comm_msg", {"comm_id": comm, "data": update}, subshell)
    click(kernel, "Start", subshell)
    kernel.until(lambda: any("positive duration" in str(message["content"]) for message in kernel.published))
    assert kernel.run("print(panel.session)") == "None\n"


def test_the_outputs_of_a_running_search_do_not_grow(kernel: Kernel) -> None:
    cell = kernel.start(SLOW.format(more="").replace("60.0", "0.4") + "session.start()")
    kernel.until(lambda: int(kernel.run("print(len(session.store.trials(session.id)))")) > 4)
    kernel.run("session.stop(); session.wait(20); None")
    shown = [message["msg_type"] for message in kernel.published if message["parent_header"].get("msg_id") == cell]
    assert shown.count("display_data") == 2
    assert any(message["msg_type"] == "update_display_data" for message in kernel.published)


def test_hostile_names_stay_text_in_every_output(kernel: Kernel) -> None:
    more = f", name={HOSTILE!r}, config_of={{'model': 'model-4', 'optimizer': 'adamw', 'note': {HOSTILE!r}}}"
    kernel.run(SLOW.format(more=more).replace("60.0", "0.4") + "session.start()")
    kernel.until(lambda: int(kernel.run("print(len(session.store.trials(session.id)))")) > 2)
    kernel.run("session.stop(); session.wait(20); None")
    html = [
        text
        for message in kernel.published
        for text in re.findall(r"<[^>]*onerror[^>]*>", str(message["content"]))
        if message["content"].get("target_name") != "xautolm_nb.events"
    ]
    shown = [message for message in kernel.published if message["msg_type"] == "update_display_data"]
    assert any("&lt;img" in str(message["content"]) for message in shown)
    events = set(kernel.opened("xautolm_nb.events"))
    assert not [
        message
        for message in kernel.published
        if HOSTILE in str(message["content"]) and message["content"].get("comm_id") not in events
        and message["msg_type"] not in ("execute_input",)
    ], html  # fmt: skip


def test_a_notebook_run_without_a_browser_is_saved_with_picture_and_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    cells = [SLOW.format(more="").replace("60.0", "0.3") + "session.start()", "import time; time.sleep(4)",
             "session.stop(); session.wait(30); time.sleep(4)"]  # fmt: skip
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in ["%load_ext xautolm_nb", *cells]]
    )
    nbclient.NotebookClient(book, kernel_name="python3", timeout=120).execute()
    html, live = book.cells[1].outputs
    assert "stopped on request" in html.data["text/html"] and "<table" in html.data["text/html"]
    assert "data:image/png" in html.data["text/html"]
    assert "text/plain" in live.data
    assert len(nbformat.writes(book)) < 600_000
