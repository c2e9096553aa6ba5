"""What a model says about the rows of a split, by kind of task."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.data import collate, collate_prompts, sorted_batches
from xautolm_nb.run.device import Precision
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.objectives import span_logits
from xautolm_nb.run.tokens import Tokens

LONGEST_ANSWER = 30
"""Tokens of the longest span that is considered, as in the usual SQuAD evaluation."""


def predict_classes(model: nn.Module, tokens: Tokens, precision: Precision, *, batch_size: int) -> NDArray[np.int64]:
    """Most probable class by row, in the order of the rows.

    Raises:
        TrialError: An output is not finite (`not_finite`).
    """
    predictions = np.zeros(len(tokens), dtype=np.int64)
    with evaluation(model):
        for rows in sorted_batches(tokens.lengths, batch_size):
            with precision.forward():
                logits = model(**collate(tokens, rows, precision.device, multiple=precision.padding)).logits
            require_finite(logits)
            predictions[rows] = logits.argmax(dim=-1).cpu().numpy()
    return predictions


def predict_spans(
    model: nn.Module, tokens: Tokens, contexts: Sequence[str], precision: Precision, *, batch_size: int
) -> list[str]:
    """The text of the most probable span of each context, over all of its windows.

    Raises:
        TrialError: An output is not finite (`not_finite`).
    """
    if tokens.owners is None or tokens.places is None:
        raise ValueError("windows of contexts are expected, but these tokens have none")
    scores = np.zeros(len(tokens))
    spans = np.zeros((len(tokens), 2), dtype=np.int64)
    with evaluation(model):
        for rows in sorted_batches(tokens.lengths, batch_size):
            inputs = collate(tokens, rows, precision.device, multiple=precision.padding)
            with precision.forward():
                outputs = model(**inputs)
            require_finite(outputs.start_logits, outputs.end_logits)
            allowed = torch.zeros_like(inputs["attention_mask"], dtype=torch.bool)
            for index, row in enumerate(rows):
                own = tokens.places[tokens.offsets[row] : tokens.offsets[row + 1], 0] >= 0
                allowed[index, : len(own)] = torch.from_numpy(own).to(allowed.device)
            best, place = best_spans(*span_logits(outputs, inputs), allowed)
            scores[rows], spans[rows] = best.cpu().numpy(), place.cpu().numpy()
    return _texts(tokens, contexts, scores, spans)


def best_spans(
    start: torch.Tensor, end: torch.Tensor, allowed: torch.Tensor, *, longest: int = LONGEST_ANSWER
) -> tuple[torch.Tensor, torch.Tensor]:
    """Most probable span of each row: sums of logits, shape `(rows,)`, and first and last token, shape `(rows, 2)`.

    Args:
        start: Logits of the first token, shape `(rows, length)`.
        end: Logits of the last token, shape `(rows, length)`.
        allowed: Tokens of the context, shape `(rows, length)`.
        longest: Most tokens of a span.
    """
    lowest = torch.finfo(torch.float32).min / 4  # two of them still have a sum
    start, end = start.masked_fill(~allowed, lowest), end.masked_fill(~allowed, lowest)
    length = start.shape[1]
    # By length of the span, so that memory is rows x length x longest and not rows x length x length.
    sums = torch.stack(
        [
            nn.functional.pad(start[:, : length - more] + end[:, more:], (0, more), value=2 * lowest)
            for more in range(min(longest, length))
        ],
        dim=2,
    )
    best, index = sums.flatten(1).max(dim=1)
    first, more = index // sums.shape[2], index % sums.shape[2]
    return best, torch.stack([first, first + more], dim=1)


def write(
    model: Any, tokens: Tokens, tokenizer: Any, precision: Precision, *, batch_size: int, is_decoder: bool
) -> list[str]:
    """Continue each prompt greedily, up to the write limit; prompts and special tokens are stripped.

    Raises:
        TrialError: An output is not finite (`not_finite`).
    """
    from xautolm_nb.run.tokenize import end_id

    texts = [""] * len(tokens)
    options = {"max_new_tokens": tokens.write_limit, "do_sample": False, "num_beams": 1, "use_cache": True}
    options |= {"pad_token_id": tokens.pad_id, "eos_token_id": end_id(tokenizer)}
    with evaluation(model):
        for rows in sorted_batches(tokens.prompt_lengths, batch_size):
            inputs = collate_prompts(tokens, rows, precision.device)
            if not is_decoder:
                inputs = collate(tokens, rows, precision.device, multiple=precision.padding)
            with precision.forward():
                made = model.generate(**inputs, **options, output_logits=True, return_dict_in_generate=True)
            require_finite(made.logits[0])
            written = made.sequences[:, inputs["input_ids"].shape[1] :] if is_decoder else made.sequences
            decoded = tokenizer.batch_decode(written, skip_special_tokens=True)
            for row, text in zip(rows, decoded, strict=True):
                texts[row] = text.strip()
    return texts


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients."""
    model.eval()
    with torch.inference_mode():
        yield


def require_finite(*outputs: torch.Tensor) -> None:
    """Require outputs that mean something.

    Raises:
        TrialError: One is not finite (`not_finite`).
    """
    if not all(bool(torch.isfinite(output).all()) for output in outputs):
        raise not_finite("outputs in validation")


def not_finite(what: str) -> TrialError:
    """The failure of a training that has diverged."""
    return TrialError(
        FailureKind.NOT_FINITE,
        f"Training expects finite numbers, but got {what} that are not.",
        hint="A lower learning rate or a longer warm-up helps.",
    )


def _texts(tokens: Tokens, contexts: Sequence[str], scores: NDArray[np.float64], spans: NDArray[np.int64]) -> list[str]:
    """The best window of each context decides; windows without context tokens say nothing."""
    texts, owners, places = [""] * len(contexts), tokens.owners, tokens.places
    if owners is None or places is None:
        return texts
    for window in np.argsort(scores, kind="stable"):  # the best comes last and stays
        first, last = (int(tokens.offsets[window]) + token for token in spans[window])
        if places[first, 0] >= 0:
            texts[owners[window]] = contexts[owners[window]][places[first, 0] : places[last, 1]]
    return texts
