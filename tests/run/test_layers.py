import pytest
import transformers as hf
from torch import nn

from xautolm_nb.run.layers import blocks, stacks, top_blocks


@pytest.mark.parametrize(
    ("share", "layers", "trained"), [(0.125, 6, 1), (0.25, 12, 3), (0.5, 6, 3), (0.75, 2, 2), (0.25, 2, 1)]
)
def test_a_share_of_the_layers_is_taken_from_the_top(share: float, layers: int, trained: int) -> None:
    model = nn.Module()
    model.few, model.layers = nn.ModuleList(), nn.ModuleList(nn.Linear(1, 1) for _ in range(layers))
    top = top_blocks(model, share)
    assert len(top) == trained and top[-1] is blocks(model)[-1]


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_the_decoder_lies_above_the_encoder(family: str) -> None:
    if family == "t5":  # its layers hold lists of their own, longer than the stack of a shallow model
        model = hf.T5ForConditionalGeneration(
            hf.T5Config(vocab_size=9, d_model=8, d_ff=8, d_kv=4, num_layers=2, num_heads=2)
        )
    else:
        half = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
        ids = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, "decoder_start_token_id": 2}
        model = hf.BartForConditionalGeneration(hf.BartConfig(vocab_size=9, d_model=8, **half, **ids))
    names = [name for name, _ in stacks(model)]
    assert ["encoder" in name for name in names] == [True, False]
    assert len(blocks(model)) == 4
    decoder = dict(stacks(model))[names[1]]
    assert top_blocks(model, 0.5) == list(decoder)
