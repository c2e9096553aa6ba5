"""The four surfaces that take what others wrote, each with good inputs to start from and a judge of any input.

A judge returns when the input was taken or refused as it should be, and raises for everything else. An input is a
mapping with one entry: how it comes in, and a JSON-like tree.
"""

import atexit
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from contracts.store import a_context, a_failure, a_trial, an_experience
from space.samples import known, make_context

from xautolm_nb.core.errors import RequestError, SpaceError, StoreError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.jupyter.protocol import encode, read_request, request_id
from xautolm_nb.jupyter.snippet import python_code
from xautolm_nb.options import parse_seconds
from xautolm_nb.request import SearchRequest
from xautolm_nb.space import SearchSpace, build_space
from xautolm_nb.store import ExperienceStore, import_path
from xautolm_nb.store.cells import read_row, translate_recorded
from xautolm_nb.store.limits import checked
from xautolm_nb.store.records import read_record
from xautolm_nb.store.tables import write_parquet

TESTS = Path(__file__).resolve().parent.parent
CONTEXTS = {"reviews": a_context()}
Tree = dict[str, Any]


@dataclass(frozen=True)
class Surface:
    """One place where input comes in."""

    seeds: Callable[[], list[Tree]]
    judge: Callable[[Tree], None]
    modules: tuple[str, ...]
    """Files whose lines count as reached, below the package."""


# ---- importers -------------------------------------------------------------------------------------------------------


def import_seeds() -> list[Tree]:
    """Records of all layouts, rows of tables, bodies of exports, and whole files (rarely: they are slow)."""
    records = [json.loads(path.read_text()) for path in sorted((TESTS / "golden" / "autogoal").rglob("*.json"))]
    row = {"task": "reviews", "score": "0.5", "seconds": "3.5", "hp_epochs": "2", "hp_rate": 0.1, "model": "tiny",
           "metric": "f1", "maximize": "true", "fidelity": 0.5, "seed": 3, "trial": 1, "created_at": "2025-01-01",
           "metrics": {"accuracy": 0.5}}  # fmt: skip
    vectors = {**row, "kind": "generation", "task_features": [0.5] * 11, "system_features": "[1, 2, 3, 4, 5]",
               "config": '{"epochs": 3, "flag": true}', "failure": "timeout", "message": "late"}  # fmt: skip
    recorded = {"task": "moods", "method": "FullFT", "model": "WORD_EMB_Bert", "macro_f1": 0.5, "accuracy": 0.6,
                "evaluation_seconds": 9.5, "finished_at": "2025-01-01 10:00:00", "hp_batch_size": 8.0,
                "task_features": [0.5] * 10, "system_features": [1.0] * 5}  # fmt: skip
    bodies = [json.loads(to_json(an_experience(1, curve=a_trial().curve, seed=3))), json.loads(to_json(a_failure()))]
    table = "task,score,seconds,failure,message,hp_epochs,config\nreviews,0.5,3.5,,,2,\n" + \
            'reviews,,,timeout,"too late, sorry",4,"{""a"": 1}"\n'  # fmt: skip
    small = [{"record": record} for record in records] + [{"row": row}, {"row": vectors}, {"recorded": recorded}]
    small += [{"body": body} for body in bodies] + [{"text": json.dumps(records[0])}]
    return small * 3 + [
        {"csv": table},
        {"json": json.dumps(records[0])},
        {"parquet": _a_parquet()},
        {"store": _a_store()},
    ]


def judge_import(tree: Tree) -> None:
    """Whatever comes is taken whole or refused with a `ValueError` of the record, or a `StoreError` of the file."""
    ((kind, data),) = tree.items()
    if kind in ("csv", "json", "parquet", "store"):
        _judge_file(kind, str(data))
        return
    try:
        experience = _read(kind, data)
    except ValueError:
        return
    if experience is not None:
        _judge_experience(experience)


def _read(kind: str, data: Any) -> Experience | None:
    if kind in ("record", "text"):
        text = data if kind == "text" and isinstance(data, str) else json.dumps(data)
        record = read_record("a/2025-01-01/10_00_00.json", text.encode("utf-8", "surrogatepass"), {})
        assert record.score is None or np.isfinite(record.score)
        return None
    if kind == "body":
        return read_row({"body": json.dumps(data)}, CONTEXTS, source="fuzz")
    cells = {str(name): value for name, value in data.items()} if isinstance(data, dict) else {}
    if kind == "recorded":
        cells = dict(translate_recorded(cells, {}))
    return read_row(cells, CONTEXTS, source="fuzz")


def _judge_experience(experience: Experience) -> None:
    again = from_json(to_json(experience), Experience)
    assert again == experience, "it does not read back"
    assert again.id == experience.id
    assert checked(experience) == experience


def _judge_file(kind: str, data: str) -> None:
    store, folder = _store(), _folder()
    suffix = {"csv": ".csv", "json": ".json", "parquet": ".parquet", "store": ".sqlite"}[kind]
    path = folder / f"case{suffix}"
    binary = kind in ("parquet", "store")
    path.write_bytes(data.encode("latin-1", "replace") if binary else data.encode("utf-8", "surrogatepass"))
    before = store.count()
    try:
        summary = import_path(store, path, on_error="skip" if len(data) % 2 else "raise")
    except StoreError:
        assert store.count() == before, "a part was written"
    else:
        assert store.count() == before + summary.new
        for experience in store.experiences(limit=summary.new):
            _judge_experience(experience)
    for left in folder.glob("case*"):
        left.unlink()


@cache
def _store() -> ExperienceStore:
    store = ExperienceStore.open(":memory:")
    store.append(an_experience(99))
    return store


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="xautolm-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _a_parquet() -> str:
    path = _folder() / "seed.parquet"
    write_parquet([an_experience(1), a_failure()], path)
    return path.read_bytes().decode("latin-1")


def _a_store() -> str:
    path = _folder() / "seed.sqlite"
    with ExperienceStore.open(path) as store:
        store.append(an_experience(1), a_failure())
    return path.read_bytes().decode("latin-1")


# ---- request ---------------------------------------------------------------------------------------------------------


def request_seeds() -> list[Tree]:
    """Options as people write them, and durations."""
    full = SearchRequest(text=("a", "b"), label="c", budget_seconds=5400.0, models=("x",), max_rows=100,
                         trust_code=(f"some/model@{'a1' * 20}", f"folder@sha256:{'b2' * 32}")).to_mapping()  # fmt: skip
    people = {"text": "a,b", "label": "c", "budget": "1h30m", "objectives": ["f1", "seconds"], "methods": "lora,full",
              "rungs": "0.25,0.5,1", "test": True, "seed": 3, "device": "cpu", "grace": 0, "keep": 2, "name": "my task",
              "trial_timeout": "10m", "max_trials": 5, "validation": "0.3", "use_prior": "false",
              "use_starter": "0"}  # fmt: skip
    durations = ["90s", "1h30m", "2.5h", "1d 2h", "15", "1m30s"]
    return [{"options": full}, {"options": people}, *[{"duration": text} for text in durations]]


def judge_request(tree: Tree) -> None:
    """Options become a request that reads back equal, or a `RequestError`."""
    ((kind, data),) = tree.items()
    try:
        if kind == "duration":
            assert 0 < parse_seconds(data) < float("inf")
            return
        request = SearchRequest.from_mapping(data if isinstance(data, dict) else {"text": data})
    except RequestError as error:
        assert len(str(error)) < 100_000
        return
    plain = json.loads(json.dumps(request.to_mapping()))
    again = SearchRequest.from_mapping(plain)
    assert again.to_mapping() == plain, "it does not read back"


# ---- wire ------------------------------------------------------------------------------------------------------------


def wire_seeds() -> list[Tree]:
    """The golden messages of both sides."""
    golden = [json.loads(path.read_text()) for path in sorted((TESTS.parent / "protocol").glob("*.json"))]
    return [{"message": message} for message in golden if isinstance(message, dict) and "type" in message]


def judge_wire(tree: Tree) -> None:
    """A message becomes a request that is written as it was read, or a `RequestError`; its id is text or nothing."""
    message = tree["message"]
    found = request_id(message)
    assert found is None or isinstance(found, str)
    try:
        request = read_request(message)
    except RequestError as error:
        str(error).encode("utf-8", "replace")
        return
    try:
        plain = encode(request)
    except ValueError as error:
        assert "nested too deeply" in str(error)
        return
    assert read_request(json.loads(json.dumps(plain))) == read_request(plain)
    options = getattr(request, "request", None)
    if isinstance(options, Mapping):
        try:
            compile(
                python_code(request.data, request.source, options, store=request.store).partition("\n")[2], "", "exec"
            )
        except RequestError:
            return


# ---- space -----------------------------------------------------------------------------------------------------------


@cache
def _space() -> SearchSpace:
    models = [known("bert-base-uncased"), known("distilbert-base-uncased")]
    return build_space(make_context(), models)


def space_seeds() -> list[Tree]:
    """Points of the unit cube, configurations, and limits."""
    space, rng = _space(), np.random.default_rng(0)
    configs = [space.sample(rng) for _ in range(12)]
    limits = [{"epochs": "<=3"}, {"learning_rate": [1e-5, 1e-4], "method": "lora"}, {"batch_size": "8..32"},
              {"method": ["full", "head"], "epochs": 2}, {"learning_rate": ">=1e-5"}]  # fmt: skip
    points = [[float(value) for value in space.encode(config)] for config in configs]
    return [*[{"config": config} for config in configs], *[{"point": point} for point in points],
            *[{"limits": limit} for limit in limits]]  # fmt: skip


def judge_space(tree: Tree) -> None:
    """A point decodes to a valid configuration; a valid configuration comes back from its point; else `SpaceError`."""
    ((kind, data),) = tree.items()
    space = _space()
    try:
        if kind == "limits":
            limited = space.restrict(data if isinstance(data, dict) else {"epochs": data})
            limited.validate(limited.sample(np.random.default_rng(1)))
            return
        if kind == "point":
            config = space.decode(data if isinstance(data, list) else [data])
            space.validate(config)  # must not raise, see below
        else:
            config = data if isinstance(data, dict) else {"epochs": data}
            space.validate(config)
    except SpaceError as error:
        assert kind != "point" or "point" in str(error), f"a decoded point is not valid: {error}"
        return
    point = space.encode(config)
    assert ((point >= 0) & (point <= 1)).all()
    again = space.decode(point)
    space.validate(again)
    assert again.keys() == config.keys()
    for name, value in config.items():
        assert again[name] == value or abs(again[name] - value) <= 1e-6 * abs(value), (name, value, again[name])
    changed = space.repair(config, np.random.default_rng(0))
    space.validate(changed)


SURFACES: dict[str, Surface] = {
    "importers": Surface(import_seeds, judge_import, ("store/", "core/serial.py", "core/secrets.py")),
    "request": Surface(request_seeds, judge_request, ("request.py", "options.py", "core/serial.py")),
    "wire": Surface(wire_seeds, judge_wire, ("jupyter/protocol.py", "jupyter/snippet.py", "options.py", "request.py")),
    "space": Surface(space_seeds, judge_space, ("space/space.py", "space/parameters.py", "space/limits.py")),
}


def pick(corpus: list[Tree], rng: random.Random) -> Tree:
    """An input to start from; whole files are slow, so they are rare."""
    while True:
        tree = corpus[rng.randrange(len(corpus))]
        if not tree.keys() & {"csv", "json", "parquet", "store"} or rng.random() < 0.05:
            return tree
