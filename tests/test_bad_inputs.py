"""The tables of bad inputs: each gives one clear error, the right exit code, and leaves the store as it was.

`docs/bad-input.md` is written by the last test here: XAUTOLM_WRITE_TABLES=1.
"""

import json
import os
import re
import warnings
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bad_inputs import CASES as CALLS
from bad_inputs import Bad as Call
from tiny import tiny_frame

from xautolm_nb.cli import main
from xautolm_nb.core.errors import XAutoLMError
from xautolm_nb.store import ExperienceStore
from xautolm_nb.tasks import prepare_task

TABLE = Path(__file__).resolve().parent.parent / "docs" / "bad-input.md"

Write = Callable[[Path], Path]


def csv(frame: pd.DataFrame) -> Write:
    def write(folder: Path) -> Path:
        path = folder / "data.csv"
        frame.to_csv(path, index=False)
        return path

    return write


def raw(name: str, content: bytes) -> Write:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def parquet(frame: pd.DataFrame) -> Write:
    def write(folder: Path) -> Path:
        frame.to_parquet(folder / "data.parquet")
        return folder / "data.parquet"

    return write


def nothing(folder: Path) -> Path:
    return folder / "nothing.csv"


GOOD = tiny_frame(60)
NAN_LABELS = GOOD.assign(label=[None if index in (3, 5) else label for index, label in enumerate(GOOD["label"])])
NAN_TEXTS = GOOD.assign(text=[None if index == 7 else text for index, text in enumerate(GOOD["text"])])
ONE_CLASS = GOOD.assign(label="fruit")
RARE_CLASS = pd.concat([GOOD, pd.DataFrame({"text": ["a lonely row"], "label": ["hermit"]})])
FLOATS = GOOD.assign(label=np.linspace(0, 1, len(GOOD)))
LISTS = GOOD.assign(label=[["a", "b"]] * len(GOOD))
NUMBERS = GOOD.assign(text=range(len(GOOD)))

COLUMNS = ["--text", "text", "--label", "label"]


@dataclass(frozen=True)
class Bad:
    what: str
    data: Write
    options: list[str]
    message: str
    code: int = 2


CASES = [
    Bad("a file that is not there", nothing, COLUMNS, r"nothing\.csv"),
    Bad("an empty file", raw("data.csv", b""), COLUMNS, r"empty|no rows|no columns"),
    Bad("a header without rows", raw("data.csv", b"text,label\n"), COLUMNS, r"no rows|empty"),
    Bad("a file of unknown type", raw("data.docx", b"abc"), COLUMNS, r"docx|csv"),
    Bad("a broken Parquet file", raw("data.parquet", b"PAR1 nonsense"), COLUMNS, r"data\.parquet"),
    Bad("a broken JSON line", raw("data.jsonl", b'{"text": "a", "label": 1}\n{"text": \n'), COLUMNS, r"data\.jsonl"),
    Bad("a text column that is not there", csv(GOOD), ["--text", "txet", "--label", "label"], r"'txet'.*text"),
    Bad("a label column that is not there", csv(GOOD), ["--text", "text", "--label", "lable"], r"'lable'.*label"),
    Bad("a group column that is not there", csv(GOOD), [*COLUMNS, "--group", "book"], r"'book'"),
    Bad("the text column as label", csv(GOOD), ["--text", "text", "--label", "text"], r"text"),
    Bad("one class", csv(ONE_CLASS), COLUMNS, r"one class|2 classes|at least 2|two classes"),
    Bad("a class with one row", csv(RARE_CLASS), COLUMNS, r"hermit"),
    Bad("missing labels", csv(NAN_LABELS), COLUMNS, r"2 .*label|label.* 2 "),
    Bad("missing texts", csv(NAN_TEXTS), COLUMNS, r"text"),
    Bad("labels that are measurements", csv(FLOATS), COLUMNS, r"label"),
    Bad("labels that are lists", parquet(LISTS), COLUMNS, r"label"),
    Bad("texts that are numbers", csv(NUMBERS), COLUMNS, r"text"),
    Bad("a budget that is no duration", csv(GOOD), [*COLUMNS, "--budget", "soon"], r"budget expects"),
    Bad("a method that does not exist", csv(GOOD), [*COLUMNS, "--methods", "lorra"], r"methods expects"),
    Bad("an objective that does not exist", csv(GOOD), [*COLUMNS, "--objectives", "beauty"], r"objectives expects"),
    Bad("fidelities that fall", csv(GOOD), [*COLUMNS, "--rungs", "0.5,0.2,1"], r"rising fidelities"),
    Bad("a validation share above one", csv(GOOD), [*COLUMNS, "--validation", "1.5"], r"validation expects"),
    Bad("a model that cannot be had", csv(GOOD), [*COLUMNS, "--models", "no/such-model"], r"no/such-model", 1),
    Bad("a folder that is no model", csv(GOOD), [*COLUMNS, "--models", "."], r"config\.json", 1),
    Bad("an option that does not exist", csv(GOOD), [*COLUMNS, "--speed", "9"], r"--speed"),
    Bad("code of a branch", csv(GOOD), [*COLUMNS, "--trust-code", "some/model@main"], r"trust_code expects.*'main'"),
    Bad("a number that is none", csv(GOOD), [*COLUMNS, "--max-epochs", "many"], r"max-epochs"),
    Bad("a name that is a path", csv(GOOD), [*COLUMNS, "--name", "../x"], r"name expects"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_bad_input_gives_one_clear_line_and_leaves_the_store_alone(
    case: Bad, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(["start", str(case.data(tmp_path)), *case.options])
    error = capsys.readouterr().err
    assert code == case.code, error
    lines = [line for line in error.splitlines() if not line.startswith("xautolm: note:")]
    assert len(lines) == 1, error
    assert "Traceback" not in error
    _assert_mentions(lines[0], case.message)
    with ExperienceStore.open() as store:
        assert store.studies() == []
        assert store.count() == 0
    assert not list(own_home.glob("studies/*"))


OTHERS = [
    ("a verb that does not exist", ["begin"], r"begin", 2),
    ("no verb", [], r"VERB", 2),
    ("a study that does not exist", ["status", "nope"], r"nope", 1),
    ("the best of a store without studies", ["best"], r"no study|last", 1),
    ("an import of nothing", ["store", "import", "nowhere"], r"nowhere", 1),
    ("a merge with nothing", ["store", "merge", "nowhere.sqlite"], r"nowhere", 1),
]


@pytest.mark.parametrize(("what", "words", "message", "code"), OTHERS, ids=[case[0] for case in OTHERS])
def test_wrong_use_gives_one_clear_line(
    what: str, words: list[str], message: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    error = capsys.readouterr().err
    assert error.count("xautolm:") == 1
    _assert_mentions(error, message)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "store.sqlite"
    place.write_bytes(b"this is not a database, it only looks like a file" * 100)
    assert main(["store", "info", "--store", str(place)]) == 1
    assert "store.sqlite" in capsys.readouterr().err
    assert place.read_bytes().startswith(b"this is not")


def test_with_json_the_error_is_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", str(tmp_path / "nothing.csv"), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert "nothing.csv" in said["error"] and said["type"] == "TaskError"


def _assert_mentions(text: str, pattern: str) -> None:
    assert re.search(pattern, text), f"{pattern!r} is not in {text!r}"


# ---- the table in the documents --------------------------------------------------------------------------------------

WORDS_OF_OTHERS = {"an empty file", "a broken Parquet file", "a broken JSON line"}
"""Cases whose error repeats what a library says, which differs between its versions."""


def prepared(case: Bad) -> Call:
    """The data of a case of the command line, handed to the door behind it."""
    given: dict[str, Any] = {name.lstrip("-"): word for name, word in zip(*[iter(case.options)] * 2, strict=True)}
    given["text"] = [given["text"]]
    return Call("data", case.what, lambda folder: prepare_task(case.data(folder), folder=folder / "task", **given))


OF_DATA = [prepared(case) for case in CASES[: [case.what for case in CASES].index("a budget that is no duration")]
           if case.what not in WORDS_OF_OTHERS]  # fmt: skip
ROWS = [*OF_DATA, *CALLS]


def error_of(case: Call, folder: Path) -> str:
    """The error that a case gives, with `FOLDER` for the place where it ran."""
    with warnings.catch_warnings(), chdir(folder), pytest.raises(XAutoLMError) as caught:
        warnings.simplefilter("ignore")
        case.call(folder)
    return str(caught.value).replace(str(folder), "FOLDER")


def table_row(case: Call, error: str) -> str:
    """One line of the table."""
    shown = error.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").encode("utf-8", "replace").decode()
    return f"| {case.place} | {case.what} | {shown} |"


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.place}-{case.what}")
def test_a_bad_input_gives_the_error_of_the_table(case: Call, tmp_path: Path) -> None:
    error = error_of(case, tmp_path)
    assert "s3cret" not in error and "\n" not in error and len(error) < 600
    assert table_row(case, error) in TABLE.read_text().splitlines() or "XAUTOLM_WRITE_TABLES" in os.environ


def test_the_table_in_the_documents_has_each_bad_input_once(tmp_path: Path) -> None:
    assert len(ROWS) >= 60 and len({(case.place, case.what) for case in ROWS}) == len(ROWS)
    if "XAUTOLM_WRITE_TABLES" in os.environ:
        lines = [HEADING, "| where | what is wrong | what is said |", "|---|---|---|"]
        for number, case in enumerate(ROWS):
            folder = tmp_path / str(number)
            folder.mkdir()
            lines.append(table_row(case, error_of(case, folder)))
        TABLE.write_text("\n".join([*lines, ""]))
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(ROWS), "run this test with XAUTOLM_WRITE_TABLES=1"
    assert all(row.startswith(f"| {case.place} | {case.what} |") for row, case in zip(rows, ROWS, strict=True))


HEADING = """# Bad input and what is said to it

Each of these is refused with one error, before anything is written. `FOLDER` stands for a place of the user's; the last
sentence of an error says what to do. This page is written by `tests/test_bad_inputs.py`, which gives all of these
inputs; what the command line says to bad use is tested there too.
"""
