from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.methods import LEVELS, METHODS, PRIORS, WithoutStore, build, named, ours
from benchmarks.peers import PEERS
from benchmarks.problem import Problem
from benchmarks.recorded import read_trials
from benchmarks.replay import make_problem
from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines import AsynchronousHalving, BestOfStore, WarmStart
from xautolm_nb.optimize.optimizer import DEFAULT_RUNGS

MakeLine = Callable[..., Problem]
OWN = [name for name in METHODS if name not in PEERS]


@pytest.fixture
def recorded(trials_table: Path) -> Problem:
    return make_problem(read_trials(trials_table), "rain", pool="full", store="honest", seed=0)[0]


@pytest.mark.parametrize("name", OWN)
def test_every_method_of_our_own_proposes_a_recorded_configuration(name: str, recorded: Problem) -> None:
    proposal = build(name, recorded).propose(recorded.context, recorded.experiences, (), seed=0)
    assert proposal is not None and proposal.thaw is None
    assert config_key(proposal.config) in {config_key(config) for config in recorded.space.only}


def test_all_that_was_published_is_there() -> None:
    assert {f"warm_{level}_{prior}{end}" for level in LEVELS for prior in PRIORS for end in ("", "_mended")} <= set(OWN)
    assert len(LEVELS) * len(PRIORS) == 9
    assert {"ours", "ours_no_store", "random", "asha", "hyperband", "nspe", "knn_25", "knn_50"} <= set(OWN)
    assert set(PEERS) <= set(METHODS)


def test_ours_searches_what_the_problem_says(line: MakeLine) -> None:
    problem = line(levels=(0.25, 0.5, 1.0), timeout=9.0)
    found = ours(problem)
    assert found.space is problem.space and found.rungs == problem.rungs(DEFAULT_RUNGS)
    assert found.trial_timeout_seconds == 9.0 and found.maximize


def test_halving_takes_the_recorded_levels_nearest_to_its_thirds(line: MakeLine) -> None:
    halving = build("asha", line(levels=tuple((i + 1) / 10 for i in range(10))))
    assert isinstance(halving, AsynchronousHalving) and halving.rungs == pytest.approx((0.1, 0.3, 1.0))
    assert halving.eta == 3.0


def test_without_a_store_a_method_is_told_nothing_of_it(recorded: Problem) -> None:
    blind = WithoutStore(BestOfStore(space=recorded.space))
    reason = [
        method.propose(recorded.context, recorded.experiences, (), seed=0).reason
        for method in (blind, blind.inner)
    ]  # fmt: skip
    assert reason == ["drawn at random", "among the best of the store"]
    assert build("ours_no_store", recorded) == WithoutStore(ours(recorded))


@pytest.mark.parametrize(
    ("task", "variant"),
    [
        ("sst2", "(no-pos f-neg cos k=0.5)[F1+Time][weighted_sum]"),
        ("meld", "(f-pos f-neg)[F1+Time][logarithmic_front]"),
        ("liar", "(f-pos f-neg)[F1+Time][weighted_sum]"),
        ("rain", "(f-pos f-neg)[F1+Time][weighted_sum]"),  # of nobody's: as on LIAR
    ],
)
def test_a_warm_start_takes_the_variant_that_was_published_for_its_task(
    line: MakeLine, task: str, variant: str
) -> None:
    problem = line(name=task)
    assert build("warm_high_max", problem) == WarmStart.named(problem.space, variant)
    assert build("warm_high_max_mended", problem) == WarmStart.named(problem.space, variant, mended=True)


def test_names_are_split_at_commas() -> None:
    assert named("ours, random,smac") == ["ours", "random", "smac"]


def test_an_unknown_method_exits_with_a_line_that_names_the_methods(line: MakeLine) -> None:
    for call in (lambda: build("ourz", line()), lambda: named("random,ourz")):
        with pytest.raises(SystemExit) as caught:
            call()
        line_said = str(caught.value)
        assert line_said == f"There is no method 'ourz'. There are: {', '.join(METHODS)}."
        assert all(name in line_said for name in ("ours", "random", "smac", "warm_high_max_mended"))


def test_a_paused_trial_is_finished_by_methods_that_know_no_levels(line: MakeLine) -> None:
    problem = line()
    paused = Trial(number=3, config={"a": 0.4}, seed=0, state=TrialState.PAUSED, fidelity=0.5)
    for name in ("random", "nspe", "best_of_store"):
        proposal = build(name, problem).propose(problem.context, (), (paused,), seed=0)
        assert proposal is not None and (proposal.thaw, proposal.fidelity) == (3, 1.0)
