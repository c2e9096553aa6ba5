from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.methods import (
    LEVELS,
    METHODS,
    PEAKS,
    PRIORS,
    Ahead,
    WithoutStore,
    build,
    named,
    ours,
    tasks_of,
    tasks_told,
)
from benchmarks.peers import PEERS
from benchmarks.problem import Problem, search
from benchmarks.recorded import read_trials
from benchmarks.replay import make_problem
from xautolm_nb.core.config import config_key
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Proposal
from xautolm_nb.core.trial import Measures, Trial, TrialState
from xautolm_nb.optimize.baselines import AsynchronousHalving, BestOfStore, WarmStart

MakeLine = Callable[..., Problem]
ROOT = Path(__file__).resolve().parent.parent.parent
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


class Told:
    """Reads its proposals from a list, and keeps what it is told of the trials."""

    def __init__(self, *answers: Proposal | None) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[Trial, ...]] = []

    def propose(self, context: Any, experiences: Any, trials: Sequence[Trial], **more: Any) -> Proposal | None:
        self.heard.append(tuple(trials))
        return self.answers.pop(0) if self.answers else None

    @property
    def states(self) -> list[list[str]]:
        return [[trial.state.value for trial in trials] for trials in self.heard]


def begin(a: float, fidelity: float, thaw: int | None = None) -> Proposal:
    return Proposal(config={"a": a}, fidelity=fidelity, thaw=thaw, expected={"score": 0.5})


def ask_ahead(problem: Problem, inner: Told) -> list[Trial]:
    """The trials after each step of a search that asks while the trial before still runs."""
    return [step.trial for step in search(problem, Ahead(inner), seed=0, go_on=lambda step: True)]


def test_one_ahead_sees_the_start_before_running_without_what_came_of_it(line: MakeLine) -> None:
    # the first is paused, the second fails, the third ends
    inner = Told(begin(0.2, 0.5), begin(0.0, 0.5), begin(0.8, 1.0), begin(0.4, 0.5))
    paused, failed, _, _ = ask_ahead(line((0.2, 0.0, 0.8, 0.4)), inner)
    assert inner.states[:4] == [[], ["running"], ["paused", "running"], ["paused", "failed", "running"]]
    assert inner.heard[2][0] == paused and inner.heard[3][:2] == (paused, failed)
    for number, (heard, a, target) in enumerate(zip(inner.heard[1:4], (0.2, 0.0, 0.8), (0.5, 0.5, 1.0), strict=True)):
        assert heard[-1] == Trial(
            number=number, config={"a": a}, seed=0, state=TrialState.RUNNING, target=target, expected={"score": 0.5}
        )  # fmt: skip


def test_one_ahead_sees_a_thawed_trial_run_on_from_where_it_was_paused(line: MakeLine) -> None:
    inner = Told(begin(0.2, 0.5), begin(0.4, 0.5), begin(0.2, 1.0, thaw=0), begin(0.8, 1.0), None)
    paused, other, whole, _ = ask_ahead(line(), inner)
    thawed, second = inner.heard[3]
    assert (thawed.state, thawed.target, thawed.fidelity) == (TrialState.RUNNING, 1.0, 0.5)
    assert (thawed.curve, thawed.measures, thawed.score) == (paused.curve, Measures(seconds_train=50.0), 0.1)
    assert second == other, "the other one is as it was left"
    assert inner.heard[4][0] == whole and whole.score == 0.2


def test_one_ahead_that_has_nothing_is_asked_again_with_all_results(line: MakeLine) -> None:
    # nothing can be thawed while the only trial runs
    inner = Told(begin(0.2, 0.5), None, begin(0.2, 1.0, thaw=0), None, None)
    paused, whole = ask_ahead(line(), inner)
    assert inner.states == [[], ["running"], ["paused"], ["running"], ["complete"]]
    assert inner.heard[2] == (paused,) and inner.heard[4] == (whole,)
    assert not inner.answers, "the search ends when nothing is left with all results either"


@pytest.mark.parametrize(
    ("task", "variant"),
    [
        ("sst2", "(no-pos f-neg cos k=0.5)[F1+Time][weighted_sum]"),
        ("meld", "(f-pos f-neg)[F1+Time][logarithmic_front]"),
        ("liar", "(f-pos f-neg)[F1+Time][weighted_sum]"),
        ("squad", "(a-pos f-neg)[F1+Time][logarithmic_front]"),
        ("drop", "(a-pos f-neg)[F1+Time][linear_front]"),
        ("rain", "(f-pos f-neg)[F1+Time][weighted_sum]"),  # of nobody's: as on LIAR
    ],
)
def test_a_warm_start_takes_the_variant_that_was_published_for_its_task(
    line: MakeLine, task: str, variant: str
) -> None:
    problem = line(name=task)
    assert build("warm_high_max", problem) == WarmStart.named(problem.space, variant)
    assert build("warm_high_max_mended", problem) == WarmStart.named(problem.space, variant, mended=True)


def test_the_warm_start_of_a_task_is_the_one_with_the_highest_published_peak(line: MakeLine) -> None:
    table = pd.read_csv(ROOT / "notebooks" / "results" / "published_runs.csv")
    warm = table[table.method.str.contains("-") & ~table.method.isin(["zero-shot", "kNN-50"])]
    best = warm.loc[warm.groupby("task").peak_f1.idxmax()].set_index("task").method
    assert {task: f"{level}-{prior}" for task, (level, prior) in PEAKS.items()} == best.to_dict()
    problem = line(name="drop")
    expected = "(a-pos f-neg)[F1+Time][linear_front]"
    assert build("warm_start", problem) == WarmStart.named(problem.space, expected)
    assert build("warm_start", line(name="rain")) == WarmStart.named(problem.space, "(f-pos a-neg)[F1+Time]")


def test_names_are_split_at_commas() -> None:
    assert named("ours, random,smac") == ["ours", "random", "smac"]


def test_an_unknown_method_exits_with_a_line_that_names_the_methods(line: MakeLine) -> None:
    for call in (lambda: build("ourz", line()), lambda: named("random,ourz")):
        with pytest.raises(SystemExit) as caught:
            call()
        line_said = str(caught.value)
        assert line_said == f"There is no method 'ourz'. There are: {', '.join(METHODS)}."
        assert all(name in line_said for name in ("ours", "random", "smac", "warm_high_max_mended"))


@pytest.mark.parametrize(
    ("text", "names", "told"),
    [
        ("", ["rain", "snow"], "all"),
        ("snow, rain", ["snow", "rain"], "all"),
        ("snow", ["snow"], ["snow"]),
    ],
)
def test_tasks_are_split_at_commas_and_settings_tell_which_were_asked_for(
    text: str, names: list[str], told: str | list[str]
) -> None:
    found = tasks_of(text, ["rain", "snow"])
    assert found == names and tasks_told(found, ["rain", "snow"]) == told


def test_settings_tell_some_tasks_in_one_order() -> None:
    assert tasks_told(["c", "a"], "abc") == tasks_told(["a", "c"], "abc") == ["a", "c"]


def test_an_unknown_task_exits_with_a_line_that_names_the_tasks() -> None:
    with pytest.raises(SystemExit, match=r"^There is no task 'hail' in the table\. There are: rain, snow\.$"):
        tasks_of("rain,hail", ["rain", "snow"])


def test_a_paused_trial_is_finished_by_methods_that_know_no_levels(line: MakeLine) -> None:
    problem = line()
    paused = Trial(number=3, config={"a": 0.4}, seed=0, state=TrialState.PAUSED, fidelity=0.5)
    for name in ("random", "nspe", "best_of_store"):
        proposal = build(name, problem).propose(problem.context, (), (paused,), seed=0)
        assert proposal is not None and (proposal.thaw, proposal.fidelity) == (3, 1.0)
