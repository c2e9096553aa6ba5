"""The magic in a real IPython shell: objects back, errors as one line, bodies in TOML or YAML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.testing.globalipapp import start_ipython
from tiny import tiny_frame

from xautolm_nb.jupyter.kernel import Connection
from xautolm_nb.jupyter.magic import read_body
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore


@pytest.fixture(scope="module")
def started() -> Any:
    shell = start_ipython()
    shell.run_line_magic("load_ext", "xautolm_nb")
    return shell


@pytest.fixture
def shell(started: Any) -> Iterator[Any]:
    started.user_ns["frame"] = tiny_frame(120)
    yield started
    started.user_ns.pop("frame", None)


def test_a_line_of_its_own_is_answered_in_words(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    done = shell.run_cell("%xautolm describe frame", store_history=True)
    done.raise_error()
    assert done.result is None
    assert "tree_landmark" in capsys.readouterr().out


def test_an_assignment_gets_the_object_and_prints_nothing(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("found = %xautolm describe frame", store_history=True).raise_error()
    assert len(shell.user_ns["found"].paper) == 10
    assert capsys.readouterr().out == ""


def test_names_in_braces_are_put_in_and_still_answered_in_words(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["which"] = "frame"
    shell.run_cell("%xautolm describe {which} --label label", store_history=True).raise_error()
    assert "tree_landmark" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line", ["dance", "status nope", "start frame --label lable", "start frame --budget soon", 'start "frame', ""]
)
def test_an_error_is_one_line_for_the_user(shell: Any, line: str) -> None:
    with pytest.raises(UsageError) as error:
        shell.run_line_magic("xautolm", line)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("line", ["--help", "start --help", "stop-trial --help"])
def test_help_is_printed_and_ends_nothing(shell: Any, capsys: pytest.CaptureFixture[str], line: str) -> None:
    assert shell.run_line_magic("xautolm", line) is None
    assert "usage: %xautolm" in capsys.readouterr().out


def test_the_cell_magic_has_help_too(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell_magic("xautolm", "--help", "\n") is None
    assert "--max-trials" in capsys.readouterr().out


@pytest.mark.parametrize("body", ["label = ", "speed = 9", 'label = "lable"', "label: lable", "- label", "a: b: c",
                                  "trust_code: some/model@main"])  # fmt: skip
def test_a_wrong_body_is_named(shell: Any, body: str) -> None:
    with pytest.raises(UsageError) as error:
        shell.run_cell_magic("xautolm", "frame", body)
    assert "\n" not in str(error.value)


def test_a_line_allows_no_code_of_a_branch(shell: Any) -> None:
    with pytest.raises(UsageError, match="'main', which can change after it was looked at"):
        shell.run_line_magic("xautolm", "start frame --trust-code some/model@main")


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ('label = "y"\nmodels = ["a", "b"]\nseed = 3\n', {"label": "y", "models": ["a", "b"], "seed": 3}),
        ("label: yes\nmodels: [a, b]\nbudget: 1:30\n", {"label": "yes", "models": ["a", "b"], "budget": "1:30"}),
        ("label: y\nmodels: null\ntext: ~\n", {"label": "y", "models": None, "text": None}),
        ("models:\n  - a\n  - b\n", {"models": ["a", "b"]}),
        ("trust_code:\n  - a/b@1\n", {"trust_code": ["a/b@1"]}),
        ("", {}),
    ],
)
def test_a_body_is_toml_or_yaml_and_what_yaml_says_stays_text(body: str, options: dict[str, Any]) -> None:
    assert read_body(body) == options


def test_yaml_makes_no_objects() -> None:
    with pytest.raises(UsageError, match="neither TOML nor YAML"):
        read_body("!!python/object/apply:os.system ['true']")
    assert read_body("label: !!python/name:os.system x") == {"label": "x"}


@pytest.mark.slow
def test_the_body_of_the_cell_magic_starts_a_search(
    shell: Any, tiny_model: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Session] = []
    monkeypatch.setattr(Connection, "show", lambda self, session: shown.append(session))
    body = f"label: label\nmodels: [{tiny_model}]\nbudget: 30s\nmax_trials: 1\nuse_prior: false\n"
    session = shell.run_cell_magic("xautolm", "frame", body)
    assert isinstance(session, Session) and shown == [session]
    session.stop()
    session.wait(60)
    assert session.record.request["use_prior"] is False
    with ExperienceStore.open() as store:
        assert [record.id for record in store.studies()] == [session.id]


def test_a_figure_shows_itself_with_its_words_and_numbers(shell: Any, session: Session, tmp_path: Path) -> None:
    session.start().wait(60)
    done = shell.run_cell(f"%xautolm plot pareto {session.id}", store_history=True)
    done.raise_error()
    assert done.result.kinds == ("pareto",)
    assert set(done.result._repr_mimebundle_()) == {"text/plain", "text/html"}
    shell.run_cell(f"where = %xautolm plot overview --to {tmp_path}/all.svg", store_history=True).raise_error()
    assert shell.user_ns["where"] == tmp_path / "all.svg" and "<svg" in (tmp_path / "all.svg").read_text()[:600]
