"""`SearchPanel` and the magic in a real notebook: no help of the extension, and no kernel to read what was saved."""

import json
import time
from typing import Any

import pytest
from browser.conftest import Server, command, ready, shoot

from benchmarks.lab import run_cell

pytestmark = pytest.mark.slow

START = (
    "%load_ext xautolm_nb\nfrom tiny import tiny_frame\nfrom xautolm_nb import SearchPanel\nframe = tiny_frame(2000)\n"
)
CLICK_PAUSE = """() => new Promise(resolve => {
  const panel = document.querySelector('.xautolm-panel');
  const began = performance.now();
  new MutationObserver((changes, observer) => {
    if (panel.innerText.includes('Asked;')) { observer.disconnect(); resolve(performance.now() - began); }
  }).observe(panel, { subtree: true, childList: true, characterData: true });
  [...panel.querySelectorAll('button')].find(button => button.innerText === 'Pause').click();
})"""
HOSTILE = "<img src=x onerror='window.hacked=1'>"


def output(page: Any, number: int) -> str:
    """What a cell has put out, whether it is in view or not."""
    model = "number => window.jupyterapp.shell.currentWidget.content.widgets[number].model.outputs.toJSON()"
    return json.dumps(page.evaluate(model, number))


def await_output(page: Any, number: int, text: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while text not in output(page, number):
        assert time.monotonic() < deadline, output(page, number)
        time.sleep(0.05)


def button(page: Any, name: str) -> Any:
    return page.locator(".xautolm-panel").get_by_role("button", name=name, exact=True)


def enabled(page: Any, name: str) -> None:
    page.locator(f".xautolm-panel button:not([disabled]):text-is('{name}')").wait_for(timeout=150_000)


def test_a_search_is_set_up_watched_stopped_and_saved(page: Any, lab: Server) -> None:
    panel = f"SearchPanel(frame, label='label', models=[{str(lab.models)!r}], budget='5m')"
    ready(page, lab.notebook("widgets.ipynb", START + panel))
    run_cell(page, 0)
    live = page.locator(".xautolm-panel")
    live.get_by_text("3 classes").wait_for()
    shoot(page, "search-panel-form")
    button(page, "Start").click()
    live.get_by_text("best f1").wait_for(timeout=150_000)
    shoot(page, "search-panel-live")

    command(page, "docmanager:save")
    ready(page, page.url)  # a reload while it trains
    live.get_by_text("best f1").wait_for()
    enabled(page, "Stop")
    button(page, "Stop").click()
    live.get_by_text("stopped on request").wait_for()
    enabled(page, "Resume")
    assert not page.locator("[class*=xautolm-saved]").is_visible()
    command(page, "docmanager:save")

    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    ready(page, page.url)
    saved = page.locator("[class*=xautolm-saved]")
    saved.wait_for(state="visible")
    assert saved.locator("table tbody tr").count() >= 1
    assert saved.locator("img").evaluate("image => image.naturalWidth") > 400
    assert not page.get_by_text("Error displaying widget").or_(page.get_by_text("Loading widget")).is_visible()
    shoot(page, "search-panel-saved")
    book = json.loads((lab.root / "widgets.ipynb").read_text())
    assert len(book["cells"][0]["outputs"]) == 2
    assert len(json.dumps(book)) < 300_000


def has_subshells(page: Any) -> bool:
    """Whether JupyterLab sends what widgets say past the cell that computes; before 4.4 it waits for the cell."""
    version: str = page.evaluate("() => window.jupyterapp.version")
    return tuple(int(part) for part in version.split(".")[:2]) >= (4, 4)


def test_the_magic_starts_a_search_and_buttons_act_while_a_cell_computes(page: Any, lab: Server) -> None:
    cells = (
        f"{START}session = %xautolm start frame --label label --models {lab.models} --budget 5m",
        "import time\nprint('begun')\nfor _ in range(200): time.sleep(0.1)\nprint('over')",
        "%xautolm status",
    )
    ready(page, lab.notebook("magic.ipynb", *cells))
    run_cell(page, 0)
    enabled(page, "Stop this trial")
    run_cell(page, 1)
    await_output(page, 1, "begun")
    acknowledged = page.evaluate(CLICK_PAUSE)
    print(f"acknowledged after {acknowledged:.0f} ms")
    if has_subshells(page):
        assert "over" not in output(page, 1), "the cell was to compute all the while"
        assert acknowledged < 500
    enabled(page, "Resume")
    if has_subshells(page):
        assert "over" not in output(page, 1), "it was paused while the cell computed"
    run_cell(page, 2)
    await_output(page, 2, "paused")
    shoot(page, "magic-paused")
    button(page, "Stop").click()
    page.locator(".xautolm-panel").get_by_text("stopped on request").wait_for()


def test_hostile_names_stay_text(page: Any, lab: Server) -> None:
    code = (
        f"{START}hostile = {HOSTILE!r}\n"
        "frame = frame.rename(columns={'text': hostile}).replace({'label': {'fruit': hostile}})\n"
        "frame.name = hostile\n"
        f"panel = SearchPanel(frame, label='label', models=[{str(lab.models)!r}], budget='1m')\npanel"
    )
    ready(page, lab.notebook("hostile.ipynb", code, "%xautolm status --store " + HOSTILE.replace(" ", "")))
    run_cell(page, 0)
    page.locator(".xautolm-panel").get_by_text("3 classes").wait_for()
    button(page, "Show code").click()
    page.locator(".xautolm-panel pre", has_text="onerror").wait_for()
    button(page, "Start").click()
    enabled(page, "Stop")
    button(page, "Stop").click()
    enabled(page, "Resume")
    run_cell(page, 1)
    time.sleep(2)
    assert page.evaluate("() => window.hacked") is None
