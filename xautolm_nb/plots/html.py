"""A study and its figures as static HTML: readable in a saved notebook without a kernel, every text escaped."""

import base64
from collections.abc import Sequence
from html import escape

from xautolm_nb.core.config import describe_config
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.plots import figures
from xautolm_nb.plots.data import ReferenceFront
from xautolm_nb.plots.tables import Table

ROWS_SHOWN = 12


def summary_html(view: StudyView, *, figure: str | None = None) -> str:
    """Headline, budget bar, running trial, overview figure and the latest trials.

    Args:
        view: The study.
        figure: What `figure_html` gave for these trials before (drawing takes about 0.3 s); None draws it now.
    """
    if figure is None:
        figure = figure_html(view)
    parts = [_headline(view), _code(view), _bar(view), _running(view), figure, _table(view)]
    return f'<div class="xautolm-study" style="max-width:60em">{"".join(parts)}</div>'


def figure_html(view: StudyView, reference: ReferenceFront | None = None) -> str:
    """The overview figure as an image with a text alternative; empty before the first validation."""
    if not any(trial.curve for trial in view.trials):
        return ""
    drawn = figures.figure(view, figures.OVERVIEW, reference=reference)
    words = figures.words_of(view, figures.OVERVIEW, reference=reference)
    return image_html(figures.to_png(drawn), words, drawn.get_figwidth())


def image_html(png: bytes, words: str, inches: float) -> str:
    """An image of so many inches (of 100 pixels) with its text alternative, no wider than the page."""
    data = base64.b64encode(png).decode()
    style = f"width:{100 * inches:.0f}px;max-width:100%"
    return f'<img alt="{escape(words)}" style="{style}" src="data:image/png;base64,{data}">'


def described_html(image: str, tables: Sequence[Table]) -> str:
    """An image with its numbers in a fold below."""
    folded = "".join(table.to_html() for table in tables)
    return (
        f'<figure class="xautolm-figure" style="margin:0">{image}'
        f"<figcaption><details><summary>The numbers</summary>{folded}</details></figcaption></figure>"
    )


def _headline(view: StudyView) -> str:
    record = view.record
    best = next((trial for trial in view.trials if trial.number == view.best), None)
    score = f" · best {escape(record.task.metric.name)} <b>{best.score:.4f}</b> (trial {best.number})" if best else ""
    return (
        f"<div><b>{escape(record.name)}</b> · {escape(record.state.value)} · "
        f"{record.spent_seconds:.0f} of {record.budget_seconds:.0f} s{score}</div>"
    )


def _code(view: StudyView) -> str:
    """Whose code the study may run; nothing for nearly all."""
    allowed = view.record.trusted_code
    return f"<div>runs code of {escape(', '.join(allowed))}</div>" if allowed else ""


def _bar(view: StudyView) -> str:
    record = view.record
    share = min(1.0, record.spent_seconds / max(record.budget_seconds, 1e-9))
    return (
        f'<progress value="{share:.3f}" max="1" style="width:100%" '
        f'aria-label="share of the budget spent">{share:.0%}</progress>'
    )


def _running(view: StudyView) -> str:
    lines = "".join(map(_line, view.record.running))
    return lines or f"<div>{escape(view.record.message)}</div>"


def _line(progress: TrialProgress) -> str:
    loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
    left = f", {progress.seconds_left:.0f} s to go" if progress.seconds_left is not None else ""
    return (
        f"<div>trial {progress.number}: {escape(progress.phase)}, step {progress.step} of {progress.total}"
        f"{loss}{left}</div>"
    )


def _table(view: StudyView) -> str:
    if not view.trials:
        return "<div>No trial has started yet.</div>"
    head = "".join(
        f'<th scope="col" style="text-align:left">{name}</th>'
        for name in ("trial", "state", "run", "score", "s", "configuration")
    )
    numbers = {trial.number for trial in view.trials[-ROWS_SHOWN:]} | {view.best}
    shown = [trial for trial in reversed(view.trials) if trial.number in numbers]
    rows = "".join(_row(trial, best=trial.number == view.best) for trial in shown)
    hidden = len(view.trials) - len(shown)
    more = f"<div>and {hidden} earlier trials in <code>session.trials</code></div>" if hidden else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _row(trial: Trial, *, best: bool) -> str:
    failed = trial.failure is not None and trial.state is TrialState.FAILED
    what = f"{trial.failure.kind.value}: {trial.failure.message}" if failed and trial.failure else ""
    cells = (
        f"{'★ ' if best else ''}{trial.number}",
        trial.state.value,
        f"{trial.fidelity:.0%}",
        "" if trial.score is None else f"{trial.score:.4f}",
        f"{trial.seconds:.1f}",
        what or describe_config(trial.config),
    )
    row = "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells)
    return f"<tr>{row}</tr>"
