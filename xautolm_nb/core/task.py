"""A task: the user's data after the door, split once and for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TaskKind = Literal["classification", "extractive_qa", "generation"]
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What a trial is judged by: a name that `tasks.metrics` knows, and its direction."""

    name: str
    maximize: bool = True


@dataclass(frozen=True, kw_only=True)
class Task:
    """A checked, split task. Its rows lie in `folder` as `train.parquet`, `validation.parquet` and `test.parquet`.

    The prepared files have fixed columns. Classification: `text` (and `text_pair` for pairs) and `label`, an integer
    index into `labels`. Extractive question answering: `text` (the question), `text_pair` (the context), `answers` (all
    accepted ones, each a list of spans) and `start` (where the first of them starts in the context, -1 for nowhere).
    Generation: `text` (the whole prompt) and `answers`. The same files are read by every trial, so all trials share
    one set of folds.
    """

    name: str
    kind: TaskKind
    text: tuple[str, ...]
    """Names of the text columns in the user's data; one, or two for pairs."""
    label: str
    metric: Metric
    labels: tuple[str, ...]
    """Class names in index order; empty unless classification."""
    rows: Mapping[str, int]
    """Rows by split; `test` is absent when the task has no test split."""
    folder: str
    fingerprint: str
    """Content id of the prepared rows and their splits."""
    seed: int = 0

    def file(self, split: Split) -> Path:
        """Where the rows of a split lie."""
        return Path(self.folder) / f"{split}.parquet"
