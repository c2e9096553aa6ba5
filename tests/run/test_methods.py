from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.methods import (
    apply_method,
    blocks,
    load_model,
    load_tokenizer,
    load_trainable,
    lora_targets,
    merge_adapters,
    set_dropout,
    top_blocks,
    train_mode,
    trainable_state,
)

LORA = {"lora_rank": 4, "lora_scale": 1.0, "lora_dropout": 0.0, "lora_targets": "attention", "lora_init": "default"}


def tiny_of(family: str) -> Any:
    """A random classifier of another architecture, two layers deep."""
    import transformers as hf

    made: dict[str, Any] = {
        "bert": lambda: hf.BertConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
        ),
        "roberta": lambda: hf.RobertaConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
        ),
        "distilbert": lambda: hf.DistilBertConfig(vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=32),
        "electra": lambda: hf.ElectraConfig(
            vocab_size=50,
            hidden_size=16,
            embedding_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        ),
        "deberta-v2": lambda: hf.DebertaV2Config(
            vocab_size=50,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
        ),
        "modernbert": lambda: hf.ModernBertConfig(
            vocab_size=50,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            pad_token_id=0,
        ),
        "gpt2": lambda: hf.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, pad_token_id=0),
        "albert": lambda: hf.AlbertConfig(
            vocab_size=50,
            embedding_size=8,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        ),
    }
    torch.manual_seed(0)
    return hf.AutoModelForSequenceClassification.from_config(made[family]())


FAMILIES = ["bert", "roberta", "distilbert", "electra", "deberta-v2", "modernbert", "gpt2", "albert"]
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


@pytest.mark.parametrize(
    ("share", "layers", "trained"), [(0.125, 6, 1), (0.25, 12, 3), (0.5, 6, 3), (0.75, 2, 2), (0.25, 2, 1)]
)
def test_a_share_of_the_layers_is_taken_from_the_top(share: float, layers: int, trained: int) -> None:
    model = nn.Module()
    model.few, model.layers = nn.ModuleList(), nn.ModuleList(nn.Linear(1, 1) for _ in range(layers))
    top = top_blocks(model, share)
    assert len(top) == trained and top[-1] is blocks(model)[-1]


def test_attention_targets_are_the_four_projections_and_all_linear_adds_the_feed_forward() -> None:
    model = tiny_of("bert")
    attention = {name.split(".", 4)[-1] for name in lora_targets(model, "attention")}
    assert attention == {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"}
    assert len(lora_targets(model, "all-linear")) == 2 * 6


def test_lora_trains_few_weights_and_starts_where_the_model_stands() -> None:
    model = tiny_of("roberta").eval()
    inputs = torch.arange(4, 14).reshape(1, 10)
    before = model(inputs).logits
    adapted = apply_method(model, {"method": "lora", **LORA}).eval()
    assert torch.equal(adapted(inputs).logits, before)
    names = trainable_state(adapted).keys()
    assert {"lora_A", "lora_B"} <= {part for name in names for part in name.split(".")}


def test_pissa_starts_where_the_model_stands() -> None:
    inputs = torch.arange(1, 11).reshape(1, 10)
    before = tiny_of("bert").eval()(inputs).logits
    adapted = apply_method(tiny_of("bert"), {"method": "lora", **LORA, "lora_init": "pissa", "lora_scale": 4.0}).eval()
    assert torch.allclose(adapted(inputs).logits, before, atol=1e-5)


def test_a_model_without_layers_to_adapt_is_named() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    model.base_model_prefix = "body"  # type: ignore[assignment]
    with pytest.raises(TrialError) as caught:
        apply_method(model, {"method": "lora", **LORA})
    assert caught.value.kind is FailureKind.ADAPTER_MISMATCH


@pytest.mark.parametrize("method", ["head", "partial"])
def test_what_is_frozen_has_no_dropout(method: str) -> None:
    model = apply_method(tiny_of("bert"), {"method": method, "layer_share": 0.5})
    train_mode(model, method)
    layers = blocks(model)
    assert not any(module.training for module in layers[0].modules())
    assert all(module.training for module in layers[1].modules()) is (method == "partial")
    assert model.classifier.training


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_reaches_every_rate_of_a_config(family: str) -> None:
    import transformers as hf

    settings = tiny_of(family).config
    set_dropout(settings, 0.25)
    model = hf.AutoModelForSequenceClassification.from_config(settings)
    rates = {module.p for module in model.modules() if isinstance(module, nn.Dropout)}
    assert rates <= {0.25} and (rates or family == "modernbert")


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


def test_a_folder_without_safetensors_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((Path(tiny.path) / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(TrialError, match="cannot be loaded") as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_a_damaged_checkpoint_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    for file in Path(tiny.path).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[: 1000 if file.suffix == ".safetensors" else None])
    with pytest.raises(TrialError) as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_a_checkpoint_that_lacks_layers_is_unavailable(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    for file in Path(tiny.path).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "config.json").read_text().replace('"num_hidden_layers": 2', '"num_hidden_layers": 3')
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrialError, match="lacks") as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE


def test_an_architecture_without_a_head_is_named(tiny: ModelInfo, task: Task, tmp_path: Path) -> None:
    import transformers as hf

    hf.CLIPVisionConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2).save_pretrained(tmp_path)
    with pytest.raises(TrialError) as caught:
        load_model(replace(tiny, path=str(tmp_path)), {"method": "full"}, task, seed=0)
    assert caught.value.kind is FailureKind.NO_CLASSIFICATION_HEAD


def test_a_missing_tokenizer_is_unavailable(tiny: ModelInfo, tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="tokenizer") as caught:
        load_tokenizer(replace(tiny, path=str(tmp_path)))
    assert caught.value.kind is FailureKind.MODEL_UNAVAILABLE
