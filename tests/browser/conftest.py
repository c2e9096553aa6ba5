"""A real JupyterLab in a real browser: one server for all tests, a fresh page and notebook for each.

Needs Debian's chromium (`make test` installs it where it may) or a browser named by XAUTOLM_CHROMIUM. Screenshots are
kept in `test-artefacts/browser/`. `XAUTOLM_LAB` names the Python of another JupyterLab (`make lab-version` makes one).
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks import lab as labs
from benchmarks.lab import ROOT, command, find_chromium, open_browser, ready, serve

__all__ = ["Server", "command", "ready", "shoot"]

SHOTS = ROOT / "test-artefacts" / "browser"


@dataclass(frozen=True, kw_only=True)
class Server(labs.Server):
    """A running JupyterLab, and what its tests train."""

    models: Path
    """A tiny model that learns the tiny task within seconds."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install 'xautolm-nb[test]'")
    found = find_chromium()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must run the browser tests, but there is no chromium. Install Debian's package `chromium`.")
        pytest.skip("no chromium: install Debian's package `chromium`, or name a browser in XAUTOLM_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Server]:
    """One JupyterLab, with settings, kernels and experience store in a folder of its own."""
    home = tmp_path_factory.mktemp("lab")
    with serve(home, paths=[ROOT / "tests"], python=os.environ.get("XAUTOLM_LAB", sys.executable)) as server:
        yield Server(url=server.url, token=server.token, root=server.root, models=tiny_model)


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser with a profile of its own."""
    with open_browser(tmp_path_factory.mktemp("profile"), chromium) as context:
        yield context


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh page; what it looked like at the end is kept as a picture, and no script of ours may have failed."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    yield page
    shoot(page, request.node.name)
    page.close()
    ours = [error for error in errors if "xautolm" in error]  # JupyterLab has some of its own when a page closes early
    assert not ours, ours


def shoot(page: Any, name: str) -> None:
    """Keep a picture of the page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SHOTS / f"{name}.png"))
