"""A made-up study: trials with curves, a store of many tasks, and what every configuration does.

Configurations are sampled from the space of the default models; a score is smooth in the unit cube, and seconds are
those the space estimates. Stored experiences are recorded trials resampled with small changes, on tasks near the
recorded ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.problem import Problem
from benchmarks.recorded import F1, Record
from xautolm_nb.core.config import Config, ConfigValue, config_key
from xautolm_nb.core.context import Context, TaskMetaFeatures
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial, TrialState
from xautolm_nb.space import DEFAULT_POOL, SearchSpace, build_space, default_search_ids, estimate, original_space

PAUSED, FAILED = 0.6, 0.1
"""Shares of the trials; the others are complete."""
PER_TASK = 50
"""Experiences of one stored task."""
_LOSS_OF_MEMORY = Failure(kind=FailureKind.OUT_OF_MEMORY, message="out of memory")


def make_problem(recorded: Mapping[str, Sequence[Record]], experiences: int, rng: np.random.Generator) -> Problem:
    """A new task near a recorded one, the default models, and a store."""
    records = [record.experience for task in recorded.values() for record in task]
    context = new_context(records[0].context, rng, with_lengths=True)
    models = [model for model in DEFAULT_POOL if model.id in default_search_ids]
    space = build_space(context, models)
    return Problem(
        name="new",
        context=context,
        space=space,
        metric=F1,
        run=lambda trial, fidelity: outcome(space, context, trial.config, fidelity),
        experiences=tuple(stored(records, experiences, rng)),
        levels=DEFAULT_RUNGS,
    )


def new_context(known: Context, rng: np.random.Generator, *, with_lengths: bool = False) -> Context:
    """The context of a task like a known one: other rows and texts, nearly the same classes."""
    spread = np.array([0.5, 0.0, *[0.05] * 4, 0.3, 0.3, 0.05, 0.05])
    rows, classes, *rest = np.array(known.task.paper) * np.exp(spread * rng.normal(size=len(spread)))
    task = TaskMetaFeatures(kind=known.task.kind, paper=(float(round(rows)), float(classes), *map(float, rest)))
    if with_lengths:
        words, largest = task.paper[6], min(task.paper[4], 1.0)
        lengths = {"tokens_mean": 1.3, "tokens_p50": 1.1, "tokens_p95": 2.5, "tokens_p99": 3.5, "tokens_max": 6.0}
        extra = {name: factor * words for name, factor in lengths.items()}
        extra |= {"rows_train": task.paper[0], "rows_validation": task.paper[0] / 4}
        extra |= {"constant_f1": 2 * largest / (1 + largest) / task.paper[1]}
        task = replace(task, extra=extra)
    return replace(known, task=task)


def stored(records: Sequence[Experience], n: int, rng: np.random.Generator) -> list[Experience]:
    """Experiences as a long-lived store holds them: `PER_TASK` each of many tasks, resampled from recorded trials."""
    space = original_space()
    by_task: dict[str, list[Experience]] = {}
    for record in records:
        by_task.setdefault(record.task_name, []).append(record)
    made: list[Experience] = []
    while len(made) < n:
        name = str(rng.choice(sorted(by_task)))
        task, context = f"{name}-{len(made)}", new_context(by_task[name][0].context, rng)
        for number in range(min(PER_TASK, n - len(made))):
            record = by_task[name][int(rng.integers(len(by_task[name])))]
            made.append(_like(replace(record, task_name=task, context=context, study=task, trial=number), space, rng))
    return made


def _like(record: Experience, space: SearchSpace, rng: np.random.Generator) -> Experience:
    config = next(iter(space.neighbors(record.config, rng, 1)), record.config)
    slower, better = float(np.exp(0.2 * rng.normal())), float(0.02 * rng.normal())
    curve = tuple(
        replace(point, score=float(np.clip(point.score + better, 0.0, 1.0)), seconds=point.seconds * slower)
        for point in record.curve
    )
    score = None if record.score is None else float(np.clip(record.score + better, 0.0, 1.0))
    seconds = None if record.seconds is None else record.seconds * slower
    return replace(record, config=config, score=score, seconds=seconds, curve=curve)


def sampled(problem: Problem, n: int, rng: np.random.Generator, *, paused: float = PAUSED) -> tuple[Trial, ...]:
    """Trials with configurations of the space that can run here, paused more often at the low rungs."""
    halts, dead = round(paused * n), round(FAILED * n)
    weights = 1 / np.array(DEFAULT_RUNGS[:-1])
    low = rng.choice(DEFAULT_RUNGS[:-1], size=halts, p=weights / weights.sum())
    ends = rng.permutation([*low, *[0.0] * dead, *[1.0] * (n - halts - dead)])
    return tuple(run(problem, number, _runnable(problem, rng), float(end)) for number, end in enumerate(ends))


def _runnable(problem: Problem, rng: np.random.Generator) -> dict[str, ConfigValue]:
    config = problem.space.sample(rng)
    for _ in range(50):
        if problem.space.check(config, problem.context) is None:
            break
        config = problem.space.sample(rng)
    return config


def run(problem: Problem, number: int, config: Config, fidelity: float) -> Trial:
    """A trial brought to a fidelity; 0 means that it failed."""
    end = outcome(problem.space, problem.context, config, fidelity)
    whole = TrialState.COMPLETE if fidelity >= 1.0 else TrialState.PAUSED
    state = whole if end.failure is None else TrialState.FAILED
    return Trial(
        number=number,
        config=dict(config),
        seed=0,
        state=state,
        target=fidelity,
        fidelity=end.fidelity,
        curve=end.curve,
        measures=end.measures,
        failure=end.failure,
        checkpoint=state is TrialState.PAUSED,
    )


def carried_out(
    problem: Problem, trials: Sequence[Trial], proposal: Proposal, rng: np.random.Generator
) -> tuple[Trial, ...]:
    """The trials after a proposal; where one was thawed, a sampled one joins them."""
    if proposal.thaw is None:
        return (*trials, run(problem, len(trials), proposal.config, proposal.fidelity))
    thawed = run(problem, proposal.thaw, proposal.config, proposal.fidelity)
    others = (trial for trial in trials if trial.number != proposal.thaw)
    return (*others, thawed, run(problem, len(trials), problem.space.sample(rng), DEFAULT_RUNGS[0]))


def outcome(space: SearchSpace, context: Context, config: Config, fidelity: float) -> Outcome:
    """What a configuration does: a saturating curve to a score that is smooth in the unit cube, with noise."""
    physics = estimate(config, space.models[str(config["model"])], context)
    load, train = 5.0, max(physics.seconds - 5.0, 1.0)
    if fidelity <= 0:
        measures = Measures(seconds_load=load, seconds_train=min(train, 10.0))
        return Outcome(fidelity=0.0, measures=measures, failure=_LOSS_OF_MEMORY)
    place = space.encode(config)
    rng = np.random.default_rng(int(config_key(config)[:8], 16))
    best = 0.5 + 0.3 * np.cos(np.arange(len(place)))
    top = 0.3 + 0.55 * float(np.exp(-2.0 * np.mean((place - best) ** 2))) + 0.02 * rng.normal()
    rate = 4.0 + rng.normal()
    rise = {rung: 1 - np.exp(-max(rate, 1.0) * rung) for rung in DEFAULT_RUNGS if rung <= fidelity + 1e-9}
    curve = tuple(
        CurvePoint(fidelity=rung, score=float(0.2 + (top - 0.2) * share), seconds=load + train * rung)
        for rung, share in rise.items()
    )
    return Outcome(fidelity=fidelity, curve=curve, measures=Measures(seconds_load=load, seconds_train=train * fidelity))
