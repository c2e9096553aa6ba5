"""What is saved in the notebook is readable without a kernel and hides while the widget is alive."""

from typing import Any

import pytest
from wire_messages import HOSTILE

from xautolm_nb.jupyter import saved
from xautolm_nb.jupyter.saved import SavedView
from xautolm_nb.session import Session


class Handle:
    def __init__(self) -> None:
        self.updates: list[str] = []

    def update(self, html: Any) -> None:
        self.updates.append(html.data)


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    made = Handle()
    monkeypatch.setattr(saved, "display", lambda html, display_id: made)
    return made


def test_it_is_redrawn_in_place_with_picture_and_table(handle: Handle, session: Session) -> None:
    session.start().wait(60)
    view = SavedView()
    view.update(session.view(), "<img alt='before it was shown'>")
    assert handle.updates == []
    view.show()
    view.update(session.view(), "<img alt='the figure'>")
    (html,) = handle.updates
    assert "the figure" in html and "<table" in html and "world" in html
    assert "As of 20" in html and "attach(&#x27;study-0&#x27;)" in html


def test_it_hides_while_its_own_widget_is_in_the_page() -> None:
    first, second = SavedView(), SavedView()
    assert first.live_class != second.live_class
    assert ">.lm-Panel{display:none}" in first.html, "an error of the dead widget is no news"
    rule = f"body:has(.{first.live_class}) .{first.live_class.replace('live', 'saved')}{{display:none}}"
    assert rule in first.html and second.live_class not in first.html
    assert "run the cell" in first.html


def test_hostile_names_stay_text(handle: Handle, session: Session) -> None:
    session.store.update_study(session.id, name=HOSTILE, message=HOSTILE)
    view = SavedView()
    view.show()
    view.update(session.view(), "")
    assert "<img" not in handle.updates[0]
