"""Completion knows verbs, options, their values, variables and columns, and is silent in other lines."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.completer import CompletionContext
from tiny import tiny_frame

from xautolm_nb.jupyter.completion import complete_line, matcher
from xautolm_nb.request import OBJECTIVES
from xautolm_nb.session import Session

NAMES = {"frame": tiny_frame(30), "other": tiny_frame(30).rename(columns={"text": "sentence"}), "number": 7}


def complete(line: str) -> list[str]:
    token = "" if line.endswith((" ", ",")) else line.replace(",", " ").split()[-1]
    found = complete_line(line, token, NAMES)
    assert found is not None, line
    return found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%xautolm sta", ["start", "status"]),
        ("%xautolm store d", ["doctor"]),
        ("session = %xautolm sto", ["stop", "stop-trial", "store"]),
        ("%xautolm start fr", ["frame"]),
        ("%xautolm start frame --la", ["--label"]),
        ("%xautolm start frame --label ", ["text", "label"]),
        ("%xautolm start other --text s", ["sentence"]),
        ("%xautolm start frame --text a --device c", ["cpu", "cuda"]),
        ("%xautolm start frame --methods lora,h", ["head"]),
        ("%xautolm start frame --objectives ", list(OBJECTIVES)),
        ("%xautolm start frame --models all-Mini", ["all-MiniLM-L6-v2"]),
        ("%xautolm stop-trial --j", ["--json"]),
        ("%%xautolm fr", ["frame"]),
        ("%xautolm report --d", ["--default"]),
        ("%xautolm plot pa", ["pareto", "parallel"]),
    ],
)
def test_a_word_is_completed(line: str, found: list[str]) -> None:
    assert complete(line) == found


def test_an_option_is_not_offered_twice() -> None:
    assert "--label" not in complete("%xautolm start frame --label label --")
    assert "--budget" in complete("%xautolm start frame --label label ")


@pytest.mark.parametrize("line", ["frame.he", "x = start fr", "# %xautolm st", "%xautolmx st", "%xautolm"])
def test_other_lines_are_left_to_others(line: str) -> None:
    assert complete_line(line, "fr", NAMES) is None


def test_a_path_is_left_to_others() -> None:
    assert complete_line("%xautolm start frame --store /tm", "/tm", NAMES) is None


def test_studies_and_files_are_offered(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete("%xautolm status ") == complete("%xautolm plot cost ") == ["last", session.id, "world"]
    (tmp_path / "reviews.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert complete("%xautolm describe rev") == ["reviews.csv"]


def test_the_matcher_speaks_alone_in_our_lines_and_not_at_all_in_others() -> None:
    shell = SimpleNamespace(user_ns=NAMES)
    complete = matcher(shell)

    def context(line: str, token: str) -> CompletionContext:
        return CompletionContext(token=token, full_text=line, cursor_position=len(line), cursor_line=0, limit=500)

    ours = complete(context("%xautolm start fr", "fr"))
    assert ours["suppress"] and [found.text for found in ours["completions"]] == ["frame"]
    assert complete(context("frame.h", "h")) == {"completions": [], "suppress": False}
