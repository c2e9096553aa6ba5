"""Which option is taken: the order of a search from its first trial to its last seconds.

opening      a few customary settings at the lowest rung: the models need contrast before they can choose
first full   the best of them to its end, for a usable result early and to see how curves go on here
else         the option of most worth, thaw or start
harvest      in the second half of the time no new starts while a paused trial can still be brought to its end
landing      the best paused trial straight to its end before it is too late
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xautolm_nb.core.config import config_key
from xautolm_nb.core.trial import TrialState
from xautolm_nb.optimize.acquisition import COST_OFFSET, LEAST_HOPE, Option, cost_weight, expected_gain, worth
from xautolm_nb.optimize.candidates import customary
from xautolm_nb.optimize.cases import is_pending
from xautolm_nb.optimize.knowledge import Knowledge
from xautolm_nb.space import SearchSpace

OPENING = {False: 4, True: 3}
"""Starts before the models decide alone, without and with a trusted store: contrast must be bought, at the lowest rung.
A store that its first trials refute opens as if there were none."""
CONTRAST = 8
"""Starts among which random ones are, in a space without customary settings."""
HARVEST = 1 / 2
"""Share of the time in which nothing new is begun while paused trials can be finished: costs no score in our simulated
studies and leaves about twice the complete trials of a short search."""
MIN_RESULTS = 3
"""Complete trials a search should leave at least: until then any paused trial is worth its end in the harvest."""
LANDING_MARGIN = 1.2
"""The best paused trial is brought to its end while the time left is still this many times what that takes."""
OPENING_SHARE = 0.4
"""Opening starts are configurations whose full run would take at most this share of the time left."""
MIN_COMPLETE, MIN_GAIN = 12, 5e-4
"""The search ends by itself when this many trials are complete and no option promises this much of the metric."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """The option taken and why, in words."""

    option: Option
    why: str


def decide(
    known: Knowledge,
    options: Sequence[Option],
    *,
    space: SearchSpace,
    seconds_left: float | None,
    rng: np.random.Generator,
    workers: int = 1,
) -> Decision | None:
    """Take one of the options, at least one; None when no option promises a gain that anyone would notice.

    Args:
        known: What was learned.
        options: What can be done in the time left.
        space: Where to search; its customary settings open.
        seconds_left: Time left; None without a limit.
        rng: Draws random starts.
        workers: Trials that run beside each other.
    """
    incumbent = known.incumbent()
    if is_converged(known, options, incumbent):
        return None
    chosen = (
        opening(known, options, space, seconds_left, rng)
        or first_full_run(known, options, seconds_left)
        or _best(known, harvest(known, options, incumbent, seconds_left, workers) or options, incumbent)
    )
    return landing(known, options, chosen, seconds_left) or chosen


def stake(known: Knowledge, options: Sequence[Option]) -> float:
    """Share of a run that is paid before its first look: of the seconds of all options, as short runs have no look."""
    shares = [option.point.physics.looks(known.rungs)[0] for option in options]
    return float(np.average(shares, weights=[option.full for option in options]))


def is_converged(known: Knowledge, options: Sequence[Option], incumbent: float) -> bool:
    """Whether enough was seen and nothing promises a gain that anyone would notice."""
    return len(known.complete()) >= MIN_COMPLETE and expected_gain(options, incumbent) * known.unit < MIN_GAIN


def opening(
    known: Knowledge,
    options: Sequence[Option],
    space: SearchSpace,
    seconds_left: float | None,
    rng: np.random.Generator,
) -> Decision | None:
    """The first starts: what a practitioner would try, in turn, as far as there is time for it."""
    starts = [option for option in options if option.thaw is None]
    if starts and not customary(space):
        return contrast(known, starts, rng)
    begun = len(known.trials)
    if not starts or begun >= OPENING[known.has_store] + is_refuted(known) or (begun == 0 and known.has_store):
        return None
    order = {config_key(config): place for place, config in enumerate(customary(space))}
    limit = np.inf if seconds_left is None else OPENING_SHARE * seconds_left
    safe = [option for option in starts if option.success >= 0.5 and option.full <= limit]
    usual = [option for option in safe if config_key(option.point.config) in order]
    if usual:
        chosen = min(usual, key=lambda option: order[config_key(option.point.config)])
        return Decision(option=chosen, why="a customary setting, to have something to compare with")
    if not safe:
        return Decision(option=min(starts, key=lambda option: option.full), why="the cheapest, as time is short")
    return None


def is_refuted(known: Knowledge) -> bool:
    """Whether there is a store and this study's trials speak against it: what it began is no contrast."""
    return known.experts.stored is not None and not known.has_store


def contrast(known: Knowledge, starts: Sequence[Option], rng: np.random.Generator) -> Decision | None:
    """Where nothing is customary: random starts, every other one left to a trusted store.

    When the store alone chooses, nothing it is wrong about is ever seen; one that has been right needs no more of it.
    What a refuted store began does not count.
    """
    begun = len(known.trials)
    wanted = CONTRAST + is_refuted(known) * CONTRAST // 2
    led = known.has_store and (begun % 2 == 0 or known.is_proven)
    if starts[0].fidelity >= 1.0 or begun >= wanted or led:
        return None
    return Decision(option=starts[int(rng.integers(len(starts)))], why="at random, to have something to compare with")


def first_full_run(known: Knowledge, options: Sequence[Option], seconds_left: float | None) -> Decision | None:
    """The best paused trial for what is left to pay, while none is complete or on its way to be.

    Without a deadline there is no hurry.
    """
    thaws = _thaws(options) if seconds_left is not None else []
    done = any(trial.state is TrialState.COMPLETE for trial in known.trials)
    under_way = any(is_pending(trial) and trial.fidelity > 0 for trial in known.trials)
    if not thaws or done or under_way:
        return None
    best = max(
        thaws,
        key=lambda option: (
            math.log(max(option.mean, LEAST_HOPE)) - cost_weight(1.0) * math.log(option.finish + COST_OFFSET)
        ),
    )
    return Decision(option=best, why="the best so far, for a complete trial early and to learn how curves go on here")


def harvest(
    known: Knowledge, options: Sequence[Option], incumbent: float, seconds_left: float | None, workers: int = 1
) -> Sequence[Option]:
    """In the second half of the time the thaws that can be finished and may yet win; none before."""
    if seconds_left is None:
        return []
    spent = sum(trial.seconds for trial in known.trials) / workers
    few = len(known.complete()) < MIN_RESULTS
    hopeful = [option for option in _thaws(options) if few or option.mean + 2 * option.sd > incumbent]
    able = [option for option in hopeful if option.finish <= seconds_left]
    return able if seconds_left < HARVEST * (spent + seconds_left) else []


def landing(
    known: Knowledge, options: Sequence[Option], chosen: Decision, seconds_left: float | None
) -> Decision | None:
    """The best paused trial straight to its end, when the chosen step would leave no time for that any more."""
    able = [option for option in _thaws(options) if seconds_left is not None and option.finish <= seconds_left]
    if seconds_left is None or not able:
        return None
    best = max(able, key=lambda option: option.mean)
    complete = [known.seen(case) for case in known.complete()]
    late = seconds_left - chosen.option.added < LANDING_MARGIN * best.finish
    if not late or (complete and best.mean <= max(complete)):
        return None
    why = "time runs short and this is the most promising trial that is not complete"
    return Decision(option=replace(best, fidelity=1.0, added=best.finish), why=why)


def _best(known: Knowledge, options: Sequence[Option], incumbent: float) -> Decision:
    chosen = options[int(np.argmax(worth(options, stake(known, options), incumbent)))]
    aside = ", the store left aside" if known.leaves_store_aside else ""
    return Decision(option=chosen, why=f"best prospect for its risk and cost{aside}")


def _thaws(options: Sequence[Option]) -> list[Option]:
    return [option for option in options if option.thaw is not None]
