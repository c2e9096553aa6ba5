"""JupyterLab with the extension: it is there, and it opens."""

import re
import subprocess
import sys
from typing import Any

from browser.conftest import Server, command, ready


def test_the_extension_is_listed_as_enabled() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True, check=True
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout + listed.stderr)
    assert re.search(r"xautolm-nb v\S+ enabled +OK", text), text


def test_the_launcher_card_opens_a_prepared_notebook(page: Any, lab: Server) -> None:
    ready(page, f"{lab.url}/lab?token={lab.token}&reset")
    page.locator(".jp-LauncherCard", has_text="XAutoLM Search").first.click()
    page.locator(".jp-NotebookPanel .jp-Cell", has_text="A new search").wait_for()
    page.locator(".jp-NotebookPanel .jp-Cell", has_text="session = tune(").wait_for()


def test_the_panel_opens_by_its_command(page: Any, lab: Server) -> None:
    ready(page, lab.notebook("open.ipynb", "1 + 1"))
    command(page, "xautolm:open-panel")
    page.get_by_role("region", name="XAutoLM").wait_for()
