"""Checked rows of one split, of whatever kind of task: texts, targets, and what must not be torn apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from xautolm_nb.core.errors import TaskError
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import TaskKind
from xautolm_nb.tasks import check
from xautolm_nb.tasks.answers import read_answers, read_starts

PROMPT = "question: {question} context: {context}"
"""How question and context become one prompt; T5 was trained on this form."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Checked rows of one split."""

    table: pd.DataFrame
    """Under the prepared column names; the class index is added when all splits are known."""
    names: list[str]
    """Each row's target by name: its class, or the content id of its answers."""
    keys: list[str]
    """What makes two rows the same text."""
    passages: list[str]
    """Rows of one passage stay in one split: the context of a question, or the text itself."""
    groups: list[Any]

    def __len__(self) -> int:
        return len(self.names)

    def take(self, rows: NDArray[Any]) -> "Part":
        """The given rows, in their order."""
        return Part(
            table=self.table.iloc[rows].reset_index(drop=True),
            names=[self.names[row] for row in rows],
            keys=[self.keys[row] for row in rows],
            passages=[self.passages[row] for row in rows],
            groups=[self.groups[row] for row in rows] if self.groups else [],
        )


def read_part(
    frame: pd.DataFrame, split: str, *, kind: TaskKind, text: Sequence[str], label: str, group: str | None
) -> Part:
    """Check the rows of a split and bring them into the prepared form.

    Raises:
        TaskError: A column is missing, or rows cannot be learned from.
    """
    _require_columns(frame, split, [*text, label, *([group] if group else [])])
    check.check_texts(frame, text, split)
    groups = _groups(frame, split, group)
    keys = check.text_keys(frame, text)
    if kind == "classification":
        names = check.check_labels(frame, label, split)
        return Part(table=_texts(frame, text), names=names, keys=keys, passages=keys, groups=groups)
    table = _spans(frame, split, text, label) if kind == "extractive_qa" else _prompts(frame, split, text, label)
    names = [content_id(answers) for answers in table["answers"]]
    passages = check.text_keys(frame, text[-1:])
    return Part(table=table, names=names, keys=keys, passages=passages, groups=groups)


def _require_columns(frame: pd.DataFrame, split: str, wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise TaskError(
            f"The {split} data needs the columns {list(wanted)}, but has {sorted(map(str, frame.columns))}.",
            hint=f"Add {missing}, or name other columns.",
        )


def _groups(frame: pd.DataFrame, split: str, group: str | None) -> list[Any]:
    if group is None:
        return []
    if frame[group].isna().any():
        raise TaskError(
            f"{int(frame[group].isna().sum())} rows of the {split} data have no group in column {group!r}.",
            hint="Give each its own group, or drop them.",
        )
    return list(frame[group])


def _texts(frame: pd.DataFrame, text: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({new: frame[old].to_numpy() for new, old in zip(("text", "text_pair"), text, strict=False)})


def _spans(frame: pd.DataFrame, split: str, text: Sequence[str], label: str) -> pd.DataFrame:
    """Question, context, accepted answers, and where the first one starts.

    Raises:
        TaskError: There is no context column, or training answers are not in their context.
    """
    if len(text) != 2:
        raise TaskError(
            f"Extractive question answering reads a question and a context, but got text={list(text)}.",
            hint="Name both: text=('question', 'context'); or use kind='generation'.",
        )
    answers = read_answers(frame, label, split)
    starts = read_starts(frame, label, frame[text[1]].tolist(), answers)
    lost = [row for row, start in enumerate(starts) if start < 0 and answers[row][0][0]]
    if lost and split == "train":
        raise TaskError(
            f"{len(lost)} of {len(starts)} answers of the train data do not stand in their context; the first is row "
            f"{lost[0]}: {answers[lost[0]][0][0]!r:.80}.",
            hint="Drop these rows, or let answers be written freely: kind='generation'.",
        )
    return _texts(frame, text).assign(answers=pd.Series(answers), start=starts)


def _prompts(frame: pd.DataFrame, split: str, text: Sequence[str], label: str) -> pd.DataFrame:
    """Prompt and accepted answers; question and context become one prompt."""
    prompts = frame[text[0]].tolist()
    if len(text) == 2:
        pairs = zip(prompts, frame[text[1]], strict=True)
        prompts = [PROMPT.format(question=question, context=context) for question, context in pairs]
    answers = read_answers(frame, label, split)
    empty = [row for row, accepted in enumerate(answers) if not any(span.strip() for span in accepted[0])]
    if empty:
        raise TaskError(
            f"{len(empty)} of {len(answers)} targets of the {split} data are empty; the first is row {empty[0]}.",
            hint="Drop these rows: there is nothing to learn to write.",
        )
    return pd.DataFrame({"text": prompts, "answers": answers})
