"""The model card of an exported model: what it is, how it scored, how to load it with Transformers alone."""

from collections.abc import Mapping, Sequence

from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.task import Task
from xautolm_nb.core.trial import Trial

CLASSES_SHOWN = 50
_TAGS = {
    "classification": "text-classification",
    "extractive_qa": "question-answering",
    "generation": "text-generation",
}
_WORDS = {
    "classification": "A text classifier",
    "extractive_qa": "A model that marks answers in texts",
    "generation": "A model that writes answers to prompts",
}
_CLASSIFY = """from transformers import pipeline
classify = pipeline("text-classification", "{folder}")
print(classify({example}))"""
_MARK = """import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForQuestionAnswering.from_pretrained("{folder}")
question, context = "some question", "a text that holds the answer"
inputs = tokenizer(question, context, truncation="only_second", return_offsets_mapping=True, return_tensors="pt")
places = inputs.pop("offset_mapping")[0]
outside = torch.tensor([part != 1 for part in inputs.sequence_ids()])
with torch.inference_mode():
    found = model(**inputs)
start, end = (logits[0].masked_fill(outside, -1e9) for logits in (found.start_logits, found.end_logits))
spans = (start[:, None] + end).masked_fill(~torch.ones(len(end), len(end), dtype=torch.bool).triu().tril(29), -4e9)
first, last = divmod(int(spans.argmax()), len(end))
print(context[places[first][0] : places[last][1]])"""
_WRITE = """from transformers import {auto}, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = {auto}.from_pretrained("{folder}")
inputs = tokenizer("some prompt"{ending}, return_tensors="pt", return_token_type_ids=False)
written = model.generate(**inputs, max_new_tokens=64)[0]
print(tokenizer.decode(written{start}, skip_special_tokens=True))"""


def model_card(
    record: StudyRecord,
    best: Trial,
    scores: Mapping[str, float],
    folder: str,
    *,
    is_encoder_decoder: bool = False,
    code: Sequence[str] = (),
) -> str:
    """The card in Markdown.

    Args:
        record: The study.
        best: The trial whose weights are exported.
        scores: What else it scored, by split and metric (`test f1`).
        folder: Name of the exported folder, as the example loads it.
        is_encoder_decoder: Whether a model that writes has an encoder of its own.
        code: Whose own code the model runs when it is loaded, pinned.
    """
    task = record.task
    use = usage(task, folder, is_encoder_decoder=is_encoder_decoder, runs_code=bool(code))
    rows = ", ".join(f"{count} {split} rows" for split, count in task.rows.items())
    return f"""---
library_name: transformers
pipeline_tag: {_TAGS[task.kind]}
tags: [xautolm-nb]
---

# {record.name}

{_WORDS[task.kind]}, found by xautolm-nb (study `{record.id}`,
trial {best.number}), starting from `{best.config.get("model")}`.
{_classes(task)}{_code(code)}
## Load and use

```python
{use}
```

## Scores

{_table("split and metric", {f"validation {task.metric.name}": best.score, **scores})}

## Configuration (seed {best.seed}, {best.fidelity:.0%} of the full run)

{_table("parameter", dict(sorted(best.config.items())))}

## Data

{rows}; fingerprint of rows and splits `{task.fingerprint}`. The data itself is not part of this folder.

Software: {", ".join(f"{name} {number}" for name, number in sorted(record.versions.items()))}.
"""


def usage(task: Task, folder: str, *, is_encoder_decoder: bool, runs_code: bool = False) -> str:
    """Python that loads the model and uses it once; `runs_code` lets it run the code in its folder."""
    plain = _usage(task, folder, is_encoder_decoder=is_encoder_decoder)
    return plain.replace(f'"{folder}")', f'"{folder}", trust_remote_code=True)') if runs_code else plain


def _usage(task: Task, folder: str, *, is_encoder_decoder: bool) -> str:
    if task.kind == "classification":
        pair = '{"text": "some text", "text_pair": "another text"}'
        return _CLASSIFY.format(folder=folder, example=pair if len(task.text) == 2 else '"some text"')
    if task.kind == "extractive_qa":
        return _MARK.format(folder=folder)
    if is_encoder_decoder:
        return _WRITE.format(folder=folder, auto="AutoModelForSeq2SeqLM", ending="", start="")
    # A decoder has learned to write after a prompt and a line break, and gives the prompt back before what it writes.
    start = '[inputs["input_ids"].shape[1] :]'
    return _WRITE.format(folder=folder, auto="AutoModelForCausalLM", ending=' + "\\n"', start=start)


def _classes(task: Task) -> str:
    labels = ", ".join(f"`{label}`" for label in task.labels[:CLASSES_SHOWN])
    return f"\nClasses: {labels}\n" if labels else ""


def _code(code: Sequence[str]) -> str:
    if not code:
        return ""
    return f"\nThe model runs code of its own when it is loaded: {', '.join(f'`{pin}`' for pin in code)}.\n"


def _table(title: str, values: Mapping[str, object]) -> str:
    rows = [f"| {name} | {_written(value)} |" for name, value in values.items()]
    return "\n".join([f"| {title} | value |", "|---|---|", *rows])


def _written(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
