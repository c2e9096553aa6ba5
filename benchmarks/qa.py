"""Question answering for live searches: the paper's SQuAD and DROP as tables, and tiny models that write.

SQuAD's official development set is the test split here, and validation is cut from the training articles. DROP comes as
its development set alone, so all three splits are cut from its passages. No article and no passage is in two splits.
"""

import re
import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmarks import live
from benchmarks.jobs import Job
from benchmarks.summary import Findings
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Split
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.importing import import_path
from xautolm_nb.tasks.splits import connect, cut_split

Frames = dict[Split, pd.DataFrame]
SHARES: Mapping[Split, float] = {"test": 0.2, "validation": 0.2}
"""Of the passages' rows, as far as a split is not given."""
_NUMBER = re.compile(r"[\d.,% -]+")
_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_SPECIAL = ("[PAD]", "[UNK]", "[END]", "[BOS]")


def squad(folder: Path, *, words: int | None = None) -> Frames:
    """Questions whose answers stand in the context: `train.parquet` and `validation.parquet` of SQuAD 1.1.

    Args:
        folder: Holds both files, with the columns `title`, `context`, `question`, `answers` and `answer_starts`.
        words: Rows with longer contexts are left out; None takes all.
    """
    train, official = (_short(pd.read_parquet(folder / f"{split}.parquet"), words) for split in ("train", "validation"))
    found = split_by(train, "title", {"validation": SHARES["validation"]})
    return {**found, "test": official.reset_index(drop=True)}


def drop(folder: Path, *, words: int | None = None, spans: bool = False) -> Frames:
    """Questions that ask to count, compare and subtract, too: `validation.parquet` of DROP, without repeated rows.

    Args:
        folder: Holds the file, with the columns `passage_id`, `context`, `question` and `answers`.
        words: Rows with longer passages are left out; None takes all.
        spans: Only questions whose first answer is no number and stands in the passage as whole words.
    """
    table = _short(pd.read_parquet(folder / "validation.parquet"), words)
    table = table[~table.duplicated(["passage_id", "question"])]
    if spans:
        rows = zip(table["answers"], table["context"], strict=True)
        table = table[[_stands(str(answers[0]), context) for answers, context in rows]]
    return split_by(table, "passage_id", SHARES)


def split_by(frame: pd.DataFrame, column: str, shares: Mapping[Split, float], *, seed: int = 0) -> Frames:
    """Cut splits off a table in turn, rows of one value of `column` staying together; what is left is for training.

    Args:
        frame: Rows.
        column: Title of the article or id of the passage.
        shares: Of all rows, by split.
        seed: The same arguments give the same splits.
    """
    found: Frames = {}
    left, share_left = frame.reset_index(drop=True), 1.0
    for split, share in shares.items():
        units = connect(left[column].tolist())
        stay, cut = cut_split(np.zeros(len(left), dtype=np.int64), units, share / share_left, seed=seed)
        found[split] = left.iloc[cut].reset_index(drop=True)
        left, share_left = left.iloc[stay].reset_index(drop=True), share_left - share
    return {"train": left, **found}


def sampled(frames: Frames, rows: Mapping[Split, int], *, seed: int = 0) -> Frames:
    """At most so many random rows of each split."""
    return {
        split: frame.sample(n=min(rows[split], len(frame)), random_state=seed, ignore_index=True)
        for split, frame in frames.items()
    }


def written(frames: Frames, folder: Path) -> str:
    """Write one file for each split, as `benchmarks.live` reads them; the folder's name is that of the task."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, frame in frames.items():
        frame.to_parquet(folder / f"{split}.parquet", index=False)
    return str(folder)


def searched(job: Job, *, data: Mapping[str, str], terms: Mapping[str, live.Terms]) -> Findings:
    """One search, on the terms of its task.

    `cores` is added to its figures: processor seconds a second, of this process and its workers, the test included.
    Well below 1 means that others had the processor; then times compare only with times measured beside them.
    """
    began, worked = time.monotonic(), _processor_seconds()
    found = live.one(job, data=data, terms=terms[job[1]])
    cores = (_processor_seconds() - worked) / (time.monotonic() - began)
    return replace(found, figures={**found.figures, "cores": cores})


def collected(data: Mapping[str, str], terms: live.Terms, *, trials: int, out: str) -> list[Experience]:
    """Random trials on each data set, kept in a Parquet file; what it holds is not run again."""
    live.collect(data, terms, trials=trials, out=out)
    with ExperienceStore.open(":memory:") as store:
        import_path(store, out)
        return store.experiences()


def save_writer(
    folder: Path, architecture: Literal["decoder", "encoder_decoder"], texts: Iterable[str], *, words: int = 4000
) -> str:
    """Write a tiny model that generates, LLaMA or T5 by shape, with random weights and the most frequent words.

    It has learned nothing: its scores show that a search runs, and nothing else.
    """
    import torch
    import transformers as hf
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    core = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.train_from_iterator(texts, trainers.WordLevelTrainer(vocab_size=words, special_tokens=list(_SPECIAL)))
    end = _SPECIAL.index("[END]")
    if architecture == "encoder_decoder":
        core.post_processor = processors.TemplateProcessing(single="$A [END]", special_tokens=[("[END]", end)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "[END]", "bos_token": "[BOS]"}
    hf.PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=512, **names).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"vocab_size": core.get_vocab_size(), "pad_token_id": 0, "eos_token_id": end}
    _random(architecture, shape).save_pretrained(folder)
    return str(folder)


def _random(architecture: str, shape: Mapping[str, int]) -> Any:
    import transformers as hf

    if architecture == "decoder":
        wide = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
        return hf.LlamaForCausalLM(hf.LlamaConfig(**shape, **wide, max_position_embeddings=512, bos_token_id=3))
    half = {"d_model": 64, "d_ff": 128, "d_kv": 32, "num_layers": 2, "num_heads": 2}
    return hf.T5ForConditionalGeneration(hf.T5Config(**shape, **half, decoder_start_token_id=0))


def _processor_seconds() -> float:
    """Of this process and of those it has ended."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHO))


def _short(frame: pd.DataFrame, words: int | None) -> pd.DataFrame:
    return frame if words is None else frame[frame["context"].map(lambda text: len(text.split())) <= words]


def _stands(answer: str, context: str) -> bool:
    is_number = _NUMBER.fullmatch(answer) is not None
    return not is_number and re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", context) is not None
