from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run.cells import make_context, save_model, write_task
from torch import nn

from xautolm_nb.core.model import Architecture
from xautolm_nb.core.task import TaskKind
from xautolm_nb.core.trial import Trial
from xautolm_nb.run.data import IGNORED, collate_answers, read_tokens
from xautolm_nb.run.device import Precision
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.methods import load_model
from xautolm_nb.run.objectives import choose_objective, next_token_logits, span_logits
from xautolm_nb.run.protocol import Job

CPU = Precision(device=torch.device("cpu"))
ROWS = np.asarray([0, 3, 5, 8, 9])


def build(kind: TaskKind, architecture: Architecture, folder: Path) -> tuple[Any, Any, Any]:
    info, task = save_model(folder / "model", architecture), write_task(folder / "task", kind)
    config = {"method": "full", "batch_size": 8}
    job = Job(
        task=task, trial=Trial(number=0, config=config, seed=0), model=info, context=make_context(kind), rungs=(1.0,),
        folder=str(folder),
    )  # fmt: skip
    tokens = read_tokens(task, "train", info, lambda: load_tokenizer(info), None)
    return load_model(info, config, task, seed=0).eval(), tokens, choose_objective(job, tokens, CPU)


CASES: list[tuple[TaskKind, Architecture]] = [
    ("classification", "encoder"),
    ("extractive_qa", "encoder"),
    ("generation", "decoder"),
    ("generation", "encoder_decoder"),
]


@pytest.mark.parametrize(("kind", "architecture"), CASES)
def test_the_shares_of_micro_batches_add_up(kind: TaskKind, architecture: Architecture, tmp_path: Path) -> None:
    model, _, objective = build(kind, architecture, tmp_path)
    whole = objective.whole(ROWS)
    together = float(objective.share(model, ROWS, whole)[0])
    apart = sum(float(objective.share(model, rows, whole)[0]) for rows in (ROWS[:2], ROWS[2:]))
    assert apart == pytest.approx(together, rel=1e-5)


@pytest.mark.parametrize("architecture", ["decoder", "encoder_decoder"])
def test_prompt_and_padding_teach_nothing(architecture: Architecture, tmp_path: Path) -> None:
    """The loss is that of each row alone, computed the plain way from all logits."""
    model, tokens, objective = build("generation", architecture, tmp_path)
    found = float(objective.share(model, ROWS, objective.whole(ROWS))[0])
    losses: list[float] = []
    for row in ROWS:
        prompt = torch.from_numpy(tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]].astype(np.int64))
        target = tokens.targets[tokens.target_offsets[row] : tokens.target_offsets[row + 1]]
        target = torch.from_numpy(target.astype(np.int64))
        if architecture == "decoder":
            logits = model(input_ids=torch.cat([prompt, target])[None]).logits[0, len(prompt) - 1 : -1]
        else:
            logits = model(input_ids=prompt[None], labels=target[None]).logits[0]
        losses += nn.functional.cross_entropy(logits, target, reduction="none").tolist()
    assert found == pytest.approx(float(np.mean(losses)), rel=1e-4)


def test_answers_end_together_and_only_they_are_labelled(tmp_path: Path) -> None:
    _, tokens, _ = build("generation", "decoder", tmp_path)
    inputs, labels = collate_answers(tokens, ROWS, CPU.device, is_decoder=True)
    assert (inputs["attention_mask"][:, -1] == 1).all()
    assert (inputs["attention_mask"].sum(dim=1).numpy() == tokens.lengths[ROWS]).all()
    assert ((labels != IGNORED).sum(dim=1).numpy() == tokens.target_lengths[ROWS]).all()
    written = labels != IGNORED
    assert (inputs["input_ids"][:, -labels.shape[1] :][written] == labels[written]).all()


def test_a_model_without_the_option_gives_the_same_logits(tmp_path: Path) -> None:
    model, tokens, _ = build("generation", "decoder", tmp_path)
    inputs, labels = collate_answers(tokens, ROWS, CPU.device, is_decoder=True)

    class Plain(nn.Module):
        """Takes no more than the usual arguments, and gives all logits."""

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, position_ids: torch.Tensor) -> Any:
            return model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids)

    width = labels.shape[1]
    assert torch.allclose(next_token_logits(Plain(), inputs, width), next_token_logits(model, inputs, width), atol=1e-6)


def test_padding_is_no_place_for_an_answer() -> None:
    class Outputs:
        start_logits = end_logits = torch.ones(1, 5)

    start, _ = span_logits(Outputs(), {"attention_mask": torch.tensor([[1, 1, 0]])})
    assert start.shape == (1, 3) and start.softmax(dim=1).tolist() == [[0.5, 0.5, 0.0]]
