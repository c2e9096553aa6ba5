"""An error says what is wrong and what to do, in one line."""

from xautolm_nb.core.errors import TaskError


def test_the_text_holds_message_and_hint() -> None:
    assert str(TaskError("No column 'y'.", hint="Name it with label=.")) == "No column 'y'. Name it with label=."


def test_an_error_without_a_hint_ends_with_its_message() -> None:
    assert str(TaskError("No column 'y'.")) == "No column 'y'."
