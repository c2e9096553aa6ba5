"""What a benchmark searches, and the loop that searches it on a simulated clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import Optimizer, Proposal
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Outcome, Trial, TrialState
from xautolm_nb.space import SearchSpace

EPSILON = 1e-9
HALVING = (2 / 51, 6 / 51, 17 / 51, 1.0)
"""Rungs of the halving methods: thirds, as in the study of recorded curves."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One search: what may be proposed, what is known beforehand, and what every configuration does."""

    name: str
    context: Context
    space: SearchSpace
    """Its `only` lists what was recorded."""
    metric: Metric
    run: Callable[[Trial, float], Outcome]
    """Outcome of a trial brought to a fidelity, from its beginning: all of its curve and cost so far."""
    wall: Callable[[Trial], float] = field(default=lambda trial: trial.seconds)
    """Seconds a trial has cost so far; may differ from what was measured of it (loading, a second split)."""
    experiences: tuple[Experience, ...] = ()
    levels: tuple[float, ...] = (1.0,)
    """Fidelities at which a run can be paused."""
    timeout: float | None = None

    def rungs(self, wanted: Sequence[float]) -> tuple[float, ...]:
        """The recorded levels nearest to the wanted fidelities, the last being 1."""
        near = {min(self.levels, key=lambda level: abs(level - rung)) for rung in wanted}
        return tuple(sorted(near | {1.0}))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One decision and what came of it."""

    trial: Trial
    """The trial after it."""
    clock: float
    """Seconds spent by all trials so far."""
    proposal: Proposal


Progress = Callable[[Step], bool]
"""Told every step; whether to go on."""


def search(problem: Problem, optimizer: Optimizer, *, seed: int, go_on: Progress, most: int = 100_000) -> list[Step]:
    """Ask, run, tell until `go_on` says no, the optimizer has nothing left, or `most` decisions were taken."""
    trials: dict[int, Trial] = {}
    steps: list[Step] = []
    clock = 0.0
    while len(steps) < most:
        proposal = optimizer.propose(problem.context, problem.experiences, tuple(trials.values()), seed=seed)
        if proposal is None:
            break
        before = trials.get(proposal.thaw) if proposal.thaw is not None else None
        trial = before or Trial(
            number=len(trials), config=dict(proposal.config), seed=seed, maximize=problem.metric.maximize
        )
        after = _after(trial, proposal, problem)
        trials[after.number] = after
        clock += problem.wall(after) - (problem.wall(before) if before is not None else 0.0)
        steps.append(Step(trial=after, clock=clock, proposal=proposal))
        if not go_on(steps[-1]):
            break
    return steps


def _after(trial: Trial, proposal: Proposal, problem: Problem) -> Trial:
    outcome = problem.run(trial, proposal.fidelity)
    ended = outcome.failure is not None or outcome.fidelity >= 1.0 - EPSILON
    state = TrialState.FAILED if outcome.failure is not None else TrialState.COMPLETE if ended else TrialState.PAUSED
    return replace(
        trial,
        state=state,
        target=proposal.fidelity,
        fidelity=outcome.fidelity,
        curve=outcome.curve,
        measures=outcome.measures,
        failure=outcome.failure,
        checkpoint=state is TrialState.PAUSED,
        expected=dict(proposal.expected),
    )
