"""Optuna's samplers and pruners (Akiba et al., 2019) on a pool.

A sampler suggests a point of the open space; the nearest configuration that may be proposed is run, and the study is
told what was really run, with its own values, so that the sampler's model sees true data. A failure is told as the
worst value. Spaces with conditions are sampled define-by-run.

The multi-fidelity peers report at every rung and go on with the same trial until Optuna says to prune it; a pruned
trial is never taken up again, as in Optuna. Rungs count as 1, 3, 9, 27 steps, which is what its Hyperband expects.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from benchmarks.peers.foreign import inward, is_fixed, label, told
from benchmarks.peers.pool import Pool, gain_of
from benchmarks.problem import HALVING, Problem
from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import Categorical, Float, Integer, Parameter, SearchSpace

ETA = 3
_NEAR = 1e-9
Sampler = Callable[[int], optuna.samplers.BaseSampler]


def tpe(problem: Problem) -> Optimizer:
    """Tree-structured Parzen estimator over groups of parameters that exist together; whole runs."""
    return OptunaPeer(problem, _tpe, rungs=(1.0,))


def gp(problem: Problem) -> Optimizer:
    """Optuna's Gaussian process sampler; what only some configurations have it draws at random. Whole runs."""
    return OptunaPeer(problem, _gp, rungs=(1.0,))


def hyperband(problem: Problem) -> Optimizer:
    """Random suggestions, pruned by Optuna's Hyperband."""
    return OptunaPeer(problem, lambda seed: optuna.samplers.RandomSampler(seed=seed), rungs=problem.rungs(HALVING))


def tpe_hyperband(problem: Problem) -> Optimizer:
    """TPE suggestions, pruned by Optuna's Hyperband; each bracket has its own TPE model, as in Optuna."""
    return OptunaPeer(problem, _tpe, rungs=problem.rungs(HALVING))


def _tpe(seed: int) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # groups
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)


def _gp(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.GPSampler(seed=seed, warn_independent_sampling=False)


class Mapped(optuna.samplers.BaseSampler):
    """Keeps what a sampler suggests, and gives every parameter the value that is really run."""

    def __init__(self, inner: optuna.samplers.BaseSampler) -> None:
        self.inner = inner
        self.real: dict[str, ConfigValue] = {}
        self._asked: tuple[optuna.Study, optuna.trial.FrozenTrial] | None = None
        self._relative: dict[str, Any] = {}

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing: every parameter is asked for by itself."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is fixed before it is known what is run."""
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value that is really run."""
        return self.real[param_name]

    def suggestion(self, name: str, distribution: BaseDistribution) -> Any:
        """What the inner sampler wants for a parameter of the trial that was asked for last."""
        if name in self._relative:
            return self._relative[name]
        assert self._asked is not None
        return self.inner.sample_independent(*self._asked, name, distribution)

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Let the inner sampler make its joint suggestion; with Hyperband the study shows one bracket only."""
        self.inner.before_trial(study, trial)
        joint = self.inner.infer_relative_search_space(study, trial)
        self._asked, self._relative = (study, trial), self.inner.sample_relative(study, trial, joint)

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """As the inner sampler."""
        self.inner.after_trial(study, trial, state, values)


@dataclass
class Running:
    """A trial on its way."""

    asked: optuna.Trial
    key: str
    rung: int
    """Place of the rung it was sent to."""


class OptunaPeer:
    """One study of Optuna, told by the proposals of one search."""

    def __init__(self, problem: Problem, sampler: Sampler, *, rungs: tuple[float, ...]) -> None:
        self._problem, self._rungs, self._make = problem, rungs, sampler
        self._pool = Pool(problem.space)
        self._running: Running | None = None
        self._study: optuna.Study | None = None

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Go on with the trial at work unless it ended or is pruned, else start one (see `core.proposal.Optimizer`)."""
        self._study = self._study or self._open(seed)
        return self._go_on(self._study, trials) or self._start(self._study, trials, seed)

    def _open(self, seed: int) -> optuna.Study:
        """A study with a name of its own: Hyperband reads the brackets off it."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._sampler = Mapped(self._make(seed))
        return optuna.create_study(
            study_name=f"peer-{seed}", sampler=self._sampler, pruner=self._pruner(), direction="maximize"
        )

    def _pruner(self) -> optuna.pruners.BasePruner:
        steps = ETA ** (len(self._rungs) - 1)
        if steps == 1:
            return optuna.pruners.NopPruner()
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=steps, reduction_factor=ETA)

    def _go_on(self, study: optuna.Study, trials: Sequence[Trial]) -> Proposal | None:
        running, self._running = self._running, None
        if running is None:
            return None
        trial = next((trial for trial in trials if config_key(trial.config) == running.key), None)
        value = gain_of(trial, trials, self._problem) if trial is not None else None
        if trial is None or value is None:
            study.tell(running.asked, state=optuna.trial.TrialState.FAIL)
            return None
        if trial.state.is_finished:
            study.tell(running.asked, value)
            return None
        return self._climb(study, running, trial, value)

    def _climb(self, study: optuna.Study, running: Running, trial: Trial, value: float) -> Proposal | None:
        """Report a paused trial, and send it to the next rung unless it is pruned."""
        reached = max([running.rung, *(i for i, rung in enumerate(self._rungs) if rung <= trial.fidelity + _NEAR)])
        running.asked.report(value, step=ETA**reached)
        if running.asked.should_prune():
            study.tell(running.asked, state=optuna.trial.TrialState.PRUNED)
            return None
        rung = min(reached + 1, len(self._rungs) - 1)
        self._running = Running(running.asked, running.key, rung)
        return Proposal(
            config=trial.config, fidelity=self._rungs[rung], thaw=trial.number, reason="not pruned at its rung"
        )

    def _start(self, study: optuna.Study, trials: Sequence[Trial], seed: int) -> Proposal | None:
        if self._pool.configs and not self._pool.free(trials):
            return None
        asked = study.ask()
        wanted = suggested(self._problem.space, self._sampler)
        config = self._pool.close_to(wanted, trials, np.random.default_rng([seed, len(trials)]))
        if config is None:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            return None
        self._record(asked, config)
        self._running = Running(asked, config_key(config), 0)
        return Proposal(config=config, fidelity=self._rungs[0], reason="nearest to what the sampler suggests")

    def _record(self, asked: optuna.Trial, config: Config) -> None:
        """Write what is really run into the trial."""
        real = told(config, self._problem.space)
        self._sampler.real = {name: value for name, (_, value) in real.items()}
        for name, (parameter, _) in real.items():
            _suggest(asked, name, distribution(parameter))


def suggested(space: SearchSpace, sampler: Mapped) -> dict[str, ConfigValue]:
    """The configuration a sampler suggests, condition by condition."""
    config: dict[str, ConfigValue] = {}
    for name in space.names:
        parameter = space.active(config).get(name)
        if parameter is None:
            continue
        if is_fixed(parameter):
            config[name] = parameter.default
        else:
            config[name] = inward(parameter, sampler.suggestion(label(parameter, space), distribution(parameter)))
    return config


def distribution(parameter: Parameter) -> BaseDistribution:
    """A parameter as Optuna knows it; ordered lists are whole numbers, the places in the list."""
    if isinstance(parameter, Float):
        return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Integer):
        return IntDistribution(parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Categorical):
        return CategoricalDistribution(parameter.values)
    return IntDistribution(0, len(parameter.values) - 1)


def _suggest(asked: optuna.Trial, name: str, known: BaseDistribution) -> None:
    if isinstance(known, FloatDistribution):
        asked.suggest_float(name, known.low, known.high, log=known.log)
    elif isinstance(known, IntDistribution):
        asked.suggest_int(name, known.low, known.high, log=known.log)
    elif isinstance(known, CategoricalDistribution):
        asked.suggest_categorical(name, known.choices)
