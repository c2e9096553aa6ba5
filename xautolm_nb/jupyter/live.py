"""The live view of a study as ipywidgets: buttons, progress, figure and table, redrawn in place."""

import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyState, StudyView
from xautolm_nb.jupyter.feed import Feed
from xautolm_nb.jupyter.widgets import close_widget, in_thread, paragraph
from xautolm_nb.plots import figure_html, summary_html
from xautolm_nb.reference import find_reference
from xautolm_nb.session import Session
from xautolm_nb.study import view_of

REFRESH_SECONDS = 1.0
FIGURE_SECONDS = 3.0
"""Between two drawings of the figure, which take about 0.3 s of a core that could train."""

Drawn = Callable[[StudyView, str], None]


class LiveView:
    """Shows a session until it is closed; while nothing happens, it costs nothing.

    Args:
        session: The study.
        drawn: Called with the view and its figure when a trial has come back or the study has changed its state.
    """

    def __init__(self, session: Session, *, drawn: Drawn = lambda view, figure: None) -> None:
        self.session = session
        self._drawn = drawn
        self._figure, self._curves, self._drawn_at = "", _curves_of(None), float("-inf")
        self._summary = ""
        self._state: StudyState | None = None
        self._asked: StudyState | None = None
        self._told: tuple[object, ...] = ()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._reference = find_reference(session.store, session.record)
        self._closed = False
        self._lock = threading.Lock()
        self._build()
        self._feed = Feed(session, self._awake)
        self.refresh(now=True)
        self._awake()

    def close(self) -> None:
        """Stop redrawing and take the widgets away."""
        self._closed = True
        self._wake.set()
        self._feed.close()
        close_widget(self.widget)

    def refresh(self, *, now: bool = False) -> StudyView:
        """Draw what is new; the figure only when a curve has grown and the last drawing is some seconds ago.

        Args:
            now: Draw the figure whenever it was drawn.
        """
        news = self._feed.poll()
        view = view_of(self._feed.record(), self._feed.trials)
        figure = self._draw_figure(view, now=now)
        self._show(view, (None if view.record.beside else news.progress) or view.record.progress)
        told = (figure, view.record.state, len(view.trials))
        if told != self._told:
            self._told = told
            self._drawn(view, figure)
        return view

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        def button(text: str, tooltip: str, do: Callable[[], Any], **looks: Any) -> widgets.Button:
            made = widgets.Button(description=text, tooltip=tooltip, layout={"width": "auto"}, **looks)
            made.on_click(lambda _: self._do(do))
            return made

        self.pause = button("Pause", "Hold the study; the budget stands still", self.session.pause)
        self.resume = button("Resume", "Go on", self._resume, button_style="primary")
        self.stop = button("Stop", "End the study; the running trial keeps a checkpoint", self.session.stop)
        self.stop_trial = button("Stop this trial", "Leave the running trial where it is and go on", self._stop_trial)
        self.more = widgets.Text(placeholder="more time, such as 10m", layout={"width": "12em"})
        self.bar = widgets.FloatProgress(min=0.0, max=1.0, layout={"width": "99%"}, style={"description_width": "9em"})
        self.text, self.picture, self.message = widgets.HTML(), widgets.HTML(), widgets.HTML()
        buttons = widgets.HBox([self.pause, self.resume, self.more, self.stop, self.stop_trial])
        self.widget = widgets.VBox([buttons, self.message, self.bar, self.picture, self.text])

    def _do(self, act: Callable[[], Any]) -> None:
        """A button: the flag is set at once, or beside the shell where the store is needed."""
        self.message.value = ""
        if self.session.is_running_here and act in (self.session.pause, self.session.stop):
            act()
            self._asked = self._state
            self.message.value = paragraph("Asked; the running trial ends at its next step.")
        else:
            in_thread(act, self._complain)

    def _resume(self) -> None:
        self.session.resume(self.more.value.strip() or None)
        self.more.value = ""

    def _stop_trial(self) -> None:
        progress = self.session.record.progress
        if progress is None:
            self._complain("No trial is running.")
        else:
            self.session.stop_trial(progress.number)

    def _complain(self, text: str) -> None:
        self.message.value = paragraph(text, alert=True)

    def _awake(self) -> None:
        """Redraw soon; the thread that does it lives as long as the study runs."""
        self._wake.set()
        with self._lock:
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="xautolm-view", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(REFRESH_SECONDS)
            self._wake.clear()
            live = self._feed.is_live
            try:
                self.refresh(now=not live)
            except StoreError:  # a busy store is no reason to stop watching
                continue
            with self._lock:
                if not live and not self._wake.is_set():
                    self._thread = None
                    return
            time.sleep(REFRESH_SECONDS / 4)  # however often it is woken, at most four times a second

    def _draw_figure(self, view: StudyView, *, now: bool) -> str:
        curves = _curves_of(view)
        recent = time.monotonic() - self._drawn_at < FIGURE_SECONDS
        if curves != self._curves and (now or not recent):
            self._figure, self._curves, self._drawn_at = figure_html(view, self._reference), curves, time.monotonic()
            self.picture.value = self._figure
        return self._figure

    def _show(self, view: StudyView, progress: TrialProgress | None) -> None:
        state = self._state = view.record.state
        if self._asked is not None and state is not self._asked:  # it has happened
            self._asked, self.message.value = None, ""
        can = {
            self.pause: state is StudyState.RUNNING,
            self.resume: state is not StudyState.RUNNING,
            self.stop: state in (StudyState.RUNNING, StudyState.PAUSED),
            self.stop_trial: state is StudyState.RUNNING and progress is not None,
        }
        for button, enabled in can.items():
            button.disabled = not enabled
        share = progress.step / progress.total if progress is not None and progress.total else 0.0
        self.bar.value = min(1.0, share)
        self.bar.description = f"trial {progress.number}: {progress.phase}" if progress is not None else str(state)
        summary = summary_html(view, figure="")
        if summary != self._summary:
            self._summary = summary
            self.text.value = f'<div class="jp-RenderedHTMLCommon" style="line-height:1.4">{summary}</div>'


def _curves_of(view: StudyView | None) -> tuple[tuple[int, float], ...]:
    """What the figure depends on."""
    trials = view.trials if view is not None else ()
    curves = tuple((len(trial.curve), trial.fidelity) for trial in trials)
    return curves if any(length for length, _ in curves) else ()
