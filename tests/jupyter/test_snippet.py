"""The code does what the form says, and says no more."""

import ast
from typing import Any

import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.jupyter.snippet import changed_options, python_code
from xautolm_nb.request import SearchRequest

HOSTILE = "x'); import os; os.system('true') #\n\"\"\""


def call_of(code: str) -> ast.Call:
    """The call to `tune` in the code; the first line is a magic."""
    tree = ast.parse(code.partition("\n")[2])
    assert [type(node) for node in tree.body] == [ast.ImportFrom, ast.Assign]
    call = tree.body[1].value  # type: ignore[attr-defined]
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "tune"
    return call


def test_only_what_differs_from_the_defaults_is_written() -> None:
    code = python_code(
        "df", "variable", {"label": "y", "budget": "30m", "methods": "full,partial,lora,head", "seed": 0}
    )
    assert code == "%load_ext xautolm_nb\nfrom xautolm_nb import tune\n\nsession = tune(df, label='y')\n"


def test_a_long_call_has_a_line_for_each_argument() -> None:
    options = {"text": ["premise", "hypothesis"], "label": "verdict", "budget": "90m", "objectives": "f1,seconds",
               "models": ["roberta-base", "albert-base-v2"], "use_prior": False}  # fmt: skip
    code = python_code("data/train.csv", "file", options, store="team.sqlite")
    assert "    'data/train.csv',\n    text=['premise', 'hypothesis'],\n" in code
    assert "    budget='1h30m',\n" in code and "    use_prior=False,\n" in code
    assert code.endswith("    store='team.sqlite',\n)\n")
    call_of(code)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"text": "a", "label": "b", "budget": 90, "grace": 0, "trial_timeout": "2m", "max_trials": 7},
        {"text": ["a,b"], "models": ["x", "y"], "methods": ["head"], "rungs": "0.5,1", "test": False, "seed": 3},
        {"models": ["a/b"], "trust_code": [f"a/b@{'a1' * 20}"]},
        {"objectives": ["accuracy", "seconds"], "device": "cpu", "keep": 1, "max_rows": 100, "name": "my task"},
    ],
)
def test_the_code_asks_for_the_same_search(options: dict[str, Any]) -> None:
    call = call_of(python_code("df", "variable", options))
    written = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    assert SearchRequest.from_mapping(written) == SearchRequest.from_mapping(options)


@pytest.mark.parametrize("field", ["text", "label", "models", "group"])
def test_hostile_names_stay_strings(field: str) -> None:
    code = python_code(HOSTILE, "file", {field: [HOSTILE] if field in ("text", "models") else HOSTILE}, store=HOSTILE)
    call = call_of(code)
    assert ast.literal_eval(call.args[0]) == HOSTILE
    assert all(ast.literal_eval(keyword.value) in (HOSTILE, [HOSTILE]) for keyword in call.keywords)


@pytest.mark.parametrize("name", [HOSTILE, "df.head()", "class", "", "1x", "a b"])
def test_what_is_no_name_of_a_variable_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="no name of a variable"):
        python_code(name, "variable", {})


def test_wrong_options_are_named() -> None:
    with pytest.raises(RequestError, match="bugdet"):
        changed_options({"bugdet": "3m"})


def test_the_password_of_a_store_is_left_out() -> None:
    code = python_code("df", "variable", {}, store="postgresql://me:s3cret@host/team")
    assert "store='postgresql://me@host/team'" in code and "s3cret" not in code
