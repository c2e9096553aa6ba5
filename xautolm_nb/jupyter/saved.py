"""What stays in a saved notebook: the study as static HTML, shown wherever the live widget is not."""

import uuid
from datetime import datetime
from typing import Any

from IPython.display import HTML, display

from xautolm_nb.core.study import StudyView
from xautolm_nb.jupyter.widgets import paragraph
from xautolm_nb.plots import summary_html


class SavedView:
    """An output of its own beside the widget, redrawn in place, hidden by the page while the widget is alive."""

    def __init__(self) -> None:
        name = uuid.uuid4().hex[:12]
        self.live_class = f"xautolm-live-{name}"
        """Class that the live widget carries."""
        self._saved_class = f"xautolm-saved-{name}"
        self._handle: Any = None
        self._html = paragraph("A search panel of xautolm-nb; run the cell to see it.")

    def show(self) -> None:
        """Display it, once; later calls show it again in the cell that runs then."""
        self._handle = display(HTML(self.html), display_id=True)

    def update(self, view: StudyView, figure: str) -> None:
        """Redraw it; nothing is appended to the output.

        After a reload the page no longer knows the output by its name, and it stays as it was: hence the time below it.
        """
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="minutes")
        note = paragraph(f"As of {now}; xautolm_nb.attach({view.record.id!r}) shows it as it is now.")
        self._html = summary_html(view, figure=figure) + note
        if self._handle is not None:
            self._handle.update(HTML(self.html))

    @property
    def html(self) -> str:
        """The summary with two rules of its own: it gives way to the live widget, and stands alone where that is dead.

        JupyterLab writes "Loading widget..." or "model not found" below it otherwise. Where the page knows no such
        rules, both are shown.
        """
        hidden = "{display:none}"
        live, saved = f".{self.live_class}", f".{self._saved_class}"
        rules = (
            f"body:has({live}) {saved}{hidden}",
            f".jp-OutputArea-child:has({saved})+.jp-OutputArea-child:not(:has({live}))>.lm-Panel{hidden}",
        )
        return f'<style>{"".join(rules)}</style><div class="{self._saved_class}">{self._html}</div>'
