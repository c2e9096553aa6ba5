from collections.abc import Callable, Sequence
from typing import Any

import pytest
from worlds import Scripted

from benchmarks.problem import HALVING, Problem, Step, search
from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines import RandomSearch

MakeLine = Callable[..., Problem]


def begin(a: float, fidelity: float = 1.0, **more: Any) -> Proposal:
    return Proposal(config={"a": a}, fidelity=fidelity, **more)


def walk(problem: Problem, proposals: Sequence[Proposal], **more: Any) -> list[Step]:
    return search(problem, Scripted(proposals), **({"seed": 0, "go_on": lambda step: True} | more))


def test_the_clock_is_the_sum_of_what_every_trial_cost(line: MakeLine) -> None:
    # 100 s, 100 s, and 7 s of a failure
    steps = walk(line((0.2, 0.4, 0.0)), [begin(0.2), begin(0.4), begin(0.0)])
    assert [step.clock for step in steps] == [100.0, 200.0, 207.0]


def test_a_thawed_trial_pays_only_what_is_added(line: MakeLine) -> None:
    # 25 s to a quarter, 50 s of another to the half, then 75 s from the quarter to the end: not 100
    proposals = [begin(0.2, 0.25), begin(0.4, 0.5), begin(0.2, 1.0, thaw=0)]
    steps = walk(line(), proposals)
    assert [step.clock for step in steps] == [25.0, 75.0, 150.0]
    assert [step.trial.number for step in steps] == [0, 1, 0]
    assert steps[-1].trial.seconds == 100.0, "the trial itself knows its whole cost"


def test_the_wall_of_a_problem_is_what_the_clock_counts(line: MakeLine) -> None:
    # twice the seconds and 13 more, here also for the first half: 113, then 213 in all
    problem = line(wall=lambda trial: 2 * trial.seconds + 13)
    steps = walk(problem, [begin(0.2, 0.5), begin(0.2, 1.0, thaw=0)])
    assert [step.clock for step in steps] == [113.0, 213.0]


def test_a_trial_is_paused_below_one_complete_at_one_and_failed_with_its_reason(line: MakeLine) -> None:
    steps = walk(line((0.2, 0.4, 0.0)), [begin(0.2, 0.5), begin(0.4), begin(0.0)])
    assert [step.trial.state for step in steps] == [TrialState.PAUSED, TrialState.COMPLETE, TrialState.FAILED]
    assert [step.trial.checkpoint for step in steps] == [True, False, False]
    failure = steps[-1].trial.failure
    assert failure is not None and failure.kind == "out_of_memory"


def test_the_optimizer_sees_every_trial_in_its_latest_state(line: MakeLine) -> None:
    seen: list[list[float]] = []

    class Watching(Scripted):
        def propose(self, context: Any, experiences: Any, trials: Sequence[Trial], **more: Any) -> Proposal | None:
            seen.append([trial.fidelity for trial in trials])
            return super().propose(context, experiences, trials, **more)

    proposals = [begin(0.2, 0.25), begin(0.4), begin(0.2, 0.5, thaw=0)]
    search(line(), Watching(proposals), seed=0, go_on=lambda step: True)
    assert seen == [[], [0.25], [0.25, 1.0], [0.5, 1.0]]


def test_a_search_ends_where_it_is_told_to(line: MakeLine) -> None:
    proposals = [begin(0.2), begin(0.4), begin(0.8)]
    assert len(walk(line(), proposals)) == 3, "nothing is left"
    assert len(walk(line(), proposals, most=2)) == 2
    assert len(walk(line(), proposals, go_on=lambda step: step.clock < 100.0)) == 1, "the step that ends it counts"


def test_a_search_in_a_list_runs_each_configuration_once_and_the_same_with_the_same_seed(line: MakeLine) -> None:
    problem = line((0.2, 0.4, 0.6, 0.8))

    def found(seed: int) -> list[float]:
        steps = search(problem, RandomSearch(space=problem.space), seed=seed, go_on=lambda step: True)
        return [float(step.trial.config["a"]) for step in steps]

    assert sorted(found(0)) == [0.2, 0.4, 0.6, 0.8]
    assert found(0) == found(0) and len({tuple(found(seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize(
    ("levels", "wanted", "rungs"),
    [
        ((0.1, 0.2, 0.5, 1.0), (0.14, 0.4, 1.0), (0.1, 0.5, 1.0)),
        ((0.1, 0.2, 0.5, 1.0), (0.16, 0.19), (0.2, 1.0)),  # two wishes for one level; 1 is always there
        (tuple((i + 1) / 51 for i in range(51)), HALVING, HALVING),
        (tuple((i + 1) / 10 for i in range(10)), HALVING, (0.1, 0.3, 1.0)),  # .039 and .118: .1; .333: .3
        ((1.0,), HALVING, (1.0,)),
    ],
)
def test_rungs_are_the_recorded_levels_nearest_to_the_wanted(
    line: MakeLine, levels: tuple[float, ...], wanted: tuple[float, ...], rungs: tuple[float, ...]
) -> None:
    assert line(levels=levels).rungs(wanted) == pytest.approx(rungs)
