"""The inline view of a session: one output that redraws itself while the study runs, and stays readable afterwards.

The view is a display handle, not a widget: it works in every front end, survives a page reload, and a saved notebook
shows its last picture without a kernel. The figure is redrawn only when a trial came back.
"""

import threading
from typing import Any

from IPython.display import HTML, display

from xautolm_nb.core.errors import StoreError
from xautolm_nb.plots import figure_html, summary_html
from xautolm_nb.session import Session

REFRESH_SECONDS = 1.0


class LiveView:
    """Shows a session in the cell that made it, until the study ends."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._ended = threading.Event()
        self._figure = ""
        self._drawn: tuple[tuple[int, float], ...] = ()
        self._handle: Any = None

    def show(self) -> "LiveView":
        """Display the view and keep it up to date from a background thread."""
        self._handle = display(HTML(self.html()), display_id=True)
        threading.Thread(target=self._follow, name=f"xautolm-view-{self.session.id}", daemon=True).start()
        return self

    def close(self) -> None:
        """Stop redrawing; what was drawn last stays."""
        self._ended.set()

    def html(self) -> str:
        """The session as HTML, with the figure redrawn only when a curve has grown."""
        view = self.session.view()
        drawn = tuple((len(trial.curve), trial.fidelity) for trial in view.trials)
        if drawn != self._drawn and any(length for length, _ in drawn):
            self._figure, self._drawn = figure_html(view), drawn
        return summary_html(view, figure=self._figure)

    def _follow(self) -> None:
        last = ""
        over = False
        while not over and not self._ended.wait(REFRESH_SECONDS):
            over = self.session.is_over
            try:
                html = self.html()
            except StoreError:  # a busy store is no reason to stop watching
                continue
            if html != last:
                self._handle.update(HTML(html))
                last = html
