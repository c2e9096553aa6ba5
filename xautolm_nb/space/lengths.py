"""How many tokens a row of the task has, from the quantiles in its meta-features."""

import math
from functools import lru_cache

import numpy as np

from xautolm_nb.core.config import Config
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo

_CHARACTERS_PER_TOKEN = 4.2  # English subword tokens; only used when a context lacks token counts
_MEAN_LENGTH, _LENGTH_DEVIATION = 6, 7  # places in the paper's vector (XAutoLM 3.1), characters


def rows_train(context: Context) -> float:
    """Training rows of the task."""
    paper = context.task.paper
    return max(context.task.extra.get("rows_train", paper[0] if paper else 1000.0), 1.0)


def rows_validation(context: Context) -> float:
    """Validation rows of the task; a quarter of the training rows when it is not known."""
    return context.task.extra.get("rows_validation", 0.25 * rows_train(context))


def token_quantile(context: Context, share: float) -> float:
    """Tokens that a share of the rows does not exceed, by linear interpolation between the known quantiles."""
    at, tokens = _quantiles(context)
    return float(np.interp(share, at, tokens))


def written_tokens(context: Context) -> float:
    """Tokens of a long target, where the task is to write; 0 otherwise."""
    if context.task.kind != "generation":
        return 0.0
    return max(context.task.extra.get("target_tokens_p99", 32.0), 1.0)


def length_cap(config: Config, model: ModelInfo, context: Context) -> float:
    """Longest row that is not cut: `max_length`, or without it the 99.5 % quantile; never above the model's limit."""
    wanted = float(config["max_length"]) if "max_length" in config else token_quantile(context, 0.995)
    return max(min(wanted, float(model.max_positions or 512)), 8.0)


def longest_tokens(config: Config, model: ModelInfo, context: Context) -> float:
    """Padded length of the longest batch, a multiple of 8."""
    return _padded(min(length_cap(config, model, context), token_quantile(context, 1.0)))


def batch_tokens(config: Config, model: ModelInfo, context: Context) -> float:
    """Mean padded length of a row when batches are made of rows of similar length.

    The mean of the cut lengths, plus half of the rounding to a multiple of 8 and 5 % for what bucketing leaves.
    """
    cap = length_cap(config, model, context)
    at, tokens = _quantiles(context)
    return min(1.05 * _mean_cut(cap, tuple(at), tuple(tokens)) + 4.0, _padded(cap))


@lru_cache(maxsize=4096)
def _mean_cut(cap: float, at: tuple[float, ...], tokens: tuple[float, ...]) -> float:
    """Mean of lengths with these quantiles when longer ones are cut; many configurations share a cut."""
    grid = np.linspace(0.0, 1.0, 201)
    return float(np.minimum(np.interp(grid, at, tokens), cap).mean())


def _quantiles(context: Context) -> tuple[list[float], list[float]]:
    """Shares and tokens, both rising; from characters (a log-normal guess) where tokens were not counted."""
    extra = context.task.extra
    known = [(s, extra[k]) for s, k in _NAMES if k in extra and np.isfinite(extra[k])]
    if not known:
        known = _from_characters(context)
    if "tokens_max" not in extra:
        known.append((1.0, 1.3 * known[-1][1]))
    start = 0.3 * known[0][1]
    shares = [0.0, *(share for share, _ in known)]
    tokens = np.maximum.accumulate([start, *(count for _, count in known)])
    return shares, [float(count) for count in tokens]


_NAMES = ((0.5, "tokens_p50"), (0.9, "tokens_p90"), (0.95, "tokens_p95"), (0.99, "tokens_p99"), (1.0, "tokens_max"))


def _from_characters(context: Context) -> list[tuple[float, float]]:
    paper = context.task.paper
    mean = paper[_MEAN_LENGTH] if len(paper) > _LENGTH_DEVIATION else 200.0
    deviation = paper[_LENGTH_DEVIATION] if len(paper) > _LENGTH_DEVIATION else 100.0
    spread = float(np.sqrt(np.log1p((deviation / max(mean, 1.0)) ** 2)))
    middle = max(mean, 1.0) * np.exp(-(spread**2) / 2) / _CHARACTERS_PER_TOKEN + 2.0
    normal = ((0.5, 0.0), (0.9, 1.2816), (0.95, 1.6449), (0.99, 2.3263))
    return [(share, float(middle * np.exp(spread * deviate))) for share, deviate in normal]


def _padded(length: float) -> float:
    return 8.0 * math.ceil(length / 8.0)
