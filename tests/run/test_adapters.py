from typing import Any

import pytest
import torch
import transformers as hf
from peft.tuners.lora import LoraLayer
from run.families import tiny_of
from torch import nn

from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.adapters import lora_targets, merge_adapters, quantisation, virtual_tokens
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.methods import apply_method, trainable_state
from xautolm_nb.space.weights import trainable_parameters

LORA = {"lora_rank": 4, "lora_scale": 1.0, "lora_dropout": 0.0, "lora_targets": "attention", "lora_init": "default"}


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


WRITERS: dict[str, Any] = {
    "gpt2": lambda: hf.GPT2LMHeadModel(
        hf.GPT2Config(vocab_size=50, n_embd=64, n_layer=2, n_head=2, pad_token_id=0, bos_token_id=1, eos_token_id=1)
    ),
    "llama": lambda: hf.LlamaForCausalLM(
        hf.LlamaConfig(vocab_size=50, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=256)
    ),
    "t5": lambda: hf.T5ForConditionalGeneration(
        hf.T5Config(vocab_size=50, d_model=64, d_ff=256, d_kv=32, num_layers=2, num_heads=2, decoder_start_token_id=0)
    ),
}


@pytest.mark.parametrize("family", WRITERS)
@pytest.mark.parametrize("targets", ["attention", "all-linear"])
@pytest.mark.parametrize("method", ["lora", "dora", "ia3", "prompt", "prefix"])
def test_the_space_counts_the_weights_that_peft_trains(family: str, targets: str, method: str) -> None:
    is_pair = family == "t5"
    config = {**LORA, "method": method, "lora_targets": targets, "virtual_tokens": 4}
    info = ModelInfo(
        id=family, path=family, family=family, architecture="encoder_decoder" if is_pair else "decoder",
        layers=4 if is_pair else 2, hidden=64, intermediate=256,
    )  # fmt: skip
    model = apply_method(WRITERS[family](), config, kind="encoder_decoder" if is_pair else "decoder")
    trained = sum(weight.numel() for weight in trainable_state(model).values())
    head = 64 * 64  # counted for every model, also where none is added
    assert trainable_parameters(config, info) - head == pytest.approx(trained, rel=0.2 if method == "ia3" else 1e-9)


@pytest.mark.parametrize("method", ["lora", "dora", "rslora", "ia3"])
def test_a_folded_adapter_computes_the_same(method: str) -> None:
    torch.manual_seed(0)
    model = apply_method(tiny_of("bert"), {**LORA, "method": method}).eval()
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data += 0.1 * torch.randn_like(weight)
    inputs = torch.arange(1, 11).reshape(1, 10)
    before = model(input_ids=inputs).logits
    folded = merge_adapters(model)
    assert type(folded).__name__ == "BertForSequenceClassification"
    assert torch.allclose(folded(input_ids=inputs).logits, before, atol=1e-5)


def test_rslora_divides_by_the_root_of_the_rank() -> None:
    scales = {}
    for method in ("lora", "rslora"):
        model = apply_method(tiny_of("bert"), {**LORA, "method": method, "lora_rank": 4, "lora_scale": 1.0})
        scales[method] = {m.scaling["default"] for m in model.modules() if isinstance(m, LoraLayer)}
    assert scales == {"lora": {1.0}, "rslora": {2.0}}


def test_prompts_stay_beside_the_model() -> None:
    model = apply_method(tiny_of("bert"), {"method": "prompt", "virtual_tokens": 4})
    assert merge_adapters(model) is model
    assert virtual_tokens({"method": "prompt", "virtual_tokens": 4}) == 4
    assert virtual_tokens({"method": "full"}) == 0


def test_only_qlora_loads_in_four_bits() -> None:
    assert quantisation({"method": "lora"}) == {}
    found = quantisation({"method": "qlora"})
    assert found["dtype"] is torch.bfloat16
    assert found["quantization_config"].load_in_4bit and found["quantization_config"].bnb_4bit_quant_type == "nf4"
