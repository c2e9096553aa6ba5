"""The JupyterLab panel, used as a person would: a real kernel, a real browser, real training of a small model."""

import time
from typing import Any

import pytest
from browser.conftest import Server, command, ready, shoot

pytestmark = pytest.mark.slow

DATA = "from tiny import tiny_frame\nframe = tiny_frame({rows})\n"
KERNEL_IS_IDLE = """async () => {
    const context = window.jupyterapp.shell.currentWidget.sessionContext;
    await context.ready;
    await context.session.kernel.info;
}"""
HOSTILE = "<img src=x onerror='window.hacked=1'>"


def open_panel(page: Any, lab: Server, name: str, *cells: str) -> Any:
    """A notebook whose first cell was run, and the panel beside it."""
    ready(page, lab.notebook(name, *cells))
    page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for()
    page.evaluate(KERNEL_IS_IDLE)
    page.locator(".jp-NotebookPanel .jp-CodeCell").first.locator(".jp-Editor").click()
    command(page, "notebook:run-cell")
    page.wait_for_function("() => document.querySelector('.jp-CodeCell').innerText.includes('[1]:')")
    command(page, "xautolm:open-panel")
    return page.get_by_role("region", name="XAutoLM")


def load(panel: Any) -> None:
    panel.get_by_role("button", name="Load XAutoLM").click()
    panel.get_by_role("tab", name="New search").wait_for()


def choose(panel: Any, variable: str) -> None:
    panel.get_by_label("Variable of the kernel").select_option(variable)
    panel.get_by_label("Label", exact=True).wait_for()


def state(panel: Any, text: str) -> None:
    panel.locator(".jp-XAutoLM-bar").get_by_role("status").get_by_text(text).wait_for(timeout=120_000)


def test_a_search_is_started_paused_resumed_watched_over_a_reload_and_stopped(page: Any, lab: Server) -> None:
    panel = open_panel(page, lab, "panel.ipynb", DATA.format(rows=1500))
    load(panel)
    choose(panel, "frame")
    panel.get_by_text("fruit").first.wait_for()
    panel.get_by_role("textbox", name="Budget").fill("8m")
    shoot(page, "panel-setup")
    panel.get_by_role("button", name="Start search").click()
    state(panel, "running")
    panel.get_by_role("button", name="Stop trial").wait_for(timeout=120_000)
    panel.get_by_role("img", name="Best").first.wait_for(timeout=180_000)
    shoot(page, "panel-run")

    began = time.monotonic()
    panel.get_by_role("button", name="Pause").click()
    panel.locator(".jp-XAutoLM-bar").get_by_role("status").get_by_text("paus").wait_for(timeout=5_000)
    assert time.monotonic() - began < 2.0, "asked at once; Playwright's own click takes most of it"
    state(panel, "paused")
    panel.get_by_role("button", name="Resume").first.click()
    state(panel, "running")

    panel.get_by_role("tab", name="Trials").click()
    before = panel.get_by_role("row").count()
    ready(page, page.url.replace("&reset", ""))  # while it trains
    command(page, "xautolm:open-panel")
    panel.locator(".jp-XAutoLM-bar").wait_for()
    panel.get_by_role("tab", name="Trials").click()
    panel.get_by_role("row").nth(before - 1).wait_for()
    panel.get_by_role("button", name="Stop", exact=True).click()
    state(panel, "stopped")

    panel.get_by_role("row").nth(1).click()
    panel.get_by_text("Why it was proposed").wait_for()
    shoot(page, "panel-trial")


def test_a_study_is_opened_again_after_its_kernel_was_restarted(page: Any, lab: Server) -> None:
    start = (
        "from xautolm_nb import tune\n"
        f"session = tune(frame, label='label', models=[{str(lab.models)!r}], max_trials=1,\n"
        "    name='kept', progress=False)\n"
        "session.wait(120)"
    )
    panel = open_panel(page, lab, "restart.ipynb", DATA.format(rows=300) + start)
    state(panel, "finished")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    load(panel)
    panel.get_by_role("tab", name="History").click()
    panel.get_by_role("button", name="Open kept").click()
    state(panel, "finished")
    panel.get_by_role("tab", name="Trials").click()
    assert panel.get_by_role("row").count() >= 2


def test_a_failed_trial_shows_its_reason(page: Any, lab: Server) -> None:
    start = (
        "from xautolm_nb import tune\n"
        f"session = tune(frame, label='label', models=[{str(lab.models)!r}], max_trials=1, trial_timeout='0.2s',\n"
        "    budget='2m', name='slow', progress=False)\n"
        "session.wait(120)"
    )
    panel = open_panel(page, lab, "failed.ipynb", DATA.format(rows=3000) + start)
    panel.get_by_role("tab", name="Trials").click()
    failed = panel.get_by_role("row").get_by_text("timeout").first
    failed.wait_for()
    failed.click()
    panel.get_by_role("alert", name="Failure").or_(panel.locator("[aria-label=Failure]")).first.wait_for()
    shoot(page, "panel-failed")


def test_the_code_that_does_the_same_goes_into_the_notebook_and_runs(page: Any, lab: Server) -> None:
    panel = open_panel(page, lab, "code.ipynb", DATA.format(rows=300))
    load(panel)
    choose(panel, "frame")
    panel.get_by_role("textbox", name="Budget").fill("90s")
    panel.get_by_role("button", name="Insert code").click()
    cell = page.locator(".jp-NotebookPanel .jp-CodeCell", has_text="tune(")
    cell.wait_for()
    text = cell.first.inner_text()
    assert "frame" in text and "90s" in text


def test_it_follows_the_theme_and_can_be_used_with_the_keyboard_alone(page: Any, lab: Server) -> None:
    panel = open_panel(page, lab, "keys.ipynb", DATA.format(rows=300))
    load(panel)
    command(page, "apputils:change-theme", theme="JupyterLab Dark")
    background = "node => getComputedStyle(node).backgroundColor"
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    red = panel.evaluate(background).removeprefix("rgb(").split(",")[0]
    assert int(red) < 60, "dark"
    panel.get_by_role("tab", name="New search").focus()
    page.keyboard.press("ArrowLeft")
    focused = "() => document.activeElement.innerText"
    assert page.evaluate(focused).startswith("History")
    page.keyboard.press("Home")
    assert page.evaluate(focused).startswith("New search")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.tagName") == "SELECT":
            break
    page.keyboard.press("f")  # the first option that begins so: frame
    panel.get_by_label("Label", exact=True).wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.innerText") == "Start search":
            break
    assert page.evaluate("() => document.activeElement.innerText") == "Start search"
    shoot(page, "panel-dark-keyboard")
    command(page, "apputils:change-theme", theme="JupyterLab Light")


def test_hostile_names_stay_text(page: Any, lab: Server) -> None:
    cells = (
        DATA.format(rows=300)
        + f"hostile = {HOSTILE!r}\n"
        + "frame = frame.rename(columns={'text': hostile}).replace({'label': {'fruit': hostile}})"
    )
    panel = open_panel(page, lab, "hostile-panel.ipynb", cells)
    load(panel)
    choose(panel, "frame")
    panel.get_by_text("onerror").and_(panel.locator(":visible")).first.wait_for()
    panel.get_by_role("radio", name="File").check(force=True)
    panel.get_by_label("File, folder or hub id").fill(HOSTILE)
    panel.get_by_role("button", name="Read").click()
    panel.get_by_role("alert").get_by_text("onerror").first.wait_for()
    assert page.evaluate("() => window.hacked") is None
