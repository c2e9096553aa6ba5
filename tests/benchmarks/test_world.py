from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tuning_world import neighbouring_store

from benchmarks.fitted import FittedWorld
from benchmarks.world import LOAD_SECONDS, one, outcome, search, world_problem
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Trial
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.importing import export_parquet

TASK = "task0"


@pytest.fixture(scope="module")
def past() -> tuple[Experience, ...]:
    """Random trials of two made-up tasks."""
    return neighbouring_store(30)


@pytest.fixture(scope="module")
def fitted(past: tuple[Experience, ...]) -> FittedWorld:
    return FittedWorld.fit(past)


def test_what_was_recorded_well_is_good_in_the_fitted_world_too(
    fitted: FittedWorld, past: tuple[Experience, ...]
) -> None:
    records = [record for record in past if record.task_name == TASK and record.score is not None]
    told = [fitted.score(TASK, record.config, 1.0) for record in records]
    known = [cast(float, record.score) for record in records]
    assert np.corrcoef(told, known)[0, 1] > 0.6
    assert all(0.0 <= score <= 1.0 for score in told)


def test_a_configuration_does_the_same_in_every_search(fitted: FittedWorld, past: tuple[Experience, ...]) -> None:
    again = FittedWorld.fit(past)
    config = fitted.spaces[TASK].default()
    assert fitted.score(TASK, config, 0.5) == again.score(TASK, config, 0.5)
    assert fitted.fate(TASK, config).pace == again.fate(TASK, config).pace


def test_a_thawed_trial_loads_again_and_keeps_its_curve(fitted: FittedWorld) -> None:
    start = Trial(number=0, config=fitted.spaces[TASK].default(), seed=0)
    paused = outcome(fitted, TASK, start, 0.5)
    halfway = Trial(number=0, config=start.config, seed=0, fidelity=0.5, curve=paused.curve, measures=paused.measures)
    ended, straight = outcome(fitted, TASK, halfway, 1.0), outcome(fitted, TASK, start, 1.0)
    assert ended.curve[: len(paused.curve)] == paused.curve
    assert [point.score for point in ended.curve] == [point.score for point in straight.curve]
    assert ended.measures.seconds == pytest.approx(straight.measures.seconds + LOAD_SECONDS)


def test_a_search_counts_nothing_that_came_after_its_time(fitted: FittedWorld) -> None:
    problem = world_problem(fitted, TASK)
    assert {record.task_name for record in problem.experiences} == {"task1"}, "the others are the store"
    seen, trials = search(fitted, problem, "random", 0, 60.0)
    assert trials and all(clock <= 60.0 for clock, _ in seen)
    assert (seen, trials) == search(fitted, problem, "random", 0, 60.0)


def test_scores_are_shares_of_the_best_recorded_skill(past: tuple[Experience, ...], tmp_path: Path) -> None:
    data = tmp_path / "past.parquet"
    with ExperienceStore.open(":memory:") as store:
        store.append(*past)
        export_parquet(store, data)
    short, long = (one(("random", TASK, 0), data=str(data), seconds=seconds) for seconds in (30.0, 600.0))
    assert 0.0 <= short["best"] <= long["best"] <= 1.3
    assert long["area"] <= long["best"] and long["trials"] > short["trials"]


def test_one_task_is_no_world(past: tuple[Experience, ...]) -> None:
    with pytest.raises(SystemExit, match="two or more tasks"):
        FittedWorld.fit([record for record in past if record.task_name == TASK])
