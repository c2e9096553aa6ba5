"""What the widgets of the package share: they answer beside a running cell, and what they show is text."""

from collections.abc import Callable, Iterator
from html import escape
from threading import Thread
from typing import Any

from xautolm_nb.core.errors import XAutoLMError


def answer_beside_cells(widget: Any) -> None:
    """Let a widget and all inside it be heard on the subshell the front end chose.

    ipykernel 7.4 routes a message to the shell that last sent on its comm; a widget made in a cell would therefore be
    heard only when no cell runs. Older kernels have no such routing, and nothing to change.
    """
    for part in _parts(widget):
        if hasattr(part.comm, "_reply_subshell_for"):
            part.comm._reply_subshell_for = lambda data, default: default


def close_widget(widget: Any) -> None:
    """Take a widget and all inside it away, in the page and in the kernel."""
    for part in list(_parts(widget)):
        for name in ("layout", "style"):  # models of their own, which nobody else closes
            look = getattr(part, name, None)
            if look is not None:
                look.close()
        part.close()


def in_thread(work: Callable[[], None], complain: Callable[[str], None]) -> None:
    """Do something slow beside the shell; what goes wrong is shown, never printed into a cell."""

    def run() -> None:
        try:
            work()
        except XAutoLMError as error:
            complain(str(error))
        except Exception as error:
            complain(f"{type(error).__name__}: {error}")

    Thread(target=run, name="xautolm-panel", daemon=True).start()


def paragraph(text: str, *, alert: bool = False) -> str:
    """Text as HTML; an alert is read out by screen readers."""
    role = ' role="alert"' if alert else ""
    return f'<div{role} style="white-space:pre-wrap">{escape(text)}</div>' if text else ""


def _parts(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
