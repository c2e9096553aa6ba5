"""A real JupyterLab in a real browser: one server for all tests, a fresh page and notebook for each.

Needs Debian's chromium (`make test` installs it where it may) or a browser named by XAUTOLM_CHROMIUM. Screenshots are
kept in `test-artefacts/browser/`.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = ROOT / "test-artefacts" / "browser"
SERVER_SECONDS = 60
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUIET = '{"fetchNews": "false", "checkForUpdates": false}'
"""Settings under which JupyterLab asks nothing and no one."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running JupyterLab."""

    url: str
    token: str
    root: Path
    """The folder it serves."""
    models: Path
    """A tiny model that learns the tiny task within seconds."""

    def notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells into the served folder; returns its address in the lab."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / name)
        return f"{self.url}/lab/tree/{name}?token={self.token}&reset"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program."""
    pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install 'xautolm-nb[test]'")
    named = os.environ.get("XAUTOLM_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must run the browser tests, but there is no chromium. Install Debian's package `chromium`.")
        pytest.skip("no chromium: install Debian's package `chromium`, or name a browser in XAUTOLM_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Server]:
    """One JupyterLab, with settings, kernels and experience store in a folder of its own."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    root.mkdir()
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text(QUIET)
    port, token = _free_port(), secrets.token_hex(16)
    log = (home / "server.log").open("w")
    process = subprocess.Popen(_command(port, token, root), env=_environment(home), stdout=log, stderr=log, cwd=root)
    try:
        server = Server(url=f"http://127.0.0.1:{port}", token=token, root=root, models=tiny_model)
        _await(server, process, home / "server.log")
        yield server
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser with a profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=chromium,
            headless=True,
            args=FLAGS,
            viewport={"width": 1500, "height": 950},
        )
        context.set_default_timeout(60_000)
        yield context
        context.close()


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


def ready(page: Any, address: str) -> None:
    """Open an address of the lab and wait until its layout stands."""
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate("() => window.jupyterapp.restored")


def command(page: Any, name: str, **args: Any) -> None:
    """Run one of JupyterLab's commands."""
    page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, args])


def _command(port: int, token: str, root: Path) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.terminals_enabled": False,
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": "",
    }
    return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]


def _environment(home: Path) -> dict[str, str]:
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "XAUTOLM_HOME": "xautolm",
    }
    tests = str(ROOT / "tests")
    path = os.pathsep.join(part for part in (tests, os.environ.get("PYTHONPATH")) if part)
    folders = {name: str(home / folder) for name, folder in places.items()}
    return {**os.environ, **folders, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(f"{server.url}/api?token={server.token}", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not answer within {SERVER_SECONDS} s:\n{log.read_text()[-4000:]}")
