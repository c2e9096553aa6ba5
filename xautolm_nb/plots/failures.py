"""Where trials fail: models against the tokens of their largest batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.trial import Failure, Trial, TrialState
from xautolm_nb.plots.data import Floats, Integers
from xautolm_nb.space.lengths import longest_tokens
from xautolm_nb.space.original import SPACE as ORIGINAL

RAN = "ran"
"""The kind of those that did not fail."""


@dataclass(frozen=True, kw_only=True)
class FailureMap:
    """One entry per trial whose batches can be told, shape `(n,)`."""

    numbers: Integers
    models: tuple[str, ...]
    """The models, those with most failures first."""
    rows: Integers
    """Index of each trial's model."""
    tokens: Floats
    """Batch size times padded length of the longest batch."""
    kinds: tuple[str, ...]
    """`ran`, or the kind of the failure."""
    unknown: int = 0
    """Trials left out, as their batch is not known."""


@dataclass(frozen=True)
class _Tried:
    number: int
    config: Config
    failure: Failure | None
    context: Context | None
    model: ModelInfo | None


def failure_map(
    trials: Sequence[Trial], context: Context | None, models: Mapping[str, ModelInfo] | None = None
) -> FailureMap:
    """Place the trials of a study that have a score or have failed.

    Args:
        trials: The trials.
        context: The study's task and machine: lengths of the task's texts; None leaves only `max_length` to go by.
        models: Models by id, for the length they can read; 512 tokens where one is not known.
    """
    known = models or {}
    ended = [trial for trial in trials if trial.score is not None or trial.state is TrialState.FAILED]
    return _mapped(
        [_Tried(t.number, t.config, t.failure, context, known.get(str(t.config.get("model")))) for t in ended]
    )


def failure_map_of(experiences: Sequence[Experience]) -> FailureMap:
    """Place past trials, each in its own context; they are numbered in the order given."""
    return _mapped(
        [
            # The original padded every row to `max_length`, whatever the texts are.
            _Tried(index, one.config, one.failure, None if one.space == ORIGINAL else one.context, one.model)
            for index, one in enumerate(experiences)
        ]
    )


def tokens_of_batch(config: Config, context: Context | None, model: ModelInfo | None = None) -> float | None:
    """Tokens of the largest batch, padding included; None when the configuration or the context does not tell.

    It is the batch of one update. On a device where that does not fit, the engine splits it into smaller passes.
    """
    batch = config.get("batch_size")
    if not isinstance(batch, int | float):
        return None
    if context is None:
        length = config.get("max_length")
        return float(batch) * float(length) if isinstance(length, int | float) else None
    name = str(config.get("model"))
    return float(batch) * longest_tokens(config, model or ModelInfo(id=name, path=name), context)


def _mapped(tried: Sequence[_Tried]) -> FailureMap:
    placed = [(one, tokens_of_batch(one.config, one.context, one.model)) for one in tried]
    kept = [(one, tokens) for one, tokens in placed if tokens is not None]
    failures: dict[str, int] = {}
    for one, _ in kept:
        name = str(one.config.get("model"))
        failures[name] = failures.get(name, 0) + (one.failure is not None)
    models = sorted(failures, key=lambda name: (-failures[name], name))
    return FailureMap(
        numbers=np.array([one.number for one, _ in kept], dtype=np.int64),
        models=tuple(models),
        rows=np.array([models.index(str(one.config.get("model"))) for one, _ in kept], dtype=np.int64),
        tokens=np.array([tokens for _, tokens in kept], dtype=np.float64),
        kinds=tuple(one.failure.kind.value if one.failure is not None else RAN for one, _ in kept),
        unknown=len(placed) - len(kept),
    )
