"""A real JupyterLab and a real browser, for measurements, pictures and tests.

Needs Debian's chromium or a browser named by XAUTOLM_CHROMIUM, and Playwright (extra `test`). The extension is that of
this checkout, whichever is installed.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
SERVER_SECONDS = 120
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

    def notebook(self, name: str, *cells: str, reset: bool = True) -> str:
        """Write a notebook of code cells into the served folder; returns its address in the lab."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / name)
        return f"{self.url}/lab/tree/{name}?token={self.token}{'&reset' if reset else ''}"


def find_chromium() -> str | None:
    """The browser's program; None when there is none."""
    named = os.environ.get("XAUTOLM_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def serve(
    home: Path, *, paths: Sequence[Path] = (), python: str = sys.executable, app: str = "jupyterlab"
) -> Iterator[Server]:
    """Run a JupyterLab with settings, kernels and experience store in a folder of its own.

    Args:
        home: The folder.
        paths: Folders from which its kernels may import.
        python: The interpreter whose JupyterLab it is; its kernels are always those of this one.
        app: `jupyterlab` or `notebook`.

    Raises:
        RuntimeError: It did not start; the message ends with its log.
    """
    root = home / "notebooks"
    root.mkdir(parents=True)
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text(QUIET)
    extensions = home / "data" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "xautolm-nb").symlink_to(ROOT / "xautolm_nb" / "labextension")
    kernel = home / "data" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    port, token = _free_port(), secrets.token_hex(16)
    server = Server(url=f"http://127.0.0.1:{port}", token=token, root=root)
    with (home / "server.log").open("w") as log:
        command = [python, "-m", app, *_options(app, port, token, root)]
        process = subprocess.Popen(command, env=_environment(home, paths), stdout=log, stderr=log, cwd=root)
        try:
            _await(server, process, home / "server.log")
            yield server
        finally:
            process.terminate()  # it ends its kernels first
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def open_browser(
    profile: Path, program: str, *, width: int = 1500, height: int = 950, scale: float = 1.0
) -> Iterator[Any]:
    """Start a browser without a window, with a profile of its own; gives Playwright's context."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=program,
            headless=True,
            args=FLAGS,
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
        )
        context.set_default_timeout(60_000)
        yield context
        context.close()


def ready(page: Any, address: str) -> None:
    """Open an address of the lab and wait until its layout stands."""
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp !== undefined")
    page.evaluate("() => window.jupyterapp.restored.then(() => true)")


def command(page: Any, name: str, **args: Any) -> None:
    """Run one of JupyterLab's commands."""
    page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, args])


def run_cell(page: Any, number: int) -> None:
    """Have the kernel run one cell of the notebook in front, as soon as both are there; does not wait for its end."""
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext !== undefined")
    page.evaluate(
        """async number => {
          const panel = window.jupyterapp.shell.currentWidget;
          await panel.context.ready;
          await panel.sessionContext.ready;
          await panel.sessionContext.session.kernel.info;
          panel.content.activeCellIndex = number;
          window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        number,
    )


def execute(page: Any, code: str) -> str:
    """Run code in the kernel of the notebook in front, without a cell; what it printed."""
    run = """async code => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      const future = kernel.requestExecute({ code, store_history: false });
      let text = '';
      future.onIOPub = message => { text += message.content.name === 'stdout' ? message.content.text : ''; };
      const reply = await future.done;
      if (reply.content.status !== 'ok') { throw new Error(reply.content.evalue); }
      return text;
    }"""
    return str(page.evaluate(run, code))


def await_cell(page: Any, number: int, seconds: float = 300) -> None:
    """Wait until a cell has run.

    Raises:
        RuntimeError: It ended with an error, or not in time.
    """
    look = """number => {
      const model = window.jupyterapp.shell.currentWidget.content.widgets[number].model;
      return [model.executionCount, JSON.stringify(model.outputs.toJSON())];
    }"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        count, outputs = page.evaluate(look, number)
        if '"output_type":"error"' in outputs:
            raise RuntimeError(f"Cell {number} failed: {outputs}")
        if count is not None:
            return
        time.sleep(0.05)
    raise RuntimeError(f"Cell {number} has not ended after {seconds:.0f} s.")


def _options(app: str, port: int, token: str, root: Path) -> list[str]:
    name = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}[app]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.terminals_enabled": False,
        "IdentityProvider.token": token,
        f"{name}.expose_app_in_browser": True,
    }
    if app == "jupyterlab":
        options |= {"LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "LabApp.news_url": ""}
    return [f"--{option}={value}" for option, value in options.items()]


def _environment(home: Path, paths: Sequence[Path]) -> dict[str, str]:
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "XAUTOLM_HOME": "xautolm",
    }
    path = os.pathsep.join(part for part in (*map(str, paths), os.environ.get("PYTHONPATH")) if part)
    folders = {name: str(home / folder) for name, folder in places.items()}
    own_first = {"JUPYTER_PREFER_ENV_PATH": "0"}  # kernel and extension in `home` before those of the environment
    return {**os.environ, **folders, **own_first, "HF_HUB_OFFLINE": "1", "PYTHONPATH": path}


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
