import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xautolm_nb.core.errors import ModelError
from xautolm_nb.space import discover_models, models

MakeModel = Callable[..., Path]
MINILM = "all-MiniLM-L6-v2"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model lies here but those a test puts in, and no hub is asked."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(models, "LOCAL_PACKAGES", {})


@pytest.fixture
def package(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An importable package that carries a checkpoint, as the demo's does; importing it would fail."""
    folder = make_model("site/carrier/model")
    (tmp_path / "site" / "carrier" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(models, "LOCAL_PACKAGES", {MINILM: ("carrier", "model", f"sentence-transformers/{MINILM}")})
    return folder


def ids(**options: object) -> list[str]:
    return [model.id for model in discover_models(**options)]


def test_a_package_brings_its_model_and_cuts_of_it_without_being_imported(package: Path) -> None:
    found = discover_models()
    assert [model.id for model in found] == [MINILM, f"{MINILM}[:1]", f"{MINILM}[:2]"]
    assert found[0].path == str(package)
    assert (found[0].licence, found[0].languages) == ("apache-2.0", ("en",))
    assert ids(cuts=False) == [MINILM]


def test_a_machine_without_models_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"No pretrained model was found.*extra 'demo'"):
        discover_models()


def test_folders_join_what_is_found(package: Path, make_model: MakeModel) -> None:
    assert ids(folders=[make_model("mine")], cuts=False) == [MINILM, "mine"]


def test_the_hubs_cache_is_found_with_its_revision(make_model: MakeModel) -> None:
    folder = make_model("hub/models--someone--tiny/snapshots/abc")
    make_model("hub/models--someone--decoder/snapshots/abc", config={"model_type": "gpt2", "n_embd": 8, "n_layer": 1})
    (make_model("hub/models--someone--broken/snapshots/abc") / "model.safetensors").unlink()
    [model] = discover_models()
    assert (model.id, model.where, model.revision, model.path) == ("someone/tiny", "cache", "abc", str(folder))


def test_models_that_write_are_found_for_generation(make_model: MakeModel, package: Path) -> None:
    make_model("hub/models--someone--tiny/snapshots/abc")
    make_model("hub/models--someone--decoder/snapshots/abc", config={"model_type": "gpt2", "n_embd": 8, "n_layer": 1})
    assert ids(kind="generation") == ["someone/decoder"]
    assert ids(kind="extractive_qa", cuts=False) == [MINILM, "someone/tiny"]
    assert ids(ids=[MINILM], kind="generation") == [MINILM]


def test_a_model_can_be_asked_for_by_any_of_its_names(make_model: MakeModel, package: Path) -> None:
    folder = make_model("mine")
    make_model("hub/models--google-bert--bert-base-uncased/snapshots/abc")
    asked = [MINILM, str(folder), "bert-base-uncased", f"{MINILM}[:2]"]
    assert ids(ids=asked) == [MINILM, "mine", "bert-base-uncased", f"{MINILM}[:2]"]


def test_a_checkpoint_has_one_id_whether_its_folder_or_its_name_is_given(make_model: MakeModel, package: Path) -> None:
    cached = make_model("hub/models--someone--tiny/snapshots/abc")
    assert ids(ids=[str(package), MINILM], cuts=False) == [MINILM]
    assert ids(ids=[f"{package}[:2]"]) == [f"{MINILM}[:2]"]
    assert ids(folders=[package, make_model("model")], cuts=False) == [MINILM, "model", "someone/tiny"]
    [model] = discover_models([str(cached)])
    assert (model.id, model.where, model.revision, model.path) == ("someone/tiny", "cache", "abc", str(cached))


def test_an_asked_for_model_that_is_not_here_is_named_with_what_was_tried() -> None:
    with pytest.raises(ModelError, match=r"'roberta-base' was not found; tried .*cache.*not reachable"):
        discover_models(["roberta-base"])


def test_with_the_hub_the_default_pool_joins_once(make_model: MakeModel, package: Path) -> None:
    make_model("hub/models--google-bert--bert-base-uncased/snapshots/abc")
    found = ids(allow_network=True, cuts=False)
    assert {MINILM, "google-bert/bert-base-uncased", "roberta-base"} <= set(found)
    assert not {"bert-base-uncased", f"sentence-transformers/{MINILM}"} & set(found)
    assert ids(ids=["roberta-base"], allow_network=True) == ["roberta-base"]


def test_the_room_imports_no_heavy_library() -> None:
    code = "import sys, xautolm_nb.space; print([m for m in ('torch', 'transformers', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
