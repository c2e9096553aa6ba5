"""Code of a model runs only as the user read it, in a worker process and nowhere else."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from foreign_model import cache_foreign_model, save_foreign_model, write_code

from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.model import CODE, ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.run import ProcessRunner
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.own_code import source_of
from xautolm_nb.space import discover_models
from xautolm_nb.space.trust import code_hash

COMMIT, OTHER = "a1" * 20, "b2" * 20


@pytest.fixture(autouse=True)
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers keep what they import of a model in a place of the test."""
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    return tmp_path / "witness.txt"


@pytest.fixture
def folder(tmp_path: Path, witness: Path) -> Path:
    return save_foreign_model(tmp_path / "folk", witness)


@pytest.fixture
def model(folder: Path) -> ModelInfo:
    (found,) = discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"])
    return found


@pytest.fixture
def runner(model: ModelInfo, context: Context, tmp_path: Path) -> Iterator[ProcessRunner]:
    own = ProcessRunner(folder=tmp_path / "study", models={model.id: model}, context=context, rungs=(0.5, 1.0))
    yield own
    own.close()


def trained(runner: ProcessRunner, task: Task, trial: Trial, **config: object) -> FailureKind | None:
    own = replace(trial, config={**trial.config, "model": "folk", **config})
    outcome = runner.run(task, own, emit=lambda _: None, should_stop=lambda: False)
    assert outcome.failure is None or outcome.failure.kind is FailureKind.MODEL_UNAVAILABLE, outcome.failure
    assert (outcome.failure is None) == bool(outcome.curve)
    return outcome.failure.kind if outcome.failure else None


def test_code_that_was_not_allowed_is_never_imported(folder: Path, witness: Path) -> None:
    with pytest.raises(ModelError, match="runs only where allowed"):
        discover_models([str(folder)])
    assert not witness.exists()


def test_allowed_code_is_trained_and_exported_by_a_worker_and_never_runs_here(
    runner: ProcessRunner, task: Task, trial: Trial, witness: Path, tmp_path: Path
) -> None:
    assert not witness.exists()
    assert trained(runner, task, trial, method="full") is None
    assert "modeling_folk" in witness.read_text()
    assert not [name for name in sys.modules if "modeling_folk" in name]
    own = replace(trial, config={**trial.config, "model": "folk"})
    runner.export(task, own, str(tmp_path / "out"))
    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    assert settings["auto_map"]["AutoModelForSequenceClassification"].endswith("FolkForSequenceClassification")
    assert {"modeling_folk.py", "configuration_folk.py"} <= {file.name for file in (tmp_path / "out").iterdir()}
    lora = {
        "lora_rank": 4,
        "lora_scale": 2.0,
        "lora_dropout": 0.0,
        "lora_targets": "all-linear",
        "lora_init": "default",
    }
    others: dict[str, dict[str, Any]] = {"partial": {"layer_share": 0.5}, "lora": lora, "head": {}}
    for number, (method, more) in enumerate(others.items(), start=1):
        assert trained(runner, task, replace(trial, number=number), method=method, **more) is None


def test_a_workers_copy_of_the_code_goes_with_the_worker(
    runner: ProcessRunner, task: Task, trial: Trial, tmp_path: Path
) -> None:
    assert trained(runner, task, trial, method="full") is None
    assert len(list((tmp_path / "study").rglob("xautolm-code-*/model/modeling_folk.py"))) == 1
    runner.close()
    assert not list((tmp_path / "study").rglob("xautolm-code-*"))


@pytest.mark.parametrize("changed", ["modeling_folk.py", "config.json", "added.py"])
def test_what_was_changed_after_it_was_allowed_is_refused_by_the_worker(
    runner: ProcessRunner, task: Task, trial: Trial, folder: Path, witness: Path, changed: str
) -> None:
    file = folder / changed
    if changed == "config.json":
        file.write_text(file.read_text().replace("modeling_folk.Folk", "evil/twin--modeling_folk.Folk"))
    else:
        with file.open("a") as stream:
            stream.write("\nprint('one more line')\n")
    assert trained(runner, task, trial) is FailureKind.MODEL_UNAVAILABLE
    assert not witness.exists()


def test_what_is_written_to_the_folder_after_the_check_does_not_run(model: ModelInfo, folder: Path) -> None:
    place, options = source_of(model)
    assert options["trust_remote_code"] is True and options["local_files_only"] is True
    before = (Path(place) / "modeling_folk.py").read_text()
    (folder / "modeling_folk.py").write_text("raise SystemExit")
    assert source_of(model)[0] == place
    assert (Path(place) / "modeling_folk.py").read_text() == before
    assert (Path(place) / "model.safetensors").resolve() == (folder / "model.safetensors").resolve()


def test_nothing_compiled_and_no_link_to_other_code_comes_into_the_copy(
    folder: Path, witness: Path, tmp_path: Path
) -> None:
    write_code(tmp_path / "elsewhere", witness)
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    (folder / "native.so").write_bytes(b"x")
    (found,) = discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"])
    names = {file.name for file in Path(source_of(found)[0]).iterdir()}
    assert "modeling_folk.py" in names and not {"sub", "native.so"} & names


def test_weights_are_copied_where_files_cannot_be_linked(
    model: ModelInfo, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    with (folder / "configuration_folk.py").open("a") as stream:
        stream.write("\n# a hash of its own, so that no copy of another test serves\n")
    (found,) = discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"])
    monkeypatch.setattr(Path, "symlink_to", refuse)
    copy = Path(source_of(found)[0]) / "model.safetensors"
    assert not copy.is_symlink() and copy.read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_model_of_transformers_is_loaded_from_its_own_place_without_code(tiny: ModelInfo) -> None:
    place, options = source_of(tiny)
    assert place == tiny.path
    assert options == {"revision": "main", "trust_remote_code": False, "local_files_only": True}


def test_code_of_another_repository_runs_at_the_commit_that_was_allowed(
    tmp_path: Path, witness: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    cache_foreign_model(cache, "some/weights", COMMIT, witness, home="some/code")
    allowed = [f"some/weights@{COMMIT}", f"some/code@{OTHER}"]
    (found,) = discover_models(["some/weights"], trust_code=allowed)
    assert found.code == tuple(allowed)
    _, options = source_of(found)
    assert (options["trust_remote_code"], options["code_revision"]) == (True, OTHER)
    (tmp_path / "some" / "code").mkdir(parents=True)
    with monkeypatch.context() as patch, pytest.raises(TrialError, match="would be taken for the repository"):
        patch.chdir(tmp_path)
        source_of(found)
    swapped = replace(found, notes={CODE: f"some/weights@{COMMIT}\nother/code@{OTHER}"})
    with pytest.raises(TrialError, match="names code of some/code, which was not allowed"):
        source_of(swapped)


def test_a_worker_runs_the_allowed_commit_of_another_repository_and_not_its_newest(
    tmp_path: Path, witness: Path, monkeypatch: pytest.MonkeyPatch, context: Context, task: Task, trial: Trial
) -> None:
    cache, newest = tmp_path / "hub", "c3" * 20
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    cache_foreign_model(cache, "some/weights", COMMIT, witness, home="some/code")
    code = cache / "models--some--code"
    write_code(code / "snapshots" / OTHER, witness)
    write_code(code / "snapshots" / newest, tmp_path / "poisoned.txt")
    (code / "refs").mkdir()
    (code / "refs" / "main").write_text(newest)
    (found,) = discover_models(["some/weights"], trust_code=[f"some/weights@{COMMIT}", f"some/code@{OTHER}"])
    runner = ProcessRunner(folder=tmp_path / "study", models={"folk": found}, context=context, rungs=(1.0,))
    try:
        assert trained(runner, task, trial, method="full") is None
    finally:
        runner.close()
    assert OTHER in witness.read_text() and not (tmp_path / "poisoned.txt").exists()


def test_a_model_on_the_hub_is_copied_at_its_commit(
    tmp_path: Path, witness: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    cache_foreign_model(cache, "some/model", COMMIT, witness)
    (found,) = discover_models(["some/model"], trust_code=[f"some/model@{COMMIT}"])
    place, _ = source_of(replace(found, where="hub", path="some/model"))
    assert {"modeling_folk.py", "model.safetensors"} <= {file.name for file in Path(place).iterdir()}


def test_a_commit_that_cannot_be_had_is_unavailable(model: ModelInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    away = replace(model, where="hub", path="some/weights", notes={CODE: f"some/weights@{OTHER}"})
    with pytest.raises(TrialError, match=f"some/weights cannot be had at {OTHER}"):
        source_of(away)
