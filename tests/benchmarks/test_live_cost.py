from dataclasses import replace

import pytest

from benchmarks.live_cost import CONSUMER_GPU, expected, on, trial_seconds
from benchmarks.recorded import CONTEXTS, read_contexts
from xautolm_nb.space.pool import pool_of

MODELS = pool_of("encoder")
TASKS = {name: on(context, CONSUMER_GPU) for name, context in read_contexts(CONTEXTS).items()}


def test_hours_and_energy_follow_from_the_searches() -> None:
    cost = expected(TASKS, MODELS, searches=3, seconds=7200, timeout=600, epochs=10, watts=500, workers=2)
    assert (cost.searches, cost.hours, cost.kwh) == (12, pytest.approx(12.0), pytest.approx(6.0))
    # no trial takes longer than its limit, so there are at least as many as limits in the time
    assert cost.trials > 12 * 7200 / 600


def test_more_rows_and_more_epochs_take_longer_and_no_trial_exceeds_its_limit() -> None:
    seconds = {task: trial_seconds(context, MODELS, epochs=10, timeout=5400) for task, context in TASKS.items()}
    assert seconds["ag_news"] > seconds["sst2"] > seconds["meld"]
    assert trial_seconds(TASKS["sst2"], MODELS, epochs=2, timeout=5400) < seconds["sst2"]
    assert trial_seconds(TASKS["ag_news"], MODELS, epochs=10, timeout=60) <= 60


def test_where_nothing_fits_a_trial_is_taken_to_need_its_limit() -> None:
    tiny = replace(CONSUMER_GPU, gpu_memory_gib=0.01)
    assert trial_seconds(on(TASKS["sst2"], tiny), MODELS, epochs=2, timeout=77) == 77
