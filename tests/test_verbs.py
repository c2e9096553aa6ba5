"""One grammar: each verb parses, wrong use raises, and results carry value, text and data."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tiny import tiny_frame

from xautolm_nb.core.errors import RequestError
from xautolm_nb.grammar import parser
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.starter import starter
from xautolm_nb.verbs import run_verb

VERBS = (
    "start status pause resume stop stop-trial attach best report export plot studies describe machine store".split()
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([verb, "--help"])
    assert ended.value.code == 0
    assert "usage: xautolm" in capsys.readouterr().out


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb not in ("store", "start", "describe", "export", "plot", "stop-trial")]
)
def test_every_verb_takes_json_and_a_store(verb: str) -> None:
    options = parser().parse_args([verb, "--json", "--store", "x"])
    assert options.json and options.store == "x"


@pytest.mark.parametrize(
    "words", [[], ["dance"], ["status", "--loud"], ["store"], ["export"], ["start"], ["plot"], ["plot", "pie"]]
)
def test_wrong_use_raises_and_names_the_help(words: list[str]) -> None:
    with pytest.raises(RequestError, match="--help"):
        run_verb(words)


def test_a_variable_of_a_notebook_stands_for_data() -> None:
    result = run_verb(["describe", "frame"], variables={"frame": tiny_frame(90)})
    assert result.data["named"]["classes"] == 3
    json.dumps(result.data)
    assert "tree_landmark" in result.text


def test_an_empty_store_lists_no_studies() -> None:
    result = run_verb(["studies"])
    assert isinstance(result.value, pd.DataFrame) and result.text == "no studies yet"


def test_the_machine_says_which_models_fit_and_why_not() -> None:
    result = run_verb(["machine"])
    rows = {row["model"]: row for row in result.data["models"]}
    assert rows["google/electra-small-discriminator"]["fits"] == ["full", "partial", "lora", "head"]
    biggest = max(rows.values(), key=lambda row: row["parameters"])
    assert biggest["fits"] == [] and biggest["reason"]


def test_the_store_says_whether_the_starter_stands_in_and_where_it_is_from(tmp_path: Path) -> None:
    empty = run_verb(["store", "info"])
    assert empty.data["starter"]["in_use"] is True
    assert empty.data["starter"]["experiences"] == len(starter())
    assert "starter: in use until the store has its own" in empty.text and "made by xautolm_nb" in empty.text
    with ExperienceStore.open(tmp_path / "own.sqlite") as store:
        store.append(starter()[0])
    full = run_verb(["store", "info", "--store", str(tmp_path / "own.sqlite")])
    assert full.data["starter"]["in_use"] is False and "starter: not in use" in full.text


def test_an_empty_store_is_sound() -> None:
    assert run_verb(["store", "doctor"]).text == "the store is sound"
