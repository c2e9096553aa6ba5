"""The zero-shot search of the original: evolution of a sampling model with non-dominated sorting (XAutoLM 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xautolm_nb.core.config import ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.baselines.distribution import Distribution
from xautolm_nb.optimize.baselines.fresh import finish_first, keys_of, random_new, runs_here
from xautolm_nb.optimize.baselines.fronts import FAILURE, Point, select
from xautolm_nb.space import SearchSpace

POPULATION = 20
SELECTED = 4
"""The share .2 of a generation."""
LEARNING_FACTOR = 0.05
EXPLORED = 2
"""The share .1 of a generation that is drawn from the untrained model."""
GENERATIONS = 100
_TRIES = 300


@dataclass(frozen=True, kw_only=True)
class NSPE:
    """Draws generations of 20 from a model that moves towards the 4 best of each by score and seconds.

    Generations are read off the trials in order of their numbers. The first 2 of each are drawn from the untrained
    model. The search ends after 100 generations; the original's other end, 50 generations without improvement, was
    never reached and is not here. As published, failures are sorted too and are learned from where fewer than 4
    trials succeeded (XAutoLM 11, S5).
    """

    space: SearchSpace
    duplicates: bool = False
    """Whether a configuration may be run again, as in the original."""
    mended: bool = False
    """Failures are neither selected nor part of the scale of the crowding distance."""

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Draw the next member of the generation (see `core.proposal.Optimizer`); trials cut off go on first."""
        untrained = Distribution(space=self.space)
        return (
            finish_first(trials)
            or self._explore(untrained, context, trials, seed)
            or next_member(untrained, context, trials, seed=seed, mended=self.mended, duplicates=self.duplicates)
        )

    def _explore(
        self, untrained: Distribution, context: Context, trials: Sequence[Trial], seed: int
    ) -> Proposal | None:
        if len(trials) % POPULATION >= EXPLORED or len(trials) >= GENERATIONS * POPULATION:
            return None
        why = f"generation {len(trials) // POPULATION}, drawn from the untrained model"
        return proposal_from(untrained, context, trials, seed=seed, duplicates=self.duplicates, reason=why)


def next_member(
    first: Distribution,
    context: Context,
    trials: Sequence[Trial],
    *,
    seed: int,
    mended: bool = False,
    duplicates: bool = False,
) -> Proposal | None:
    """Draw from the model that the finished generations made of the first one; None after the last generation."""
    generation = len(trials) // POPULATION
    if generation >= GENERATIONS:
        return None
    model = evolved(first, trials, mended=mended)
    why = f"generation {generation}, drawn from the model so far"
    return proposal_from(model, context, trials, seed=seed, duplicates=duplicates, reason=why)


def evolved(model: Distribution, trials: Sequence[Trial], *, mended: bool = False) -> Distribution:
    """The model after each full generation has moved it towards its best; unfinished trials teach nothing."""
    ordered = sorted(trials, key=lambda trial: trial.number)
    for begin in range(0, len(ordered) - POPULATION + 1, POPULATION):
        best = selected(ordered[begin : begin + POPULATION], mended=mended)
        if best:
            model = model.reinforce([trial.config for trial in best], LEARNING_FACTOR)
    return model


def selected(generation: Sequence[Trial], *, mended: bool = False) -> list[Trial]:
    """The 4 of a generation that the model moves towards; with `mended` none that failed."""
    judged = [(trial, objectives(trial)) for trial in generation if trial.state.is_finished]
    if mended:
        judged = [(trial, point) for trial, point in judged if point != FAILURE]
    return [judged[place][0] for place in select([point for _, point in judged], SELECTED)]


def objectives(trial: Trial) -> Point:
    """Gain and seconds of a trial; a failure has the worst of both."""
    if trial.failure is not None or trial.score is None or not math.isfinite(trial.score):
        return FAILURE
    return (trial.score if trial.maximize else -trial.score, trial.seconds)


def proposal_from(
    model: Distribution, context: Context, trials: Sequence[Trial], *, seed: int, duplicates: bool, reason: str
) -> Proposal | None:
    """Draw a configuration that can run here by prediction, and unless `duplicates` a new one."""
    rng = np.random.default_rng([seed, len(trials)])
    known = set[str]() if duplicates else keys_of(trials)
    config = _drawn(model, context, rng, known)
    return Proposal(config=config, fidelity=1.0, reason=reason) if config is not None else None


def _drawn(
    model: Distribution, context: Context, rng: np.random.Generator, known: set[str]
) -> dict[str, ConfigValue] | None:
    space = model.space
    if space.only:
        left = [place for place, config in enumerate(space.only) if config_key(config) not in known]
        return dict(space.only[model.draw_listed(left, rng)]) if left else None
    for _ in range(_TRIES):
        config = model.sample(rng)
        if config_key(config) not in known and runs_here(space, config, context):
            return config
    return next(iter(random_new(space, context, rng, known)), None)  # the model knows nothing new that can run
