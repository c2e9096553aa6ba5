"""A tiny task and a tiny model that learns it within seconds, for tests that train for real."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

WORDS = {
    "fruit": "apple pear plum cherry grape melon lemon peach".split(),
    "tool": "hammer saw drill wrench chisel pliers ruler clamp".split(),
    "animal": "horse otter goat heron badger mouse eagle trout".split(),
}
FILLER = "the a one some this near with under very old small bright was is seen left".split()


def tiny_frame(rows: int = 240, *, seed: int = 0) -> pd.DataFrame:
    """Short texts, each with three to five words of its class among filler; columns `text` and `label`."""
    draw = random.Random(seed)
    data: dict[str, str] = {}
    while len(data) < rows:
        label = sorted(WORDS)[len(data) % len(WORDS)]
        words = draw.choices(FILLER, k=draw.randint(1, 4)) + draw.choices(WORDS[label], k=draw.randint(3, 5))
        draw.shuffle(words)
        data.setdefault(" ".join(words), label)
    return pd.DataFrame({"text": list(data), "label": list(data.values())})


def save_tiny_model(folder: Path, *, layers: int = 2, hidden: int = 64) -> Path:
    """Write a random BERT with a word tokenizer that knows the words above."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = sorted({word for group in WORDS.values() for word in group} | set(FILLER))
    digits = [str(digit) for digit in range(10)] + [f"##{digit}" for digit in range(10)]
    vocabulary = {word: index for index, word in enumerate([*special, *words, *digits])}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    names = {name: f"[{name[:3].upper()}]" for name in ("pad_token", "unk_token", "cls_token", "sep_token")}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, mask_token="[MASK]", **names)
    set_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=2 * hidden, max_position_embeddings=64,
    )  # fmt: skip
    model = BertModel(config)
    _teach_words(model, vocabulary)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def _teach_words(model: Any, vocabulary: Mapping[str, int]) -> None:
    """Stand in for pretraining: words of one class lie near each other, so a few steps tell them apart."""
    import torch

    embeddings = model.embeddings.word_embeddings.weight.data
    for group in WORDS.values():
        direction = torch.randn(embeddings.shape[1])
        for word in group:
            embeddings[vocabulary[word]] = direction + 0.1 * torch.randn(embeddings.shape[1])
