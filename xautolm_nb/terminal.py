"""Live progress of a session in a terminal: one line that grows in place, or plain lines where there is no terminal."""

import sys
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.session import Session

PLAIN_SECONDS = 15.0
"""Between two lines of progress where nothing can be redrawn."""


def follow(session: Session, *, stream: TextIO | None = None, refresh: float = 0.5) -> None:
    """Show a session until it ends. An interrupt pauses a study that runs here, so nothing is lost."""
    console = Console(file=stream or sys.stderr)
    watch = _watch_live if console.is_terminal else _watch_plain
    for entry in session.record.trusted_code:
        console.print(f"runs code of {entry}", markup=False, highlight=False, soft_wrap=True)
    try:
        watch(session, console, refresh)
    except KeyboardInterrupt:
        if session.is_running_here:
            session.stop()
            session.wait(30)
        console.print(f"Interrupted. Continue with: xautolm resume {session.id}")
        raise


def _watch_live(session: Session, console: Console, refresh: float) -> None:
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while not session.is_over:
            live.update(draw(session.view()))
            session.wait(refresh)
        live.update(draw(session.view()))


def _watch_plain(session: Session, console: Console, refresh: float) -> None:
    told: dict[int, tuple[TrialState, float]] = {}
    quiet = 0.0
    while True:
        over = session.is_over
        view = session.view()
        news = [trial for trial in view.trials if told.get(trial.number) != (trial.state, trial.fidelity)]
        for trial in news:
            told[trial.number] = (trial.state, trial.fidelity)
            console.print(trial_line(trial), markup=False, highlight=False, soft_wrap=True)
        quiet = 0.0 if news else quiet + refresh
        if quiet >= PLAIN_SECONDS:
            quiet = 0.0
            console.print(status_line(view), markup=False, highlight=False, soft_wrap=True)
        if over:
            console.print(status_line(view), markup=False, highlight=False, soft_wrap=True)
            return
        session.wait(refresh)


def draw(view: StudyView) -> Group:
    """The study as it is now: budget, running trial, the last trials."""
    record = view.record
    table = Table(box=None, pad_edge=False)
    for column in ("trial", "state", "run", "score", "seconds", "configuration"):
        table.add_column(column, justify="left" if column in ("state", "configuration") else "right", no_wrap=True)
    for trial in view.trials[-12:]:
        table.add_row(*_cells(trial, best=trial.number == view.best))
    bar = ProgressBar(total=max(record.budget_seconds, 1.0), completed=min(record.spent_seconds, record.budget_seconds))
    return Group(Text(status_line(view)), bar, table)


def status_line(view: StudyView) -> str:
    """State, time, best score and running trials in one line."""
    record = view.record
    parts = [f"{record.name} [{record.state}]", f"{record.spent_seconds:.0f}/{record.budget_seconds:.0f} s"]
    best = next((trial for trial in view.trials if trial.number == view.best), None)
    if best is not None and best.score is not None:
        parts.append(f"best {record.task.metric.name} {best.score:.4f} (trial {best.number})")
    done = sum(trial.state is TrialState.COMPLETE for trial in view.trials)
    failed = sum(trial.state is TrialState.FAILED for trial in view.trials)
    parts.append(f"{len(view.trials)} trials, {done} complete, {failed} failed")
    for progress in record.running:
        left = f", {progress.seconds_left:.0f} s to go" if progress.seconds_left is not None else ""
        parts.append(f"trial {progress.number} {progress.phase} {progress.step}/{progress.total}{left}")
    if not record.running and record.message:
        parts.append(record.message)
    return " · ".join(parts)


def trial_line(trial: Trial) -> str:
    """One trial in one line."""
    number, state, run, score, seconds, config = _cells(trial)
    return f"trial {number:>3} {state:<8} {run:>5} score {score:<6} {seconds:>7} s  {config}"


def _cells(trial: Trial, *, best: bool = False) -> tuple[str, str, str, str, str, str]:
    what = trial.failure.message if trial.failure else describe_config(trial.config)
    state = trial.failure.kind.value if trial.failure else trial.state.value
    score = f"{trial.score:.4f}" if trial.score is not None else "-"
    mark = "*" if best else ""
    return f"{mark}{trial.number}", state, f"{trial.fidelity:.0%}", score, f"{trial.seconds:.1f}", what
