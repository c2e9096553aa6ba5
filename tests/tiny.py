"""A tiny task and a tiny model that learns it within seconds, for tests that train for real."""

import random
from pathlib import Path

import pandas as pd

WORDS = {
    "fruit": "apple pear plum cherry grape melon lemon peach".split(),
    "tool": "hammer saw drill wrench chisel pliers ruler clamp".split(),
    "animal": "horse otter goat heron badger mouse eagle trout".split(),
}
FILLER = "the a one some this near with under very old small bright was is seen left".split()


def tiny_frame(rows: int = 240, *, seed: int = 0) -> pd.DataFrame:
    """Sentences with one or two words of their class among filler; columns `text` and `label`."""
    draw = random.Random(seed)
    data = []
    for index in range(rows):
        label = sorted(WORDS)[index % len(WORDS)]
        words = draw.choices(FILLER, k=draw.randint(4, 12)) + draw.choices(WORDS[label], k=draw.randint(1, 2))
        draw.shuffle(words)
        data.append({"text": f"{' '.join(words)} {index}", "label": label})
    return pd.DataFrame(data)


def save_tiny_model(folder: Path, *, layers: int = 2, hidden: int = 32) -> Path:
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
    BertModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
