from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.problem import search
from benchmarks.recorded import CONTEXTS, carries_over, draw, pool_problem, read_contexts, read_trials
from xautolm_nb.core.config import config_key
from xautolm_nb.optimize.baselines import RandomSearch
from xautolm_nb.optimize.response import constant_score

# Clock of each record of a task, in the order of their ends. The gaps are 600, 7200, 600, 600 and 300 s.
WALLS = [
    600.0,  # the first failed: the median gap
    213.0,  # 2 x 100 + 13
    5412.0,  # a failure after 7200 s, capped
    113.0,  # 2 x 50 + 13
    600.0,  # a failure after 600 s
    413.0,  # 2 x 200 + 13
]


def test_a_trial_cost_twice_its_seconds_and_13_more_and_a_failure_the_gap_before_it(trials_table: Path) -> None:
    trials = read_trials(trials_table)
    assert {task: [record.wall for record in records] for task, records in trials.items()} == {
        "rain": WALLS,
        "snow": WALLS,
    }


def test_records_are_in_the_order_they_were_run(trials_table: Path) -> None:
    for records in read_trials(trials_table).values():
        times = [record.experience.created_at for record in records]
        assert times == sorted(times) and len(set(times)) == 6
        assert [record.experience.score for record in records] == [None, 0.8, None, 0.6, None, 0.7]


def test_a_task_without_meta_features_gets_those_of_a_middling_known_task(
    trials_table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = read_contexts(CONTEXTS)
    assert sorted(known) == ["ag_news", "liar", "meld", "sst2"]
    trials = read_trials(trials_table)
    papers = {task: records[0].experience.context.task.paper for task, records in trials.items()}
    # By rows: meld 11,098, liar 11,524, sst2 68,221, ag_news 120,000; the third is taken. The table's last row is
    # read first: snow is one row and 4 known tasks more, rain one row and 5 known tasks more than it.
    assert papers["snow"] == (68226.0, *known["sst2"].task.paper[1:])
    assert papers["rain"] == (68227.0, *known["sst2"].task.paper[1:])
    said = capsys.readouterr().out
    assert said.count("'rain'") == 1 and said.count("'snow'") == 1, "said once a task, not once a row"


def test_a_pool_replays_what_was_recorded(trials_table: Path) -> None:
    records = read_trials(trials_table)["rain"]
    problem = pool_problem(records)
    steps = search(problem, RandomSearch(space=problem.space), seed=0, go_on=lambda step: True)
    assert len(steps) == 6 and steps[-1].clock == pytest.approx(sum(WALLS))
    expected = {config_key(record.config): record for record in records}
    for before, step in zip([0.0, *(step.clock for step in steps)], steps, strict=False):
        record = expected[config_key(step.trial.config)]
        assert step.clock - before == pytest.approx(record.wall)
        assert step.trial.score == record.experience.score and step.trial.failure == record.experience.failure
        assert step.trial.fidelity == (1.0 if record.experience.failure is None else 0.0)


def test_a_timeout_shows_2700_seconds_and_another_failure_its_gap(trials_table: Path) -> None:
    problem = pool_problem(read_trials(trials_table)["rain"])
    steps = search(problem, RandomSearch(space=problem.space), seed=0, go_on=lambda step: True)
    seconds = {s.trial.failure.kind.value: s.trial.seconds for s in steps if s.trial.failure is not None}
    assert seconds == {"out_of_memory": 600.0, "timeout": 2700.0, "framework_bug": 600.0}
    assert sorted(s.trial.seconds for s in steps if s.trial.failure is None) == [50.0, 100.0, 200.0]
    assert problem.timeout == 2700.0


def test_only_failures_about_the_configuration_carry_over(trials_table: Path) -> None:
    kept = [carries_over(record) for record in read_trials(trials_table)["rain"]]
    assert kept == [True, True, True, True, False, True], "the framework bug stays behind"


def test_a_share_is_drawn_at_random_and_stays_in_order(trials_table: Path) -> None:
    records = read_trials(trials_table)["rain"]
    draws = [draw(records, 0.5, np.random.default_rng(seed)) for seed in range(20)]
    assert {len(drawn) for drawn in draws} == {3}
    assert all([records.index(r) for r in drawn] == sorted(records.index(r) for r in drawn) for drawn in draws)
    assert len({tuple(record.wall for record in drawn) for drawn in draws}) > 3
    assert draw(records, 0.5, np.random.default_rng(7)) == draws[7]


@pytest.mark.shared
def test_the_recorded_trials_are_those_of_the_study(shared: Path) -> None:
    """Counts and constant scores as the study of recorded pools gives them."""
    trials = read_trials(shared / "experience" / "xautolm_trials.parquet")
    counts = {task: len(records) for task, records in trials.items()}
    complete = Counter(task for task, records in trials.items() for r in records if r.experience.score is not None)
    assert counts == {"ag_news": 99, "meld": 138, "sst2": 94} and complete == {"ag_news": 15, "meld": 57, "sst2": 33}
    constants = {
        task: constant_score(pool_problem(records).metric, records[0].experience.context)
        for task, records in trials.items()
    }
    assert constants == pytest.approx({"ag_news": 0.100, "meld": 0.091, "sst2": 0.358}, abs=5e-4)


@pytest.mark.shared
def test_the_gaps_between_successes_say_twice_the_seconds_and_13_more(shared: Path) -> None:
    """The formula of the clock, read off the end times of the table itself (cuts between runs are far outliers)."""
    trials = read_trials(shared / "experience" / "xautolm_trials.parquet")
    off = []
    for records in trials.values():
        for before, record in pairwise(records):
            if record.experience.score is not None:
                ends = [datetime.fromisoformat(r.experience.created_at) for r in (before, record)]
                off.append((ends[1] - ends[0]).total_seconds() - record.wall)
    assert abs(np.median(off)) < 3.0
