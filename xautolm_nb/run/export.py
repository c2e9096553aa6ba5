"""The kept weights of a trial: scored on a split, or written as a model that Transformers loads alone."""

import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.task import Split
from xautolm_nb.run import checkpoint
from xautolm_nb.run.adapters import merge_adapters
from xautolm_nb.run.data import length_cap, model_length, read_tokens
from xautolm_nb.run.device import choose_precision
from xautolm_nb.run.engine import place
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.methods import load_model, load_trainable
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.scoring import Judge

BATCH_SIZE = 32


def load_best(job: Job) -> Any:
    """Load the weights of the trial's best validation into its model, on the CPU.

    Raises:
        StudyError: There are none.
        TrialError: The pretrained model is gone.
    """
    saved = checkpoint.read(Path(job.folder) / "best")
    if saved is None:
        raise StudyError(
            f"Trial {job.trial.number} has no kept weights.",
            hint="Only the best trials keep theirs; choose one of them.",
        )
    model = load_model(job.model, job.trial.config, job.task, seed=job.trial.seed)
    load_trainable(model, saved[0])
    return model


def evaluate(job: Job, split: Split) -> dict[str, float]:
    """Score the kept weights on a split in float32, as the exported model computes: metric name to value.

    Raises:
        StudyError: There are no kept weights, or the task has no such split.
    """
    if split not in job.task.rows:
        raise StudyError(
            f"The task has the splits {sorted(job.task.rows)}, but got split={split!r}.",
            hint="Prepare the task with a test split.",
        )
    precision = replace(choose_precision(job.context.system), autocast=None)
    model = place(load_best(job), precision.device)
    judge = Judge(
        task=job.task,
        split=split,
        tokens=read_tokens(job.task, split, job.model, lambda: load_tokenizer(job.model), _cap(job)),
        info=job.model,
        precision=precision,
        tokenizer=lambda: load_tokenizer(job.model),
    )
    return judge.score(model, batch_size=BATCH_SIZE).metrics


def export(job: Job, folder: Path) -> None:
    """Write weights (adapters merged), config with label names, and tokenizer to `folder`.

    Files of other names in the folder stay. The tokenizer's limit is the length the model was trained with. Nothing
    half-written is seen: all is made beside the folder and moved in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder.parent / f".{folder.name}-{uuid.uuid4().hex[:8]}.part"
    try:
        merge_adapters(load_best(job)).save_pretrained(part)
        tokenizer = load_tokenizer(job.model)
        tokenizer.model_max_length = model_length(job.task, job.model, lambda: tokenizer, _cap(job))
        tokenizer.save_pretrained(part)
        for file in part.iterdir():
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _cap(job: Job) -> int | None:
    return length_cap(job.trial.config, job.model)
