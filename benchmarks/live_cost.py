"""What a live comparison will cost, before it runs: hours, trials and energy."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xautolm_nb.core.context import Context, SystemMetaFeatures
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space import build_space
from xautolm_nb.space.physics import estimate

_DRAWS = 300
CONSUMER_GPU = SystemMetaFeatures(
    paper=(8.0, 16.0, 4.0, 64.0, 24.0),
    device="cuda",
    gpu_name="NVIDIA GeForce RTX 4090",
    gpu_count=1,
    gpu_memory_gib=24.0,
    compute_capability=8.9,
    memory_gib=64.0,
    tflops=165.0,
    bfloat16=True,
)
"""One GPU that a person can buy; its rate is the published one for bfloat16 without sparsity."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What is expected of all searches together."""

    searches: int
    hours: float
    """Of the machine, one search after the other on each of its workers."""
    trials: float
    """As many as random configurations would be, run to their end or to the time limit; a search that pauses trials
    makes more."""
    kwh: float


def trial_seconds(context: Context, models: Sequence[ModelInfo], *, epochs: int, timeout: float) -> float:
    """Mean predicted seconds of a random configuration that fits the machine, none above its limit."""
    space = build_space(context, models, max_epochs=epochs)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_DRAWS):
        config = space.sample(rng)
        physics = estimate(config, space.models[str(config["model"])], context)
        if physics.fits:
            found.append(min(physics.seconds, timeout))
    return statistics.fmean(found) if found else timeout


def expected(
    contexts: Mapping[str, Context],
    models: Sequence[ModelInfo],
    *,
    searches: int,
    seconds: float,
    timeout: float,
    epochs: int,
    watts: float,
    workers: int = 1,
) -> Cost:
    """What so many searches on each of the tasks cost; `watts` are drawn by the machine while it trains."""
    trials = [
        searches * seconds / trial_seconds(one, models, epochs=epochs, timeout=timeout) for one in contexts.values()
    ]
    count = searches * len(contexts)
    hours = count * seconds / 3600 / workers
    return Cost(searches=count, hours=hours, trials=sum(trials), kwh=hours * watts / 1000)


def on(context: Context, system: SystemMetaFeatures) -> Context:
    """The same task on another machine."""
    return replace(context, system=system)
