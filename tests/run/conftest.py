"""A tiny random BERT with a word-level tokenizer, a task it can learn, and what a runner needs beside them."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.task import Metric, Task
from xautolm_nb.core.trial import Outcome, Trial
from xautolm_nb.run.protocol import Job

WORDS = [f"w{index}" for index in range(180)]
GOOD, BAD = WORDS[:10], WORDS[10:20]


def make_rows(count: int, seed: int) -> tuple[list[str], list[int]]:
    """Sentences of 3 to 24 words; the label says which of two word lists they draw a word from."""
    draw = random.Random(seed)
    texts, labels = [], []
    for index in range(count):
        label = index % 2
        words = draw.choices(WORDS[20:], k=draw.randint(2, 20)) + draw.choices(GOOD if label else BAD, k=3)
        draw.shuffle(words)
        texts.append(" ".join(words))
        labels.append(label)
    return texts, labels


def write_task(folder: Path, rows: dict[str, int], *, pairs: bool = False) -> Task:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, count) in enumerate(rows.items()):
        texts, labels = make_rows(count, seed)
        columns: dict[str, Any] = {"text": texts, "label": pa.array(labels, pa.int64())}
        if pairs:
            columns["text_pair"] = list(reversed(texts))
        pq.write_table(pa.table(columns), folder / f"{split}.parquet")
    return Task(
        name="words",
        kind="classification",
        text=("text", "pair") if pairs else ("text",),
        label="label",
        metric=Metric(name="f1"),
        labels=("bad", "good"),
        rows=rows,
        folder=str(folder),
        fingerprint=f"words-{rows}-{pairs}",
    )


def build_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*special, *WORDS])}, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    """A random BERT: 2 layers, 32 wide, 184 words."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    build_tokenizer(folder)
    torch.manual_seed(0)
    settings = BertConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    model = BertModel(settings)
    model.save_pretrained(folder)
    return ModelInfo(
        id="tiny",
        path=str(folder),
        family="bert",
        parameters=model.num_parameters(),
        embedding_parameters=8000,
        layers=2,
        full_layers=2,
        hidden=32,
        intermediate=64,
        heads=2,
        vocabulary=len(WORDS) + 4,
        max_positions=64,
        where="local",
    )


@pytest.fixture(scope="session")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return write_task(tmp_path_factory.mktemp("task"), {"train": 160, "validation": 60, "test": 60})


@pytest.fixture(scope="session")
def pair_task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return write_task(tmp_path_factory.mktemp("pairs"), {"train": 40, "validation": 20}, pairs=True)


@pytest.fixture(scope="session")
def context() -> Context:
    extra = {"rows_train": 160.0, "rows_validation": 60.0, "tokens_mean": 16.0, "tokens_p50": 16.0, "tokens_p99": 26.0}
    extra |= {"tokens_p90": 22.0, "tokens_p95": 24.0, "tokens_max": 26.0}
    return Context(
        task=TaskMetaFeatures(kind="classification", paper=(160.0, 2.0) + (0.0,) * 8, extra=extra),
        system=SystemMetaFeatures(paper=(2.0, 2.0, 2.5, 16.0, 0.0), memory_gib=16.0, tflops=0.05),
    )


CONFIG: dict[str, Any] = {
    "model": "tiny",
    "method": "full",
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 3e-3,
    "optimizer": "adamw",
    "schedule": "linear",
    "warmup_ratio": 0.1,
    "weight_decay": 0.01,
    "dropout": 0.1,
    "class_weights": False,
}
"""Twenty steps over the 160 training rows."""

RUNGS = (0.25, 0.5, 1.0)


@pytest.fixture
def trial() -> Trial:
    return Trial(number=0, config=CONFIG, seed=7)


MakeJob = Callable[..., Job]


@pytest.fixture
def make_job(task: Task, trial: Trial, tiny: ModelInfo, context: Context, tmp_path: Path) -> MakeJob:
    """Build a job; keywords of the trial may be overridden, `config` is merged, `folder` and `model` replaced."""

    def make(
        *, config: dict[str, Any] | None = None, folder: str = "trial", model: ModelInfo = tiny, **changes: Any
    ) -> Job:
        own = replace(trial, config={**trial.config, **(config or {})}, **changes)
        return Job(task=task, trial=own, model=model, context=context, rungs=RUNGS, folder=str(tmp_path / folder))

    return make


class Ear:
    """Remembers what a trial tells."""

    def __init__(self) -> None:
        self.heard: list[TrialProgress] = []
        self.rungs: list[Outcome] = []

    def progress(self, progress: TrialProgress) -> None:
        self.heard.append(progress)

    def rung(self, outcome: Outcome) -> None:
        self.rungs.append(outcome)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture(scope="session")
def schooled(task: Task, tiny: ModelInfo, context: Context, tmp_path_factory: pytest.TempPathFactory) -> ModelInfo:
    """The tiny model after it has learned the task, without its head: what pretraining is to a real model."""
    from xautolm_nb.run.export import load_best
    from xautolm_nb.run.finetune import fine_tune

    folder = tmp_path_factory.mktemp("school")
    trial = Trial(number=0, config={**CONFIG, "epochs": 8}, seed=7)
    job = Job(task=task, trial=trial, model=tiny, context=context, rungs=RUNGS, folder=str(folder / "trial"))
    assert fine_tune(job, Ear(), lambda: False).failure is None
    shutil.copytree(tiny.path, folder / "model")
    load_best(job).bert.save_pretrained(folder / "model")
    return replace(tiny, path=str(folder / "model"))
