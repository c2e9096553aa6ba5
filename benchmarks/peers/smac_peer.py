"""SMAC3 (Lindauer et al., 2022): its hyperparameter-optimization facade, asked and told.

All is SMAC's own: random forest on log costs, log expected improvement, one random configuration in five. Where only a
pool may be proposed, its maximizer scores every untried configuration of the pool exactly, random ones come from the
pool, and the initial design is five of it (Sobol points of an open space). The forest is refitted after each trial, and
a configuration is run once. A failure is told as the worst value. Whole runs.
"""

import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.peers.foreign import inward, is_fixed, label, outward
from benchmarks.peers.pool import Pool, gain_of
from benchmarks.problem import Problem
from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.trial import Trial
from xautolm_nb.space import Categorical, Float, Ordinal, Parameter, SearchSpace

if TYPE_CHECKING:
    from ConfigSpace import Configuration, ConfigurationSpace

START = 5
RANDOM = 0.2
TRIALS = 100_000
"""SMAC wants an end; the benchmark sets it."""
LEAVES = 2**12


def make(problem: Problem) -> Optimizer:
    """Build it for a problem.

    Raises:
        SystemExit: SMAC3 is not installed.
    """
    try:
        import smac  # noqa: F401
    except ImportError as error:
        raise SystemExit("The peer 'smac' needs SMAC3, which is not installed here: pip install smac") from error
    return SMAC(problem)


class SMAC:
    """One optimizer of SMAC, told by the proposals of one search."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._pool = problem, Pool(problem.space)
        self._space = configuration_space(problem.space)
        self._facade: Any = None
        self._folder: Any = None
        self._asked: dict[str, Any] = {}

    def propose(
        self,
        context: Context,
        experiences: Sequence[Experience],
        trials: Sequence[Trial],
        *,
        seed: int,
        seconds_left: float | None = None,
    ) -> Proposal | None:
        """Tell SMAC what ended, and ask it (see `core.proposal.Optimizer`)."""
        rng = np.random.default_rng([seed, len(trials)])
        if self._facade is None:
            self._open(seed)
        self._tell(trials)
        free = self._pool.free(trials)
        if self._pool.configs and not free:
            return None
        config = self._ask(trials, rng)
        if config is None:  # two records that look alike to SMAC: the other is run at random
            config = self._pool.configs[free[int(rng.integers(len(free)))]]
        return Proposal(config=config, fidelity=1.0, reason="asked of SMAC")

    def _open(self, seed: int) -> None:
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario

        self._folder = tempfile.TemporaryDirectory()
        scenario = Scenario(
            self._space, deterministic=True, n_trials=TRIALS, seed=seed, output_directory=self._folder.name
        )
        parts: dict[str, Any] = {
            "model": _forest(scenario),
            "intensifier": Facade.get_intensifier(scenario, max_config_calls=1),
            "config_selector": Facade.get_config_selector(scenario, retrain_after=1),
            "initial_design": Facade.get_initial_design(scenario, n_configs=START),
        }
        if self._pool.configs:
            parts |= self._pool_parts(scenario, seed)
        self._facade = Facade(scenario, logging_level=False, overwrite=True, **parts)

    def _pool_parts(self, scenario: Any, seed: int) -> dict[str, Any]:
        """Initial design and maximizer that know the pool."""
        from smac import HyperparameterOptimizationFacade as Facade

        listed = [configuration(config, self._problem.space, self._space) for config in self._pool.configs]
        self._listed = dict(reversed(list(zip(listed, self._pool.configs, strict=True))))
        first = np.random.default_rng([seed, 0]).permutation(len(listed))[:START]
        design = Facade.get_initial_design(
            scenario, n_configs=0, additional_configs=list(dict.fromkeys(listed[int(number)] for number in first))
        )
        return {"initial_design": design, "acquisition_maximizer": _maximizer(self._space, list(self._listed), seed)}

    def _tell(self, trials: Sequence[Trial]) -> None:
        from smac.runhistory import TrialValue

        for trial in trials:
            key = config_key(trial.config)
            value = gain_of(trial, trials, self._problem)
            if key in self._asked and trial.state.is_finished:
                cost = _cost(value, self._problem)
                self._facade.tell(self._asked.pop(key), TrialValue(cost=cost, time=trial.seconds), save=False)

    def _ask(self, trials: Sequence[Trial], rng: np.random.Generator) -> Config | None:
        """The configuration SMAC wants; None when all it knows of the pool was run."""
        known = {config_key(trial.config) for trial in trials}
        if self._pool.configs and all(config_key(config) in known for config in self._listed.values()):
            return None
        info = self._facade.ask()
        config = self._listed[info.config] if self._pool.configs else readable(info.config, self._problem.space)
        self._asked[config_key(config)] = info
        return config


def _forest(scenario: Any) -> Any:
    """The facade's own forest with room for fewer leaves (there is one a trial): ten times as quick, the same trees."""
    from smac.model.random_forest import RandomForest

    return RandomForest(
        configspace=scenario.configspace,
        seed=scenario.seed,
        log_y=True,
        n_trees=10,
        bootstrapping=True,
        ratio_features=1.0,
        min_samples_split=2,
        min_samples_leaf=1,
        max_depth=2**20,
        max_leaf_nodes=LEAVES,
        n_jobs=1,
    )


def _cost(value: float | None, problem: Problem) -> float:
    """What SMAC minimises: 1 - score, or a loss; the worst of a loss that was never seen is 1."""
    if value is None:
        return 1.0
    return 1.0 - value if problem.metric.maximize else float(np.exp(-value))


def _maximizer(space: "ConfigurationSpace", listed: Sequence["Configuration"], seed: int) -> Any:
    """A maximizer of SMAC over listed configurations; built here because SMAC is imported late."""
    from smac.acquisition.maximizer import AbstractAcquisitionMaximizer

    class Listed(AbstractAcquisitionMaximizer):
        """The best of the list first; one time in five the list in random order."""

        def maximize(
            self, previous_configs: list["Configuration"], n_points: int | None = None, random_design: Any = None
        ) -> Iterator["Configuration"]:
            """All that is left of the list."""
            done = set(previous_configs)
            left = [configuration for configuration in listed if configuration not in done]
            if self._rng.random() < RANDOM:
                return iter([left[int(number)] for number in self._rng.permutation(len(left))])
            return iter([configuration for _, configuration in self._maximize(left, len(left))])

        def _maximize(
            self, previous_configs: list["Configuration"], n_points: int
        ) -> list[tuple[float, "Configuration"]]:
            return list(self._sort_by_acquisition_value(previous_configs))

    return Listed(space, challengers=len(listed), seed=seed)


def configuration_space(space: SearchSpace) -> "ConfigurationSpace":
    """A space as ConfigSpace knows it; categories go by their place in the list, as text."""
    import ConfigSpace

    found = ConfigSpace.ConfigurationSpace()
    for parameter in space.parameters:
        found.add(_hyperparameter(parameter, space))
    for parameter in space.parameters:
        conditions = [_condition(found, parameter, parent, space) for parent in parameter.when]
        if conditions:
            found.add(conditions[0] if len(conditions) == 1 else ConfigSpace.AndConjunction(*conditions))
    return found


def _hyperparameter(parameter: Parameter, space: SearchSpace) -> Any:
    import ConfigSpace

    name = label(parameter, space)
    if is_fixed(parameter):
        return ConfigSpace.Constant(name, _told(parameter, parameter.default))
    if isinstance(parameter, Categorical):
        return ConfigSpace.CategoricalHyperparameter(name, [str(number) for number in range(len(parameter.values))])
    if isinstance(parameter, Float):
        return ConfigSpace.UniformFloatHyperparameter(name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Ordinal):
        return ConfigSpace.UniformIntegerHyperparameter(name, 0, len(parameter.values) - 1)
    return ConfigSpace.UniformIntegerHyperparameter(name, parameter.low, parameter.high, log=parameter.log)


def _condition(found: "ConfigurationSpace", parameter: Parameter, parent: str, space: SearchSpace) -> Any:
    """That the parent, in one of its variants, has one of the values asked for."""
    import ConfigSpace

    child, asked = found[label(parameter, space)], parameter.when[parent]
    conditions = []
    for variant in space.variants[parent]:
        values = [_told(variant, value) for value in asked if variant.contains(value)]
        if values:
            conditions.append(ConfigSpace.InCondition(child, found[label(variant, space)], values))
    return conditions[0] if len(conditions) == 1 else ConfigSpace.OrConjunction(*conditions)


def configuration(config: Config, space: SearchSpace, known: "ConfigurationSpace") -> "Configuration":
    """A configuration as ConfigSpace knows it; what a record lacks takes its default."""
    from ConfigSpace import Configuration

    values = {
        label(parameter, space): _told(parameter, config.get(name, parameter.default))
        for name, parameter in space.active(config).items()
    }
    return Configuration(known, values=values)


def readable(found: "Configuration", space: SearchSpace) -> dict[str, ConfigValue]:
    """A configuration of ConfigSpace in our terms."""
    config: dict[str, ConfigValue] = {}
    for name in space.names:
        parameter = space.active(config).get(name)
        if parameter is None:
            continue
        value = found[label(parameter, space)]
        config[name] = parameter.values[int(value)] if isinstance(parameter, Categorical) else inward(parameter, value)
    return config


def _told(parameter: Parameter, value: ConfigValue) -> ConfigValue:
    """As `outward`, categories by their place, as text: ConfigSpace does not tell True from 1."""
    if isinstance(parameter, Categorical):
        kept = outward(parameter, value)
        return str(next(place for place, own in enumerate(parameter.values) if own == kept))
    return outward(parameter, value)
