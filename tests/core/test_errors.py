"""An error says what is wrong and what to do, in one line."""

from xautolm_nb.core.errors import TaskError


def test_the_text_holds_message_and_hint() -> None:
    assert str(TaskError("No column 'y'.", hint="Name it with label=.")) == "No column 'y'. Name it with label=."


def test_an_error_without_a_hint_ends_with_its_message() -> None:
    assert str(TaskError("No column 'y'.")) == "No column 'y'."


def test_of_a_message_as_long_as_a_file_the_middle_is_left_out() -> None:
    error = TaskError(f"A name is expected, but got {'x' * 200_000!r}.", hint="Name a column.")
    assert len(str(error)) < 10_000
    assert str(error).startswith("A name is expected, but got 'xx")
    assert str(error).endswith("xx'. Name a column.")
