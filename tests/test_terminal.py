"""Progress in a terminal: lines that say what a person wants to know."""

import io
from dataclasses import replace

from rich.console import Console
from test_report import a_trial, a_view

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.trial import Failure, FailureKind
from xautolm_nb.terminal import draw, status_line, trial_line


def test_the_status_line_names_budget_best_and_the_running_trial() -> None:
    view = a_view(a_trial(0, 0.8))
    progress = TrialProgress(number=1, phase="train", step=5, total=20, fidelity=0.25, seconds_left=12.0)
    view = replace(view, record=replace(view.record, progress=progress, budget_seconds=60.0, spent_seconds=7.0))
    line = status_line(view)
    for part in ("7/60 s", "best f1 0.8000 (trial 0)", "1 complete", "trial 1 train 5/20, 12 s to go"):
        assert part in line


def test_a_failed_trial_shows_its_reason() -> None:
    line = trial_line(a_trial(3, None, Failure(kind=FailureKind.OUT_OF_MEMORY, message="needs 30 GiB")))
    assert "out_of_memory" in line and "needs 30 GiB" in line


def test_square_brackets_of_a_name_stay_text() -> None:
    view = a_view(a_trial(0, 0.8))
    view = replace(view, record=replace(view.record, name="[bold]x[/bold]"))
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(draw(view))
    assert "[bold]x[/bold]" in console.export_text()


def test_every_running_trial_is_in_the_line() -> None:
    view = a_view(a_trial(0, 0.8))
    first = TrialProgress(number=1, phase="train", step=5, total=20, fidelity=0.25, seconds_left=12.0)
    second = replace(first, number=2, step=9, seconds_left=None)
    view = replace(view, record=replace(view.record, progress=first, beside=(second,), message="trial 2: because"))
    line = status_line(view)
    assert line.endswith("trial 1 train 5/20, 12 s to go · trial 2 train 9/20")
