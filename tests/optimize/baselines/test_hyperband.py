from dataclasses import replace

import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, make_context

from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Trial, TrialState
from xautolm_nb.optimize.baselines import Hyperband
from xautolm_nb.optimize.baselines.hyperband import Bracket, brackets, survivors
from xautolm_nb.space import Float, SearchSpace

torch.set_num_threads(1)

SPACE = SearchSpace(name="line/1", parameters=(Float(name="x", low=0.0, high=1.0, default=0.5),), models={})
RUNGS = (0.25, 0.5, 1.0)
OPTIMIZER = Hyperband(space=SPACE, rungs=RUNGS, eta=2.0)
"""Brackets of 4 from .25, of 3 (1.5 x 2) from .5, and of 3 from 1."""


def at(number: int, score: float, fidelity: float = 0.25, state: TrialState = TrialState.PAUSED) -> Trial:
    curve = tuple(CurvePoint(fidelity=rung, score=score, seconds=1.0) for rung in RUNGS if rung <= fidelity)
    config = {"x": (number + 1) / 100}
    return Trial(number=number, config=config, seed=0, state=state, fidelity=fidelity, curve=curve)


def climb(n: int, trials: list[Trial] | None = None) -> list[tuple[int | None, float]]:
    """The first steps of a search where the trial of the highest number is best: what is thawed, and how far."""
    trials, steps = list(trials or []), []
    for _ in range(n):
        proposal = OPTIMIZER.propose(make_context(), (), trials, seed=0)
        assert proposal is not None
        number = len(trials) if proposal.thaw is None else proposal.thaw
        state = TrialState.COMPLETE if proposal.fidelity == 1.0 else TrialState.PAUSED
        done = replace(at(number, number / 100, proposal.fidelity, state), config=dict(proposal.config))
        trials = [*(trial for trial in trials if trial.number != number), done]
        steps.append((proposal.thaw, proposal.fidelity))
    return steps


class TestHyperband(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> Hyperband:
        return Hyperband(space=world.space)


def test_the_brackets_trade_the_number_of_trials_for_their_length() -> None:
    # S + 1 = 4 rungs, eta 3: 4/4 x 27, ceil(4/3 x 9), 4/2 x 3, 4/1 x 1
    assert [bracket.trials for bracket in brackets((0.125, 0.25, 0.5, 1.0), 3.0)] == [27, 12, 6, 4]
    assert brackets(RUNGS, 2.0) == [
        Bracket(trials=4, rungs=RUNGS),
        Bracket(trials=3, rungs=(0.5, 1.0)),
        Bracket(trials=3, rungs=(1.0,)),
    ]


def test_a_bracket_climbs_only_when_all_its_trials_have_reached_the_rung() -> None:
    assert climb(4) == [(None, 0.25)] * 4
    # 4 / 2 climb to .5, the best first, and 4 / 4 to the end
    assert climb(7)[4:] == [(3, 0.5), (2, 0.5), (3, 1.0)]


def test_the_next_bracket_follows_and_after_the_last_the_first_again() -> None:
    steps = climb(7 + 4 + 3 + 1)
    assert steps[7:10] == [(None, 0.5)] * 3
    assert steps[10] == (6, 1.0)  # 3 / 2, rounded down: the best of trials 4, 5 and 6
    assert steps[11:14] == [(None, 1.0)] * 3
    assert steps[14] == (None, 0.25)


def test_a_failure_never_climbs() -> None:
    failure = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")
    best = replace(at(3, 0.9), state=TrialState.FAILED, failure=failure)
    proposal = OPTIMIZER.propose(make_context(), (), [at(0, 0.1), at(1, 0.3), at(2, 0.2), best], seed=0)
    assert proposal is not None
    assert proposal.thaw == 1
    assert survivors([at(0, 0.1), best], 0.25, 2) == [at(0, 0.1)]


def test_equal_scores_climb_by_their_number() -> None:
    assert [trial.number for trial in survivors([at(2, 0.5), at(0, 0.5), at(1, 0.6)], 0.25, 2)] == [1, 0]


def test_while_a_trial_runs_the_next_bracket_is_worked_on() -> None:
    running = replace(at(3, 0.9), state=TrialState.RUNNING, fidelity=0.0, curve=())
    proposal = OPTIMIZER.propose(make_context(), (), [at(0, 0.1), at(1, 0.3), at(2, 0.2), running], seed=0)
    assert proposal is not None
    assert (proposal.thaw, proposal.fidelity) == (None, 0.5)


def test_a_trial_that_was_cut_off_goes_on_to_its_rung() -> None:
    cut = replace(at(0, 0.1), fidelity=0.1, curve=())
    proposal = OPTIMIZER.propose(make_context(), (), [cut, at(1, 0.3), at(2, 0.2), at(3, 0.1)], seed=0)
    assert proposal is not None
    assert (proposal.thaw, proposal.fidelity) == (0, 0.25)


def test_an_exhausted_list_is_climbed_to_its_end() -> None:
    space = replace(SPACE, only=({"x": 0.1}, {"x": 0.2}))
    optimizer = Hyperband(space=space, rungs=RUNGS, eta=2.0)
    trials = [replace(at(n, 0.1 * n), config=space.only[n]) for n in range(2)]
    proposal = optimizer.propose(make_context(), (), trials, seed=0)
    assert proposal is not None
    assert (proposal.thaw, proposal.fidelity) == (1, 0.5)
    complete = [replace(trial, state=TrialState.COMPLETE, fidelity=1.0) for trial in trials]
    assert optimizer.propose(make_context(), (), complete, seed=0) is None


def test_a_metric_to_minimise_promotes_the_smallest() -> None:
    trials = [replace(at(n, 0.1 * n), maximize=False) for n in range(4)]
    proposal = OPTIMIZER.propose(make_context(), (), trials, seed=0)
    assert proposal is not None
    assert proposal.thaw == 0
