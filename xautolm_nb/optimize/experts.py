"""Two experts on the score, one with the store and one without, weighed by how well each foresaw this study's trials.

A store can mislead: other labels, another machine, wrong records. Each trial is first predicted by both experts, then
shown to them; the ratio of their predictive densities moves the trust (prequential Bayesian averaging). In our replay
study this is what survives inverted and shuffled stores, at no measurable price with an honest one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from xautolm_nb.optimize.cases import Case
from xautolm_nb.optimize.curves import Final, Pace, extrapolate, learn_pace
from xautolm_nb.optimize.features import Point, matrix
from xautolm_nb.optimize.response import scale
from xautolm_nb.optimize.surrogate import PRIOR_MEAN, Rows, ScoreModel, covariance, fit, joint, predict

START = math.log(0.9 / 0.1)
"""Log-odds for the store before any trial of the target."""
LIMIT = 8.0
"""Trust is clipped to +- this, so that it can come back."""
LEAST_TRUST = 0.1
"""Below this the store is not asked: a mixture with a small share of nonsense still moves the tails."""
_SURPRISE = 0.02  # added to predictive variances: one surprise must not end all trust
_FLOORS = {True: 0.3, False: 0.2}  # smallest divisor of skills, on the target and in the store
_HOPE = 0.5  # the best of the first few trials is seldom the best there is: how much better it may get
_REFIT_FROM, _REFIT_STEPS = 12, 15  # own lengths from fewer trials add noise


@dataclass(frozen=True, kw_only=True, eq=False)
class Responses:
    """Cases with a score as training rows, and what turns responses back into skills."""

    cases: tuple[Case, ...]
    rows: Rows
    finals: tuple[Final, ...]
    """Projected final skill of each case."""
    scale: float
    """Skill that counts as response 1 on the task at hand."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Experts:
    """The score as seen with and without the store; `trust` is the weight of the first."""

    own: Responses
    alone: ScoreModel
    stored: ScoreModel | None
    trust: float

    def predict(
        self, x: Float[np.ndarray, "m e"], *, trust: float | None = None
    ) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """Mean and standard deviation of the final response at inputs, mixed by trust (or by the given one)."""
        weight = self.trust if trust is None else trust
        mean, sd = predict(self.alone, x)
        if self.stored is None or weight <= 0.0:
            return mean, sd
        other_mean, other_sd = predict(self.stored, x)
        mixed = weight * other_mean + (1 - weight) * mean
        second = weight * (other_sd**2 + (other_mean - mixed) ** 2) + (1 - weight) * (sd**2 + (mean - mixed) ** 2)
        return mixed, np.sqrt(second)


def responses(cases: Sequence[Case], *, others: Sequence[Case] = ()) -> Responses:
    """Make training rows of the cases with a curve: projected final skills over the best of their task.

    Args:
        cases: Own or stored cases.
        others: Further cases whose curves tell how curves rise.
    """
    scored = tuple(case for case in cases if case.curve)
    pace = learn_pace([case.curve for case in scored], [case.curve for case in others])
    by_task: dict[int, list[Case]] = {}
    for case in scored:
        by_task.setdefault(case.task, []).append(case)
    spreads = {task: _spread([case.curve[-1][1] for case in group]) for task, group in by_task.items()}
    finals = tuple(_final(case, pace, spreads[case.task]) for case in scored)
    scales = {
        task: scale(
            [final.mean for case, final in zip(scored, finals, strict=True) if case.task == task],
            floor=_FLOORS[task == 0],
            hope=_HOPE if task == 0 else 0.0,
        )
        for task in by_task
    }
    divisor = np.array([scales[case.task] for case in scored])
    return Responses(
        cases=scored,
        rows=Rows(
            x=inputs_of([case.point for case in scored], [case.task for case in scored]),
            y=np.array([final.mean for final in finals]) / divisor if scored else np.zeros(0),
            variance=np.array([final.variance for final in finals]) / divisor**2 if scored else np.zeros(0),
            weight=np.array([case.weight for case in scored], dtype=np.float64),
        ),
        finals=finals,
        scale=scales.get(0, _FLOORS[True]),
    )


def inputs_of(points: Sequence[Point], tasks: Sequence[int] | None = None) -> Float[np.ndarray, "n e"]:
    """Feature vectors with the task number in the last column; the task at hand is 0."""
    numbers = np.zeros(len(points)) if tasks is None else np.array(tasks, dtype=np.float64)
    return np.concatenate([matrix(points), numbers.reshape(len(points), 1)], axis=1)


def consult(
    own: Responses, stored: Rows | None, prior: ScoreModel | None, pending: Float[np.ndarray, "p e"] | None = None
) -> Experts:
    """Ask both experts: condition each on this study's rows and weigh them.

    Args:
        own: This study's responses.
        stored: Rows of the store; None without one.
        prior: The score model fitted to `stored`; its hyperparameters are kept.
        pending: Inputs that are being run: believed to come out as expected, so that nothing alike is proposed.
    """
    alone = _alone(own.rows)
    trust = trust_in_store(own.rows, prior, alone) if prior is not None else 0.0
    trust = trust if trust >= LEAST_TRUST else 0.0
    experts = Experts(own=own, alone=alone, stored=_with_store(own.rows, stored, prior), trust=trust)
    if pending is None or not len(pending):
        return experts
    believed, _ = experts.predict(pending)
    n = len(pending)
    rows = own.rows.joined(Rows(x=pending, y=believed, variance=np.zeros(n), weight=np.ones(n)))
    return replace(
        experts, alone=fit(rows, mean=alone.mean, start=alone, steps=0), stored=_with_store(rows, stored, prior)
    )


def _with_store(rows: Rows, stored: Rows | None, prior: ScoreModel | None) -> ScoreModel | None:
    """The expert with the store, shown this study's rows; its hyperparameters stay those of the store."""
    if stored is None or prior is None:
        return None
    return fit(stored.joined(rows), mean=prior.mean, start=prior, steps=0) if len(rows) else prior


def trust_in_store(rows: Rows, prior: ScoreModel, alone: ScoreModel) -> float:
    """Weight of the expert with the store after it and the one without were scored on each row, in order.

    The store's hyperparameters have not seen these rows. Those of the other expert are its priors' medians, and from
    twelve rows on those fitted to the rows, which favours it a little: a store that helps no more need not stay.
    """
    if not len(rows):
        return 1.0 / (1.0 + math.exp(-START))
    mean, spread = joint(prior, rows.x)
    noises = [float(model.likelihood.noise_covar.noise.detach()) for model in (prior, alone)]
    with_store = sequential_log_density(mean, spread, rows.y, noises[0] + rows.variance + _SURPRISE)
    without = sequential_log_density(
        np.full(len(rows), PRIOR_MEAN), covariance(alone, rows.x, rows.x), rows.y, noises[1] + rows.variance + _SURPRISE
    )
    odds = START
    for gain in with_store - without:
        odds = min(LIMIT, max(-LIMIT, odds + float(gain)))
    return 1.0 / (1.0 + math.exp(-odds))


def sequential_log_density(
    mean: Float[np.ndarray, " n"],
    cov: Float[np.ndarray, "n n"],
    y: Float[np.ndarray, " n"],
    noise: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """Log density of each response given those before it, for a Gaussian with `mean` and `cov` plus `noise`.

    One Cholesky factor holds all of them: its diagonal are the standard deviations of the one-step predictions.
    """
    factor = np.linalg.cholesky(cov + np.diag(noise))
    z = np.linalg.solve(factor, y - mean)
    density: np.ndarray = -0.5 * z**2 - np.log(np.diag(factor)) - 0.5 * math.log(2 * math.pi)
    return density


def _alone(rows: Rows) -> ScoreModel:
    """The expert without a store; with no row at all it is its prior, held up by one row that says nothing."""
    if not len(rows):
        return fit(_nothing(rows.x.shape[1]), mean=PRIOR_MEAN, steps=0)
    mean = float((rows.y.sum() + 2 * PRIOR_MEAN) / (len(rows) + 2))
    return fit(rows, mean=mean, steps=_REFIT_STEPS if len(rows) >= _REFIT_FROM else 0)


def _nothing(width: int) -> Rows:
    return Rows(x=np.zeros((1, width)), y=np.array([PRIOR_MEAN]), variance=np.array([1e6]), weight=np.ones(1))


def _final(case: Case, pace: Pace, spread: float) -> Final:
    """Projected end of a curve; a failed run is taken at what it reached, as it will never go on."""
    if case.failure is not None:
        return Final(mean=case.curve[-1][1], variance=(0.25 * spread) ** 2)
    return extrapolate(case.curve, pace=pace, spread=spread)


def _spread(values: Sequence[float]) -> float:
    """Standard deviation of final skills, held between .1 and .4 and at .2 while there are few."""
    return float(np.clip((np.std(values) * len(values) + 0.2 * 3) / (len(values) + 3), 0.1, 0.4))
