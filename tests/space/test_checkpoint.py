import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from space.samples import BERT_CONFIG, BERT_TENSORS, known, write_safetensors

from xautolm_nb.core.errors import ModelError
from xautolm_nb.space import cuts, inspect_folder
from xautolm_nb.space.checkpoint import describe_config

MakeModel = Callable[..., Path]
BODY = (50 + 64) * 8 + 3 * 8 * 16 + 8 * 8


def test_a_folder_is_described_by_its_config_and_header(make_model: MakeModel) -> None:
    folder = make_model()
    model = inspect_folder(folder)
    assert (model.id, model.path, model.where) == ("tiny", str(folder), "local")
    assert (model.family, model.architecture) == ("bert", "encoder")
    assert (model.layers, model.full_layers, model.hidden, model.intermediate, model.heads) == (3, 3, 8, 16, 2)
    assert model.parameters == BODY  # neither the head nor the integer table counts
    assert model.embedding_parameters == (50 + 64) * 8
    assert model.bytes_on_disk == (folder / "model.safetensors").stat().st_size
    assert not model.is_cut


@pytest.mark.parametrize(
    ("config", "tokenizer", "limit"),
    [
        (BERT_CONFIG, {"model_max_length": 32}, 32),
        (BERT_CONFIG, {"model_max_length": 10**30}, 64),
        (BERT_CONFIG, {}, 64),
        ({**BERT_CONFIG, "model_type": "roberta", "max_position_embeddings": 514}, {}, 512),
        ({**BERT_CONFIG, "max_position_embeddings": None}, {}, 512),
    ],
)
def test_the_longest_input_is_the_smaller_sane_limit(
    make_model: MakeModel, config: dict[str, Any], tokenizer: dict[str, Any], limit: int
) -> None:
    assert inspect_folder(make_model(config=config, tokenizer=tokenizer)).max_positions == limit


def test_shards_are_counted_together(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "model.safetensors").unlink()
    names = list(BERT_TENSORS)
    parts = {"a.safetensors": names[:3], "b.safetensors": names[3:]}
    for file, part in parts.items():
        write_safetensors(folder / file, {name: BERT_TENSORS[name] for name in part})
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert inspect_folder(folder).parameters == BODY
    (folder / "b.safetensors").unlink()
    with pytest.raises(ModelError, match=r"b\.safetensors"):
        inspect_folder(folder)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "only read from safetensors"),
        (lambda folder: (folder / "config.json").unlink(), "no readable config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "no readable config.json"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no"), "not a readable safetensors file"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 64), "not a readable safetensors file"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\x02" + bytes(7) + b"[]"), None),
    ],
)
def test_a_spoilt_folder_is_refused_with_the_reason(
    make_model: MakeModel, spoil: Callable[[Path], object], words: str | None
) -> None:
    folder = make_model()
    spoil(folder)
    if words is None:  # an empty header is a valid file without weights
        assert inspect_folder(folder).parameters == 0
        return
    with pytest.raises(ModelError, match=words):
        inspect_folder(folder)


def test_a_model_that_needs_foreign_code_is_refused(make_model: MakeModel) -> None:
    foreign = {**BERT_CONFIG, "model_type": "newest", "auto_map": {"AutoModel": "modeling.Newest"}}
    with pytest.raises(ModelError, match="needs code of its own, which runs only where allowed"):
        inspect_folder(make_model(config=foreign))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is none"):
        inspect_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("config", "architecture", "layers"),
    [
        ({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 1024},
         "decoder", 12),
        ({"model_type": "t5", "d_model": 512, "num_layers": 6, "num_heads": 8, "d_ff": 2048, "vocab_size": 32128},
         "encoder_decoder", 12),
        ({"model_type": "bart", "d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "vocab_size": 50265},
         "encoder_decoder", 12),
        ({"model_type": "distilbert", "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072,
          "vocab_size": 30522, "max_position_embeddings": 512}, "encoder", 6),
        ({"model_type": "brand-new", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 10,
          "architectures": ["BrandNewForCausalLM"]}, "decoder", 2),
    ],
)  # fmt: skip
def test_configs_of_other_families_are_understood(config: dict[str, Any], architecture: str, layers: int) -> None:
    model = describe_config(config, id="x", path="x")
    assert (model.architecture, model.layers) == (architecture, layers)
    assert model.parameters > model.embedding_parameters > 0


def test_parameters_are_estimated_from_a_config_within_a_few_percent() -> None:
    known_one = known("bert-base-uncased")
    config = {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
              "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512}  # fmt: skip
    assert describe_config(config, id="x", path="x").parameters == pytest.approx(known_one.parameters, rel=0.02)


def test_a_cut_has_fewer_layers_and_fewer_weights(make_model: MakeModel) -> None:
    whole = inspect_folder(make_model())
    one, two = cuts(whole, [1, 2])
    assert (one.id, one.layers, one.full_layers, one.is_cut) == ("tiny[:1]", 1, 3, True)
    assert (one.parameters, two.parameters) == (BODY - 2 * 128, BODY - 128)
    assert one.path == whole.path
    assert cuts(two, [1])[0].id == "tiny[:1]"


def test_a_model_of_the_hub_is_cut_by_its_sizes() -> None:
    [half] = cuts(known("bert-base-uncased"), [6])
    assert half.parameters == pytest.approx(109_482_240 - 6 * 7_087_872)


@pytest.mark.parametrize(("id", "layers"), [("roberta-base", 12), ("roberta-base", 0), ("albert-base-v1", 3)])
def test_a_cut_that_cannot_be_made_is_refused(id: str, layers: int) -> None:
    with pytest.raises(ModelError):
        cuts(known(id), [layers])
