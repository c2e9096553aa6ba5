"""`SearchPanel`: the form of a search, and its live view, in a cell; what `display(session)` shows."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from xautolm_nb.jupyter.form import SearchForm
from xautolm_nb.jupyter.live import LiveView
from xautolm_nb.jupyter.saved import SavedView
from xautolm_nb.jupyter.widgets import answer_beside_cells, close_widget
from xautolm_nb.session import Session, start_session

MOST_OPEN = 4
"""Panels kept alive; an older one turns into its saved summary, so that a cell run again and again costs nothing."""


class SearchPanel:
    """A search in a cell: choose, start, watch, pause, resume, stop. Needs no extension of the front end.

    Args:
        data: What to search on, or a session to watch; None lets a person choose among the kernel's variables.
        store: The experience store of a new search.
        **options: What the form begins with; any option of `tune`.

    Raises:
        RequestError: An option is unknown or wrong.
    """

    def __init__(self, data: Any = None, *, store: Any = None, **options: Any) -> None:
        self.session: Session | None = None
        self._store = store
        self._saved = SavedView()
        self._live: LiveView | None = None
        self.widget = widgets.VBox([])
        self.widget.add_class("xautolm-panel")
        self.widget.add_class(self._saved.live_class)
        if isinstance(data, Session):
            self.watch(data)
        else:
            self.form = SearchForm(self._start, variables=_variables, data=data, options=options)
            self.widget.children = [self.form.widget]
        answer_beside_cells(self.widget)

    def watch(self, session: Session) -> None:
        """Show a session in place of what was shown."""
        if self._live is not None:
            self._live.close()
        self.session = session
        self._live = LiveView(session, drawn=self._saved.update)
        self.widget.children = [self._live.widget]
        answer_beside_cells(self._live.widget)

    def close(self) -> None:
        """Leave only the saved summary."""
        if self._live is not None:
            self._live.close()
        close_widget(self.widget)

    def _start(self, data: Any, options: Mapping[str, Any]) -> None:
        self.watch(start_session(data, store=self._store, options=options))

    def _ipython_display_(self) -> None:
        self._saved.show()
        display(self.widget)
        _OPEN.append(self)


class _Open:
    """The panels that are alive."""

    def __init__(self) -> None:
        self._panels: deque[SearchPanel] = deque()

    def append(self, panel: SearchPanel) -> None:
        if panel in self._panels:
            self._panels.remove(panel)
        self._panels.append(panel)
        while len(self._panels) > MOST_OPEN:
            self._panels.popleft().close()


_OPEN = _Open()


def _variables() -> Mapping[str, Any]:
    shell = get_ipython()
    return shell.user_ns if shell is not None else {}
