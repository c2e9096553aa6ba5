from pathlib import Path

import pytest
import torch
from tiny import save_tiny_model
from transformers import AutoModel, AutoTokenizer

from benchmarks.checkpoints import main
from xautolm_nb.core.errors import ModelError
from xautolm_nb.space.checkpoint import inspect_folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "whole", layers=4)


def run(whole: Path, out: Path, layers: int = 2) -> Path:
    main(["--model", str(whole), "--layers", str(layers), "--out", str(out)])
    return out


def test_a_cut_says_what_the_first_layers_of_the_whole_say(whole: Path, tmp_path: Path) -> None:
    cut, all_layers = AutoModel.from_pretrained(run(whole, tmp_path / "half")), AutoModel.from_pretrained(whole)
    given = AutoTokenizer.from_pretrained(tmp_path / "half")(["the old saw was near apple"], return_tensors="pt")
    with torch.no_grad():
        told = all_layers(**given, output_hidden_states=True).hidden_states
        assert torch.equal(cut(**given).last_hidden_state, told[2])
    assert not torch.equal(told[2], told[4])


def test_a_cut_is_a_model_of_its_own_named_by_its_folder(whole: Path, tmp_path: Path) -> None:
    info = inspect_folder(run(whole, tmp_path / "half"))
    assert (info.id, info.layers, info.is_cut) == ("half", 2, False)
    assert info.parameters < inspect_folder(whole).parameters


def test_the_same_cut_is_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    one, two = run(whole, tmp_path / "a"), run(whole, tmp_path / "b")
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}


def test_more_layers_than_there_are_cannot_be_kept(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expects 1 to 3 layers, but got 4"):
        run(whole, tmp_path / "more", layers=4)
