"""A model's own code is refused unless exactly that code was allowed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from space.samples import BERT_CONFIG

from xautolm_nb.core.errors import ModelError, RequestError
from xautolm_nb.metafeatures import probe_system
from xautolm_nb.space import cuts, discover_models, fit_table, models
from xautolm_nb.space.trust import Trust, code_hash, other_repositories, parse_grant

MakeModel = Callable[..., Path]
COMMIT, OTHER = "a1" * 20, "b2" * 20
FOREIGN: dict[str, Any] = {**BERT_CONFIG, "model_type": "newest", "auto_map": {"AutoModel": "modeling.Newest"}}
ABROAD: dict[str, Any] = {**FOREIGN, "auto_map": {"AutoModel": "some/code--modeling.Newest"}}


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(models, "LOCAL_PACKAGES", {})


@pytest.fixture
def folder(make_model: MakeModel) -> Path:
    """A model with code that must never be imported."""
    path = make_model("mine", config=FOREIGN)
    (path / "modeling.py").write_text("raise RuntimeError('imported')")
    return path


@pytest.fixture
def snapshot(make_model: MakeModel) -> Path:
    """A model in the hub's cache whose code lies beside its weights."""
    return make_model(f"hub/models--some--model/snapshots/{COMMIT}", config=FOREIGN)


@pytest.mark.parametrize("text", [f"some/model@{COMMIT}", f"gpt2@{COMMIT}", f"a folder/x@sha256:{'0' * 64}"])
def test_an_entry_names_a_model_and_pins_it(text: str) -> None:
    assert str(parse_grant(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("some/model@main", "'main', which can change after it was looked at.*Write the commit"),
        ("some/model@v1.0", "'v1.0', which can change"),
        (f"some/model@{COMMIT[:12]}", "can change"),
        (f"some/model@{COMMIT.upper()}", "can change"),
        ("some/model", "'some/model' without a commit"),
        ("some/model@", "can change"),
        ("some/model@sha256:12", "ORG/NAME@COMMIT with the whole commit"),
        (f"../../x@{COMMIT}", "ORG/NAME@COMMIT with the whole commit"),
        (f"@{COMMIT}", "ORG/NAME@COMMIT with the whole commit"),
        ("", "ORG/NAME@COMMIT with the whole commit"),
    ],
)
def test_an_entry_that_does_not_pin_the_code_is_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_grant(text)


@pytest.mark.parametrize("end", ["", "@main", "@sha256:12", f"@{COMMIT}"])
def test_a_folder_is_pinned_by_its_hash_which_the_error_names(folder: Path, end: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_grant(f"{folder}{end}")
    assert f"{folder}@{code_hash(folder)}" in str(caught.value)


def test_the_hash_is_of_names_and_contents_of_all_python_files(folder: Path) -> None:
    seen = {code_hash(folder)}
    for change in (
        lambda: (folder / "sub").mkdir() or (folder / "sub" / "deep.py").write_text("1"),
        lambda: (folder / "sub" / "deep.py").rename(folder / "sub" / "other.py"),
        lambda: (folder / "modeling.py").write_text("2"),
    ):
        change()
        seen.add(code_hash(folder))
    assert len(seen) == 4
    (folder / "config.json").write_text("{}")
    assert code_hash(folder) in seen


def test_a_model_that_needs_code_is_refused_with_what_to_write(folder: Path, snapshot: Path) -> None:
    with pytest.raises(ModelError) as caught:
        discover_models([str(folder)])
    assert f"trust_code='{folder}@{code_hash(folder)}' (--trust-code)" in str(caught.value)
    with pytest.raises(ModelError, match=f"trust_code='some/model@{COMMIT}'"):
        discover_models(["some/model"])
    with pytest.raises(ModelError, match="No pretrained model"):
        discover_models()


def test_an_allowed_model_is_described_and_says_whose_code_it_runs(folder: Path, snapshot: Path) -> None:
    pin = code_hash(folder)
    (mine,) = discover_models([str(folder)], trust_code=[f"{folder}@{pin}"])
    assert (mine.code, mine.revision, mine.layers > 0) == ((f"mine@{pin}",), pin, True)
    for asked in (["some/model"], None):
        (cached,) = discover_models(asked, trust_code=[f"some/model@{COMMIT}"])
        assert (cached.code, cached.revision) == ((f"some/model@{COMMIT}",), COMMIT)
    (row,) = fit_table([cached], probe_system("cpu"))
    assert row["code"] == (f"some/model@{COMMIT}",)


def test_the_commit_that_was_allowed_is_taken_and_no_other(make_model: MakeModel, snapshot: Path) -> None:
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text(OTHER)
    make_model(f"hub/models--some--model/snapshots/{OTHER}", config=FOREIGN)
    (found,) = discover_models(["some/model"], trust_code=[f"some/model@{COMMIT}"])
    assert found.path == str(snapshot)
    with pytest.raises(ModelError, match=f"'some/model' at commit {'d4' * 20} was not found"):
        discover_models(["some/model"], trust_code=[f"some/model@{'d4' * 20}"])


def test_a_folder_that_only_looks_like_the_hubs_cache_is_a_folder(make_model: MakeModel) -> None:
    fake = make_model(f"archive/models--some--model/snapshots/{COMMIT}", config=FOREIGN)
    with pytest.raises(ModelError, match="sha256:"):
        discover_models([str(fake)], trust_code=[f"some/model@{COMMIT}"])


def test_code_that_changed_is_refused_with_its_new_hash(folder: Path) -> None:
    before = f"{folder}@{code_hash(folder)}"
    (folder / "modeling.py").write_text("raise RuntimeError('another')")
    with pytest.raises(ModelError, match="what was allowed is sha256:") as caught:
        discover_models([str(folder)], trust_code=[before])
    assert code_hash(folder) in str(caught.value)


def test_code_of_another_repository_must_be_allowed_as_well(make_model: MakeModel) -> None:
    folder = make_model("abroad", config=ABROAD)
    own = f"{folder}@{code_hash(folder)}"
    with pytest.raises(ModelError, match="needs code of another repository, some/code"):
        discover_models([str(folder)], trust_code=[own])
    (found,) = discover_models([str(folder)], trust_code=[own, f"some/code@{OTHER}"])
    assert found.code[1:] == (f"some/code@{OTHER}",)


@pytest.mark.parametrize(
    "auto_map", [{"AutoModel": "a/b--m.X", "AutoConfig": "m.Y"}, {"A": "a/b--m.X", "B": "c/d--m.X"}]
)
def test_code_in_several_places_is_refused(auto_map: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="several repositories"):
        other_repositories({"auto_map": auto_map})


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "", "a/b/c", "a\nb", "-x"])
def test_code_is_taken_from_no_place_but_a_repository(name: str) -> None:
    with pytest.raises(ModelError, match="no repository of the hub"):
        other_repositories({"auto_map": {"AutoModel": f"{name}--modeling.X"}})


def test_a_tokenizers_code_counts_too(make_model: MakeModel) -> None:
    tokenizer = {"auto_map": {"AutoTokenizer": ["evil/code--tokens.Slow", None]}}
    assert other_repositories({"auto_map": {"AutoModel": "evil/code--m.X"}}, tokenizer) == ("evil/code",)
    folder = make_model("mine", config=FOREIGN, tokenizer=tokenizer)
    with pytest.raises(ModelError, match="several repositories"):
        discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"])


def test_an_entry_that_no_model_needs_is_refused(make_model: MakeModel) -> None:
    plain = make_model("plain")
    for entry in (f"{plain}@{code_hash(plain)}", f"some/model@{COMMIT}"):
        with pytest.raises(ModelError, match="no model of this search needs it"):
            discover_models([str(plain)], trust_code=[entry])
    assert not Trust.of([]).grants


def test_what_cannot_be_described_or_cut_is_refused(make_model: MakeModel, folder: Path) -> None:
    config = {name: value for name, value in FOREIGN.items() if name not in ("hidden_size", "num_hidden_layers")}
    odd = make_model("odd", config=config)
    with pytest.raises(ModelError, match="does not name its hidden size, number of layers"):
        discover_models([str(odd)], trust_code=[f"{odd}@{code_hash(odd)}"])
    found = discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"], cuts=True)
    assert [model.id for model in found] == ["mine"]
    with pytest.raises(ModelError, match="own code need not heed"):
        cuts(found[0], [1])


def test_a_name_of_a_folder_cannot_pose_as_a_second_pin(make_model: MakeModel) -> None:
    folder = make_model(f"x@y\nevil/code@{OTHER}", config=FOREIGN)
    (found,) = discover_models([str(folder)], trust_code=[f"{folder}@{code_hash(folder)}"])
    assert len(found.code) == 1
