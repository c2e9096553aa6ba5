"""Bad inputs by the place where they come in: what is wrong, and the call that must refuse it with one clear error.

The table of `docs/bad-input.md` is made of these by `test_bad_inputs.py`.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from contracts.store import a_context, a_record, an_experience
from space.samples import BERT_TENSORS, write_safetensors

from xautolm_nb.jupyter.protocol import read_request
from xautolm_nb.jupyter.snippet import python_code
from xautolm_nb.request import SearchRequest, check_places
from xautolm_nb.space import discover_models
from xautolm_nb.space.models import inspect_folder
from xautolm_nb.space.trust import code_hash
from xautolm_nb.store import ExperienceStore, import_path
from xautolm_nb.store.tables import read_table
from xautolm_nb.tasks import prepare_task

Call = Callable[[Path], object]
RECORD = {
    "alias": "moods", "timestamp": "2025-01-01T10:00:00", "algorithms": [{"Head": {"epochs": {"value": 3}}}],
    "metrics": {"f1": 0.5, "evaluation_time": 9.0}, "dataset_features": [1.0] * 10, "system_features": [1.0] * 5,
}  # fmt: skip
ROW = {"task": "reviews", "score": 0.5, "seconds": 3.0, "hp_epochs": 2}
START = {"type": "start", "v": 1, "id": "a", "data": "df", "source": "variable", "request": {}}
CONTEXTS = {"reviews": a_context()}


@dataclass(frozen=True)
class Bad:
    """One bad input."""

    place: str
    what: str
    call: Call


def options(**given: Any) -> Call:
    return lambda _folder: SearchRequest.from_mapping(given)


def message(**changes: Any) -> Call:
    data = {name: value for name, value in (START | changes).items() if value is not ...}
    return lambda _folder: read_request(data)


def row(**changes: Any) -> Call:
    cells = {name: value for name, value in (ROW | changes).items() if value is not ...}

    def call(folder: Path) -> object:
        pd.DataFrame([cells]).to_parquet(folder / "trials.parquet")
        return read_table(folder / "trials.parquet", contexts=CONTEXTS)

    return call


def record(content: str | None = None, **changes: Any) -> Call:
    data = {name: value for name, value in (RECORD | changes).items() if value is not ...}
    return imported("record.json", (json.dumps(data) if content is None else content).encode())


def imported(name: str, content: bytes) -> Call:
    def call(folder: Path) -> object:
        (folder / name).write_bytes(content)
        with ExperienceStore.open(":memory:") as store:
            return import_path(store, folder / name)

    return call


def opened(where: str) -> Call:
    return lambda folder: ExperienceStore.open(where.replace("FOLDER", str(folder)))


def spoiled(*statements: str) -> Call:
    """Open a store that somebody worked on with another tool."""

    def call(folder: Path) -> object:
        path = folder / "store.sqlite"
        with ExperienceStore.open(path) as store:
            store.append(an_experience(1))
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        with ExperienceStore.open(":memory:") as store:
            return import_path(store, path)

    return call


def written(name: str, content: bytes, call: Call) -> Call:
    def both(folder: Path) -> object:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return call(folder)

    return both


def foreign(auto_map: dict[str, str], allowed: Callable[[str], list[str]]) -> Call:
    """Look at a model whose config names code; `allowed` makes `trust_code` of its folder's right entry."""

    def call(folder: Path) -> object:
        place = folder / "m"
        place.mkdir()
        (place / "config.json").write_text(json.dumps({"model_type": "newest", "auto_map": auto_map}))
        (place / "m.py").write_text("raise RuntimeError('imported')")
        write_safetensors(place / "model.safetensors", BERT_TENSORS)
        entries = allowed(f"{place}@{code_hash(place)}")
        return discover_models([str(place)], trust_code=SearchRequest(trust_code=tuple(entries)).trust_code)

    return call


def asked(work: Callable[[ExperienceStore], object]) -> Call:
    def call(_folder: Path) -> object:
        with ExperienceStore.open(":memory:") as store:
            for name in ("docs", "notes"):
                store.create_study(a_record(name))
            return work(store)

    return call


def data(frame: pd.DataFrame, **given: Any) -> Call:
    return lambda folder: prepare_task(frame, folder=folder / "data", **{"text": ["text"], "label": "label"} | given)


def places(folder: Path) -> object:
    with ExperienceStore.open(folder / "s.sqlite") as store:
        return check_places(a_record(folder="/home/me"), store)


GOOD = pd.DataFrame({"text": [f"text {n} of {n % 2}" for n in range(40)], "label": ["no", "yes"] * 20})

CASES = [
    Bad("data", "neither table nor file", lambda folder: prepare_task(3, folder=folder)),
    Bad("data", "two columns of one name", data(pd.DataFrame([["a", "b", "c"]], columns=["text", "text", "label"]))),
    Bad("data", "a task kind that does not exist", data(GOOD, kind="regression")),
    Bad("data", "a metric of another kind of task", data(GOOD, metric="rouge_l")),
    Bad("data", "ids as labels of a classification",
        data(GOOD.assign(label=[f"id{n}" for n in range(40)]), kind="classification")),
    Bad("data", "no rows", data(GOOD[:0])),
    Bad("data", "labels that are missing", data(GOOD.assign(label=[None, *GOOD["label"][1:]]))),
    Bad("options", "a misspelt option", options(bugdet="3m")),
    Bad("options", "a budget in words", options(budget="soon")),
    Bad("options", "a budget of nothing", options(budget=0)),
    Bad("options", "a budget beyond a year", options(budget="400d")),
    Bad("options", "epochs in words", options(max_epochs="many")),
    Bad("options", "half an epoch", options(max_epochs=1.5)),
    Bad("options", "no trials", options(max_trials=0)),
    Bad("options", "too few rows", options(max_rows=3)),
    Bad("options", "a negative seed", options(seed=-1)),
    Bad("options", "a seed beyond 32 bits", options(seed=2**40)),
    Bad("options", "fidelities that fall", options(rungs="0.5,0.2,1")),
    Bad("options", "fidelities that do not end with 1", options(rungs=[0.25, 0.5])),
    Bad("options", "fidelities with a gap", options(rungs="0.5,,1")),
    Bad("options", "a fidelity that is no number", options(rungs=[0.5, float("nan"), 1])),
    Bad("options", "a validation share that is no number", options(validation="nan")),
    Bad("options", "a test share of all", options(test=1.0)),
    Bad("options", "three text columns", options(text="a,b,c")),
    Bad("options", "a number as text column", options(text=3)),
    Bad("options", "a number as label column", options(label=3)),
    Bad("options", "a list as name", options(name=["a"])),
    Bad("options", "a path as name", options(name="../../x")),
    Bad("options", "markup as name", options(name="<b>x</b>")),
    Bad("options", "a method that does not exist", options(methods="lorra")),
    Bad("options", "no methods", options(methods=[])),
    Bad("options", "an objective that does not exist", options(objectives="beauty")),
    Bad("options", "time as the first objective", options(objectives="seconds,f1")),
    Bad("options", "a device that does not exist", options(device="tpu")),
    Bad("options", "an optimizer that does not exist", options(optimizer="magic")),
    Bad("options", "a yes that is none", options(use_prior="perhaps")),
    Bad("options", "permission for the code of a branch", options(trust_code="some/model@main")),
    Bad("options", "permission for the code of a short commit", options(trust_code="some/model@a1b2c3d")),
    Bad("options", "permission for code without a commit", options(trust_code="some/model")),
    Bad("options", "permission for the code of everybody", options(trust_code=True)),
    Bad("options", "permission for the code of a folder without a hash",
        foreign({"AutoModel": "m.X"}, lambda pin: [pin.partition("@")[0]])),
    Bad("options", "no checkpoints kept", options(keep=0)),
    Bad("store", "a file that is no database", written("a.sqlite", b"no database" * 99, opened("FOLDER/a.sqlite"))),
    Bad("store", "a folder below a file", written("file", b"", opened("FOLDER/file/store.sqlite"))),
    Bad("store", "a database of another kind", opened("mysql://me:s3cret@host/team")),
    Bad("store", "a URL that cannot be read", opened("postgresql://me:s3cret@host:port/team")),
    Bad("store", "a URL with one slash", opened("postgresql:/me:s3cret@host/team")),
    Bad("store", "a password with an '@'", opened("postgresql://me:s3cr@et@host/team")),
    Bad("store", "a database of another program",
        spoiled("DROP TABLE meta", "CREATE TABLE invoices (x)")),
    Bad("store", "a newer store", spoiled("UPDATE meta SET value = '99'")),
    Bad("store", "a version that is no number", spoiled("UPDATE meta SET value = 'new'")),
    Bad("store", "a store without its trials", spoiled("DROP TABLE rungs", "DROP TABLE trials")),
    Bad("store", "a record that is no JSON", spoiled("UPDATE experiences SET body = 'x'")),
    Bad("store", "a record without its context", spoiled("PRAGMA foreign_keys = OFF", "DELETE FROM contexts")),
    Bad("store", "a record of negative time",
        spoiled("UPDATE experiences SET body = replace(body, '12.5', '-12.5')")),
    Bad("store", "a study that does not exist", asked(lambda store: store.study("dosc"))),
    Bad("store", "an empty name", asked(lambda store: store.study(""))),
    Bad("store", "a name of two studies", asked(lambda store: [store.create_study(a_record("docs", "2")),
                                                               store.study("docs")])),
    Bad("store", "an id that is taken", asked(lambda store: store.create_study(a_record("docs")))),
    Bad("store", "an id that means the newest", asked(lambda store: store.create_study(a_record("x", "last")))),
    Bad("store", "a field a study does not have", asked(lambda store: store.update_study("id-docs", colour="red"))),
    Bad("store", "an experience that does not exist", asked(lambda store: store.get("%"))),
    Bad("store", "a configuration that is not finite",
        asked(lambda store: store.append(an_experience(config={"rate": float("nan")})))),
    Bad("store", "a study of another place", places),
    Bad("import", "nothing", lambda folder: import_path(ExperienceStore.open(":memory:"), folder / "nothing")),
    Bad("import", "a URL in the place of a path",
        lambda _folder: import_path(ExperienceStore.open(":memory:"), "postgresql://me:s3cret@host/team")),
    Bad("import", "a file of another kind", imported("picture.png", b"")),
    Bad("import", "a table without its columns", imported("t.csv", b"name,f1\nx,1\n")),
    Bad("import", "an empty table", imported("t.csv", b"")),
    Bad("import", "a folder without records", lambda folder: import_path(ExperienceStore.open(":memory:"), folder)),
    Bad("import", "a row of an unknown task", row(task="letters")),
    Bad("import", "a row without a task", row(task=None)),
    Bad("import", "a row with neither score nor failure", row(score=None)),
    Bad("import", "a score in words", row(score="high")),
    Bad("import", "a score that is infinite", row(score=float("inf"))),
    Bad("import", "a negative time", row(seconds=-1.0)),
    Bad("import", "a fidelity above 1", row(fidelity=1.5)),
    Bad("import", "half a trial number", row(trial=1.5)),
    Bad("import", "a trial number beyond 32 bits", row(trial=2**40)),
    Bad("import", "a moment that is none", row(created_at="2025-13-45")),
    Bad("import", "a moment before the year 1", row(created_at="0001-01-01T00:00:00+23:59")),
    Bad("import", "a failure that does not exist", row(score=None, failure="bad luck")),
    Bad("import", "a configuration that is a list", row(config="[1]")),
    Bad("import", "no configuration", row(hp_epochs=None)),
    Bad("import", "a parameter that is not finite", row(hp_epochs=float("inf"))),
    Bad("import", "a task name as long as a book",
        row(task="x" * 501, task_features=str([1] * 10), system_features=str([1] * 5))),
    Bad("import", "features of another size", row(task_features="[1, 2]", system_features="[1, 2, 3, 4, 5]")),
    Bad("import", "a kind that does not exist",
        row(kind="regression", task_features="[1]", system_features="[1]")),
    Bad("import", "a changed body", row(body='{"task_name": "x"}')),
    Bad("import", "a record that is a list", record("[]")),
    Bad("import", "a record nested too deeply", record('{"algorithms": ' + "[" * 3000)),
    Bad("import", "a record of 5 MiB", record(" " * (5 * 2**20))),
    Bad("import", "a record of two algorithms", record(algorithms=[{"A": {}}, {"B": {}}])),
    Bad("import", "a record without a time", record(timestamp=...)),
    Bad("import", "a record with too few features", record(system_features=[1.0])),
    Bad("import", "a record with a feature that is no number", record(dataset_features=["many"] * 10)),
    Bad("import", "a number beyond all floats",
        record(algorithms=[{"Head": {"epochs": {"value": 10**400}}}])),
    Bad("models", "a folder without a configuration", lambda folder: discover_models([str(folder)])),
    Bad("models", "a configuration that is no JSON", written("m/config.json", b"{", lambda f: inspect_folder(f / "m"))),
    Bad("models", "a configuration that is a list", written("m/config.json", b"[]", lambda f: inspect_folder(f / "m"))),
    Bad("models", "weights as a pickle only", written(
        "m/config.json", b'{"model_type": "bert"}',
        written("m/pytorch_model.bin", b"x", lambda f: inspect_folder(f / "m")))),
    Bad("models", "weights that are no safetensors", written(
        "m/config.json", b'{"model_type": "bert"}',
        written("m/model.safetensors", b"x" * 99, lambda f: inspect_folder(f / "m")))),
    Bad("models", "a name that nobody has", lambda _folder: discover_models(["no/such-model"], allow_network=False)),
    Bad("models", "code of its own that was not allowed", foreign({"AutoModel": "m.X"}, lambda _pin: [])),
    Bad("models", "code that changed after it was allowed", foreign(
        {"AutoModel": "m.X"}, lambda pin: [f"{pin.partition('@')[0]}@sha256:{'0' * 64}"])),
    Bad("models", "code of a second repository that was not allowed",
        foreign({"AutoModel": "some/code--m.X"}, lambda pin: [pin])),
    Bad("models", "code in two repositories",
        foreign({"AutoModel": "some/code--m.X", "AutoConfig": "m.C"}, lambda pin: [pin])),
    Bad("models", "code, and sizes under names of its own", foreign({"AutoModel": "m.X"}, lambda pin: [pin])),
    Bad("models", "code that is allowed and not needed", foreign({}, lambda pin: [pin])),
    Bad("messages", "a list", lambda _folder: read_request([])),
    Bad("messages", "an older version", message(v=0)),
    Bad("messages", "a newer version", message(v=2)),
    Bad("messages", "a version in words", message(v="1")),
    Bad("messages", "an unknown type", message(type="format_disk")),
    Bad("messages", "no id", message(id=...)),
    Bad("messages", "a number as id", message(id=3)),
    Bad("messages", "a field too many", message(colour="red")),
    Bad("messages", "an unknown source", message(source="ftp")),
    Bad("messages", "options that are a list", message(request=[])),
    Bad("messages", "a limit of a million", lambda _folder: read_request(
        {"type": "studies", "v": 1, "id": "a", "limit": 10**6})),
    Bad("messages", "half a character", message(**{"a\ud800": 1})),
    Bad("messages", "code in the place of a variable",
        lambda _folder: python_code("df); import os #", "variable", {})),
]  # fmt: skip
