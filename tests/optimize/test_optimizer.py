import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contracts.optimizer import OptimizerContract
from tuning_world import MODELS, World, best, inverted, make_context, random_experiences, search

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import CurvePoint, Trial, TrialState
from xautolm_nb.optimize import BayesianOptimizer, RandomSearch
from xautolm_nb.optimize.features import locate
from xautolm_nb.space import build_space


def mean_best(world: World, experiences: tuple[Experience, ...], *, seeds: range, budget: float) -> float:
    optimizer = BayesianOptimizer(space=world.space)
    return float(
        np.mean([best(search(world, optimizer, budget=budget, experiences=experiences, seed=seed)) for seed in seeds])
    )


class TestBayesianOptimizer(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> BayesianOptimizer:
        return BayesianOptimizer(space=world.space)

    def test_a_search_without_a_store_opens_with_the_default(self, world: World, optimizer: BayesianOptimizer) -> None:
        proposal = optimizer.propose(world.context, (), [], seed=0)
        assert proposal is not None
        assert dict(proposal.config) == world.space.default()
        point = locate(proposal.config, world.space, world.context)
        assert point is not None and proposal.fidelity == point.physics.looks(optimizer.rungs)[0]

    def test_the_reason_says_what_is_expected_and_which_task_argued_for_it(
        self, world: World, optimizer: BayesianOptimizer, store: tuple[Experience, ...]
    ) -> None:
        proposal = optimizer.propose(world.context, store, [], seed=0)
        assert proposal is not None
        assert proposal.reason.startswith(f"start to {proposal.fidelity:.0%}")
        assert "expected f1" in proposal.reason
        assert "trials on task" in proposal.reason
        assert {influence.experience for influence in proposal.influences} <= {record.id for record in store}

    def test_a_short_search_ends_with_complete_trials(self, world: World, optimizer: BayesianOptimizer) -> None:
        for seed in range(2):
            trials = search(world, optimizer, budget=60.0, seed=seed)
            assert any(trial.state is TrialState.COMPLETE for trial in trials)
            assert sum(trial.seconds for trial in trials) <= 60.0 * 1.2

    def test_nothing_is_proposed_that_cannot_reach_its_rung_in_time(
        self, world: World, optimizer: BayesianOptimizer
    ) -> None:
        trials = search(world, optimizer, budget=60.0)
        assert any(trial.score is not None for trial in trials)
        assert optimizer.propose(world.context, (), trials, seed=0, seconds_left=0.01) is None

    def test_before_any_score_even_little_time_is_used(self, world: World, optimizer: BayesianOptimizer) -> None:
        proposal = optimizer.propose(world.context, (), [], seed=0, seconds_left=0.01)
        assert proposal is not None
        assert proposal.config["model"] == "tiny"

    def test_an_exhausted_space_ends_the_search(self, world: World) -> None:
        narrow = build_space(world.context, MODELS[:1], methods=("head",), max_epochs=1, optimizers=("sgd",))
        [config] = [narrow.default()]
        fixed = narrow.restrict({name: value for name, value in config.items() if name not in ("model",)})
        optimizer = BayesianOptimizer(space=fixed)
        trials: list[Trial] = []
        for _ in range(10):
            proposal = optimizer.propose(world.context, (), trials, seed=0)
            if proposal is None:
                break
            trials = world.run(trials, proposal)
        assert proposal is None
        assert [trial.state for trial in trials] == [TrialState.COMPLETE]

    def test_a_configuration_far_beyond_the_time_limit_of_a_trial_is_not_started(self, world: World) -> None:
        optimizer = BayesianOptimizer(space=world.space, trial_timeout_seconds=30.0)
        trials = search(world, optimizer, budget=80.0)
        assert max(world.seconds(trial.config) for trial in trials) < 60.0

    def test_another_scale_of_scores_is_no_obstacle(self, world: World, optimizer: BayesianOptimizer) -> None:
        low = Trial(
            number=0,
            config=world.space.default(),
            seed=0,
            state=TrialState.COMPLETE,
            fidelity=1.0,
            curve=(CurvePoint(fidelity=1.0, score=float("nan"), seconds=3.0),),
        )
        assert optimizer.propose(world.context, (), [low], seed=0) is not None


def test_it_beats_random_search_on_average(world: World) -> None:
    seeds, budget = range(3), 120.0
    random = [best(search(world, RandomSearch(space=world.space), budget=budget, seed=seed)) for seed in seeds]
    assert mean_best(world, (), seeds=seeds, budget=budget) > np.mean(random) + 0.01


def test_an_honest_store_helps_early(world: World, store: tuple[Experience, ...]) -> None:
    seeds, budget = range(3), 40.0
    assert mean_best(world, store, seeds=seeds, budget=budget) > mean_best(world, (), seeds=seeds, budget=budget)


def test_a_misleading_store_costs_little(world: World, store: tuple[Experience, ...]) -> None:
    seeds, budget = range(2), 150.0
    alone = mean_best(world, (), seeds=seeds, budget=budget)
    assert mean_best(world, inverted(store), seeds=seeds, budget=budget) > alone - 0.08


def test_memory_errors_are_learned_within_a_few_trials(world: World) -> None:
    small = replace(world, context=make_context(memory_gib=6.0), memory_error_above=0.35)
    trials = search(small, BayesianOptimizer(space=small.space), budget=150.0)
    failures = [trial.failure is not None for trial in sorted(trials, key=lambda trial: trial.number)]
    assert sum(failures) <= 0.25 * len(failures)
    assert any(trial.state is TrialState.COMPLETE for trial in trials)


def test_a_proposal_takes_about_a_second_with_a_hundred_trials_and_a_thousand_experiences(world: World) -> None:
    stored: tuple[Experience, ...] = ()
    for number in range(10):
        other = World(context=make_context(rows=2000 + 500 * number, host="elsewhere"), shift=0.03 * number - 0.15)
        stored += random_experiences(other, name=f"task{number}", n=100, seed=number)
    rng, trials = np.random.default_rng(0), list[Trial]()
    for _ in range(100):
        fidelity = float(rng.choice([0.125, 0.25, 0.5, 1.0]))
        trials = world.run(trials, Proposal(config=world.space.sample(rng), fidelity=fidelity))
    optimizer = BayesianOptimizer(space=world.space)
    optimizer.propose(world.context, stored, trials[:99], seed=0)  # the store's model is fitted once
    began = time.perf_counter()
    optimizer.propose(world.context, stored, trials, seed=0)
    assert time.perf_counter() - began < 4.0  # 0.5 s on an idle core; room for a busy machine


def test_shapes_and_types_hold_at_run_time() -> None:
    code = (
        "from jaxtyping import install_import_hook\n"
        "with install_import_hook('xautolm_nb.optimize', 'beartype.beartype'):\n"
        "    from xautolm_nb.optimize import BayesianOptimizer\n"
        "from tuning_world import World, neighbouring_store, search\n"
        "world = World()\n"
        "trials = search(world, BayesianOptimizer(space=world.space), budget=60.0, experiences=neighbouring_store(5))\n"
        "assert len(trials) > 3\n"
    )
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(root / "tests")])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
