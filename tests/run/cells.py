"""Tiny random models and tasks of every kind, for the table of cells: method x architecture x task."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.core.task import Metric, Split, Task, TaskKind
from xautolm_nb.space.checkpoint import inspect_folder

NAMES = [f"n{index}" for index in range(12)]
FILLER = [f"w{index}" for index in range(24)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[END]"]
VOCABULARY = [*SPECIAL, *NAMES, *FILLER, "who", "is", "here", "good", "bad"]
KINDS: tuple[TaskKind, ...] = ("classification", "extractive_qa", "generation")
ARCHITECTURES: tuple[Architecture, ...] = ("encoder", "decoder", "encoder_decoder")


def save_tokenizer(folder: Path, architecture: Architecture) -> None:
    """A word tokenizer that closes a text as models of the architecture do."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    numbers = {word: index for index, word in enumerate(VOCABULARY)}
    core = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    single = {"encoder": "[CLS] $A [SEP]", "decoder": "$A", "encoder_decoder": "$A [END]"}[architecture]
    pair = {"encoder": "[CLS] $A [SEP] $B:1 [SEP]:1"}.get(architecture, "$A $B")
    specials = [(name, numbers[name]) for name in SPECIAL if name in f"{single} {pair}"]
    core.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=specials)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "[END]"}
    names |= {"cls_token": "[CLS]", "sep_token": "[SEP]"} if architecture == "encoder" else {}
    PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=64, **names).save_pretrained(folder)


def save_model(folder: Path, architecture: Architecture) -> ModelInfo:
    """A random BERT, LLaMA or T5: 2 layers, 48 wide."""
    import transformers as hf

    torch.manual_seed(0)
    shape = {"vocab_size": len(VOCABULARY), "pad_token_id": 0, "eos_token_id": 4}
    wide = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 96}
    if architecture == "encoder":
        # Large random weights: with the usual ones the first token hardly sees the others, and a head cannot learn.
        settings = hf.BertConfig(**shape, **wide, max_position_embeddings=64, initializer_range=0.2)
        model: Any = hf.BertModel(settings)
    elif architecture == "decoder":
        model = hf.LlamaForCausalLM(hf.LlamaConfig(**shape, **wide, max_position_embeddings=64, bos_token_id=2))
    else:
        half = {"d_model": 48, "d_ff": 96, "d_kv": 24, "num_layers": 2, "num_heads": 2}
        model = hf.T5ForConditionalGeneration(hf.T5Config(**shape, **half, decoder_start_token_id=0))
    model.save_pretrained(folder)
    save_tokenizer(folder, architecture)
    return inspect_folder(folder)


def write_task(folder: Path, kind: TaskKind, rows: dict[str, int] | None = None) -> Task:
    """Say whether a text is good (classes), or which name stands in it (span or answer)."""
    rows = rows or {"train": 128, "validation": 48}
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, count) in enumerate(rows.items()):
        pd.DataFrame([_row(kind, random.Random(1000 * seed + row)) for row in range(count)]).to_parquet(
            folder / f"{split}.parquet"
        )
    labels = ("bad", "good") if kind == "classification" else ()
    return Task(
        name=kind, kind=kind, text=("text",), label="label", metric=Metric(name="f1"), labels=labels, rows=rows,
        folder=str(folder), fingerprint=f"{kind}-{rows}",
    )  # fmt: skip


def _row(kind: TaskKind, draw: random.Random) -> dict[str, Any]:
    words = draw.choices(FILLER, k=draw.randint(3, 9))
    if kind == "classification":
        label = draw.randrange(2)
        return {"text": " ".join([*words, *[("bad", "good")[label]] * 6]), "label": label}
    if kind == "generation":
        label = draw.randrange(2)
        return {"text": " ".join([("bad", "good")[label], *words]), "answers": [[("w1 w2", "n3")[label]], ["nothing"]]}
    name = draw.choice(NAMES)
    words.insert(draw.randrange(len(words)), name)
    context = " ".join(words)
    start = len(" ".join(words[: words.index(name)])) + (words.index(name) > 0)
    return {"text": "who is here", "text_pair": context, "answers": [[name], [name, name]], "start": start}


def make_context(kind: TaskKind, **system: Any) -> Context:
    """A context with the lengths of those tasks."""
    names = ("mean", "p50", "p90", "p95", "p99", "max")
    extra = {"rows_train": 128.0, "rows_validation": 48.0, **{f"tokens_{name}": 16.0 for name in names}}
    extra |= {f"target_tokens_{name}": 3.0 for name in names}
    paper = (128.0, 2.0) + (0.0,) * (8 if kind == "classification" else 9)
    return Context(
        task=TaskMetaFeatures(kind=kind, paper=paper, extra=extra),
        system=SystemMetaFeatures(paper=(2.0, 2.0, 2.5, 16.0, 0.0), **{"memory_gib": 16.0, "tflops": 0.05, **system}),
    )


def splits(task: Task) -> list[Split]:
    """The splits of a task."""
    return [split for split in ("train", "validation", "test") if split in task.rows]
