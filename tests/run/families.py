"""Random classifiers of other architectures, two layers deep."""

from typing import Any

import torch

FAMILIES = ["bert", "roberta", "distilbert", "electra", "deberta-v2", "modernbert", "gpt2", "albert"]


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
