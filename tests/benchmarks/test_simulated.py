from pathlib import Path

import numpy as np
import pytest

from benchmarks.problem import Problem
from benchmarks.recorded import read_trials
from benchmarks.simulated import carried_out, sampled, stored
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.trial import TrialState


def test_trials_stand_in_the_shares_of_a_study(made_up: Problem) -> None:
    trials = sampled(made_up, 40, np.random.default_rng(1))
    states = [trial.state for trial in trials]
    assert [states.count(s) for s in (TrialState.PAUSED, TrialState.COMPLETE, TrialState.FAILED)] == [24, 12, 4]
    assert [trial.number for trial in trials] == list(range(40))
    for trial in trials:
        made_up.space.validate(trial.config)
        assert [point.fidelity for point in trial.curve] == [r for r in DEFAULT_RUNGS if r <= trial.fidelity]
        assert all(0.0 < point.score < 1.0 for point in trial.curve)
        assert trial.seconds > 0


def test_a_store_has_new_contents_on_many_tasks(known_table: Path) -> None:
    records = [record.experience for task in read_trials(known_table).values() for record in task]
    made = stored(records, 120, np.random.default_rng(2))
    assert len({record.id for record in made} - {record.id for record in records}) == 120
    assert len({record.task_name for record in made}) == len({record.context.task.paper for record in made}) == 3


@pytest.mark.parametrize("thaw", [False, True])
def test_every_proposal_leaves_one_more_trial(made_up: Problem, thaw: bool) -> None:
    rng = np.random.default_rng(3)
    trials = sampled(made_up, 10, rng)
    paused = next(trial for trial in trials if trial.state is TrialState.PAUSED)
    config = paused.config if thaw else made_up.space.sample(rng)
    proposal = Proposal(config=config, fidelity=1.0, thaw=paused.number if thaw else None)
    after = carried_out(made_up, trials, proposal, rng)
    assert sorted(trial.number for trial in after) == list(range(11))
    done = next(trial for trial in after if trial.number == (paused.number if thaw else 10))
    assert (done.state, done.config) == (TrialState.COMPLETE, dict(config))
