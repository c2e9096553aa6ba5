from dataclasses import replace
from typing import Any

import pytest
import torch
from run.families import FAMILIES, tiny_of
from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.run.adapters import merge_adapters
from xautolm_nb.run.layers import blocks
from xautolm_nb.run.methods import apply_method, load_model, load_trainable, train_mode, trainable_state

LORA = {"lora_rank": 4, "lora_scale": 1.0, "lora_dropout": 0.0, "lora_targets": "attention", "lora_init": "default"}


METHODS: dict[str, dict[str, Any]] = {
    "full": {},
    "partial": {"layer_share": 0.5},
    "lora": LORA,
    "lora, all-linear": {**LORA, "lora_targets": "all-linear"},
    "head": {},
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_what_it_says_on_every_family(family: str, method: str) -> None:
    model = tiny_of(family)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    config = {"method": method.split(",")[0], **METHODS[method]}
    model = apply_method(model, config)
    train_mode(model, config["method"])
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1.0)
    inputs = {"input_ids": torch.arange(1, 21).reshape(2, 10), "attention_mask": torch.ones(2, 10, dtype=torch.long)}
    for _ in range(2):  # the first step moves lora_B, the second lora_A
        nn.functional.cross_entropy(model(**inputs).logits, torch.tensor([0, 1])).backward()
        optimizer.step()
        optimizer.zero_grad()
    names = moved(merge_adapters(model), before)
    is_top = {"full": True, "partial": True, "lora": True, "head": False}[config["method"]]
    is_bottom = {"full": True, "partial": family == "albert", "lora": True, "head": False}[config["method"]]
    assert any(is_head(name) for name in names)
    assert any(in_layer(name, 1, family) for name in names) is is_top
    assert any(in_layer(name, 0, family) for name in names) is is_bottom
    has_embeddings = any(part in name for name in names for part in ("word_emb", "tok_emb", "wte"))
    assert has_embeddings is (config["method"] == "full")


def moved(model: Any, before: dict[str, torch.Tensor]) -> list[str]:
    now = dict(model.named_parameters())
    assert now.keys() == before.keys()
    return [name for name in before if not torch.equal(now[name], before[name])]


def is_head(name: str) -> bool:
    return any(part in name for part in ("classifier", "score", "pooler", "head."))


def in_layer(name: str, index: int, family: str) -> bool:
    if family == "albert":  # all layers share one set of weights
        return "albert_layers.0." in name
    return any(f"{part}.{index}." in name for part in ("layer", "layers", "h"))


@pytest.mark.parametrize("method", ["head", "partial"])
def test_what_is_frozen_has_no_dropout(method: str) -> None:
    model = apply_method(tiny_of("bert"), {"method": method, "layer_share": 0.5})
    train_mode(model, method)
    layers = blocks(model)
    assert not any(module.training for module in layers[0].modules())
    assert all(module.training for module in layers[1].modules()) is (method == "partial")
    assert model.classifier.training


def test_a_cut_has_the_first_layers_of_the_checkpoint(tiny: ModelInfo, task: Task) -> None:
    config = {"method": "full"}
    whole = load_model(tiny, config, task, seed=0)
    cut = load_model(replace(tiny, id="tiny[:1]", layers=1), config, task, seed=0)
    assert len(blocks(cut)) == 1 and cut.config.num_hidden_layers == 1
    assert torch.equal(blocks(cut)[0].attention.self.query.weight, blocks(whole)[0].attention.self.query.weight)


def test_the_seed_decides_the_head(tiny: ModelInfo, task: Task) -> None:
    heads = [load_model(tiny, {"method": "head"}, task, seed=seed).classifier.weight for seed in (1, 1, 2)]
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])


def test_labels_are_named_in_the_model(tiny: ModelInfo, task: Task) -> None:
    settings = load_model(tiny, {"method": "full"}, task, seed=0).config
    assert settings.id2label == {0: "bad", 1: "good"} and settings.label2id == {"bad": 0, "good": 1}


def test_kept_weights_go_back_only_where_they_came_from(tiny: ModelInfo, task: Task) -> None:
    model = load_model(tiny, {"method": "head"}, task, seed=1)
    other = load_model(tiny, {"method": "head"}, task, seed=2)
    load_trainable(other, trainable_state(model))
    assert torch.equal(model.classifier.weight, other.classifier.weight)
    with pytest.raises(ValueError, match="do not belong"):
        load_trainable(load_model(tiny, {"method": "full"}, task, seed=2), trainable_state(model))
