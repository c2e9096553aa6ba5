"""What widgets show is text, what fails beside the shell is shown, and kernels that reroute comms are told not to."""

import time
from types import SimpleNamespace

import ipywidgets
import pytest
from wire_messages import HOSTILE

from xautolm_nb.core.errors import TaskError
from xautolm_nb.jupyter.widgets import answer_beside_cells, close_widget, in_thread, paragraph


def test_text_stays_text() -> None:
    assert "<img" not in paragraph(HOSTILE) and "&lt;img" in paragraph(HOSTILE)
    assert 'role="alert"' in paragraph("no", alert=True)
    assert paragraph("") == ""


@pytest.mark.parametrize(
    ("error", "said"), [(TaskError("no rows", hint="Add some."), "no rows Add some."), (KeyError("x"), "KeyError: 'x'")]
)
def test_an_error_beside_the_shell_is_shown(error: Exception, said: str) -> None:
    shown: list[str] = []

    def fail() -> None:
        raise error

    in_thread(fail, shown.append)
    deadline = time.monotonic() + 5
    while not shown:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert shown == [said]


def test_every_part_is_heard_on_the_shell_the_front_end_chose() -> None:
    routed = [SimpleNamespace(_reply_subshell_for=lambda data, default: "main") for _ in range(2)]
    old = SimpleNamespace(comm=SimpleNamespace(), children=())
    inner = SimpleNamespace(comm=routed[1], children=(old,))
    answer_beside_cells(SimpleNamespace(comm=routed[0], children=(inner,)))
    assert [comm._reply_subshell_for({}, "chosen") for comm in routed] == ["chosen", "chosen"]
    assert not vars(old.comm)


def test_a_closed_widget_leaves_nothing_in_the_kernel() -> None:
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    box = ipywidgets.VBox([ipywidgets.Button(description="a"), ipywidgets.HBox([ipywidgets.Text()])])
    assert set(registry) - before
    close_widget(box)
    assert set(registry) == before
