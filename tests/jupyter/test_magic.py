"""The magic in a real IPython shell: objects back, errors as one line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.testing.globalipapp import start_ipython
from tiny import tiny_frame

from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore


@pytest.fixture(scope="module")
def started():  # type: ignore[no-untyped-def]
    shell = start_ipython()
    shell.run_line_magic("load_ext", "xautolm_nb")
    return shell


@pytest.fixture
def shell(started) -> Iterator:  # type: ignore[no-untyped-def, type-arg]
    started.user_ns["frame"] = tiny_frame(120)
    yield started
    started.user_ns.pop("frame", None)


def test_describe_takes_a_variable_and_prints(shell, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert shell.run_line_magic("xautolm", "describe frame") is None
    assert "tree_landmark" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["dance", "status nope", "start frame --label lable", "start frame --budget soon"])
def test_an_error_is_one_line_for_the_user(shell, line: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as error:
        shell.run_line_magic("xautolm", line)
    assert "\n" not in str(error.value)


def test_help_is_printed_and_ends_nothing(shell, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert shell.run_line_magic("xautolm", "--help") is None
    assert "usage: %xautolm" in capsys.readouterr().out


@pytest.mark.parametrize("body", ["label = ", "speed = 9", 'label = "lable"'])
def test_a_wrong_body_is_named(shell, body: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError):
        shell.run_cell_magic("xautolm", "frame", body)


@pytest.mark.slow
def test_the_body_of_the_cell_magic_starts_a_search(shell, tiny_model: Path, own_home: Path) -> None:  # type: ignore[no-untyped-def]
    body = f'label = "label"\nmodels = ["{tiny_model}"]\nbudget = "30s"\nmax_trials = 1\n'
    session = shell.run_cell_magic("xautolm", "frame", body)
    assert isinstance(session, Session)
    session.stop()
    session.wait(60)
    with ExperienceStore.open() as store:
        assert [record.id for record in store.studies()] == [session.id]
