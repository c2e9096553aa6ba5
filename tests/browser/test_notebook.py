"""The panel in Notebook 7, which has JupyterLab's parts and another shell.

Runs where the Python of the lab (`XAUTOLM_LAB`, else this one) has Notebook; `make notebook-version` brings one.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.conftest import Server, command, ready, shoot
from browser.test_panel import DATA, choose, load, state

from benchmarks.lab import ROOT, await_cell, run_cell, serve

pytestmark = pytest.mark.slow
PYTHON = os.environ.get("XAUTOLM_LAB", sys.executable)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Server]:
    """One Notebook server."""
    if subprocess.run([PYTHON, "-c", "import notebook"], capture_output=True).returncode:
        pytest.skip("no Notebook 7 here: make notebook-version")
    with serve(tmp_path_factory.mktemp("nb"), paths=[ROOT / "tests"], python=PYTHON, app="notebook") as server:
        yield Server(url=server.url, token=server.token, root=server.root, models=tiny_model)


def test_a_search_is_started_and_stopped_from_the_panel(page: Any, notebook: Server) -> None:
    address = notebook.notebook("classic.ipynb", DATA.format(rows=300)).replace("/lab/tree/", "/notebooks/")
    ready(page, address)
    run_cell(page, 0)
    await_cell(page, 0)
    command(page, "xautolm:open-panel")
    panel = page.get_by_role("region", name="XAutoLM")
    load(panel)
    choose(panel, "frame")
    panel.get_by_role("button", name="Start search").click()
    state(panel, "running")
    shoot(page, "panel-notebook")
    panel.get_by_role("button", name="Stop", exact=True).click()
    state(panel, "stopped")
