from dataclasses import replace

import numpy as np
import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, failed, make_context, neighbouring_store

from xautolm_nb.core.experience import Experience
from xautolm_nb.optimize.baselines import NearestExperience
from xautolm_nb.optimize.baselines.cells import Weights
from xautolm_nb.optimize.baselines.nearest import metric_gaps, neighbours, raw_distances
from xautolm_nb.space import Categorical, SearchSpace

torch.set_num_threads(1)

SPACE = SearchSpace(
    name="test/1",
    parameters=(Categorical(name="color", values=("red", "green", "blue", "black"), default="red"),),
    models={},
)
RECORD = replace(neighbouring_store(1)[0], space="test/1", study="", trial=None, failure=None)


def record(rows: int, score: float, seconds: float, color: str = "red") -> Experience:
    context = make_context(rows=rows)
    return replace(RECORD, context=context, score=score, seconds=seconds, config={"color": color})


class TestNearestExperience(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> NearestExperience:
        return NearestExperience(space=world.space, k=25)


def test_the_distance_is_that_of_the_raw_values() -> None:
    # 4000 rows here, 4300 and 5000 there; nothing else differs
    records = [record(4300, 0.5, 1.0), record(5000, 0.5, 1.0)]
    assert raw_distances(make_context(rows=4000), records) == pytest.approx([300.0, 1000.0])


def test_the_metric_gap_is_in_raw_units_so_that_seconds_decide() -> None:
    # best score .9, least seconds 10; gaps .5 x .0 + .5 x 90 = 45, .5 x .4 + 0 = .2, .5 x .1 + .5 x 40 = 20.05
    # scaled: (45 - .2) / 44.8 = 1, 0, 19.85 / 44.8
    assert metric_gaps([(0.9, 100.0), (0.5, 10.0), (0.8, 50.0)]) == pytest.approx([1.0, 0.0, 19.85 / 44.8], abs=1e-6)
    assert metric_gaps([]) == []


def test_the_nearest_positives_and_the_farthest_failures_are_kept() -> None:
    good = [record(4000, 0.9, 100.0), record(4000, 0.5, 10.0), record(6000, 0.8, 10.0), record(14000, 0.9, 10.0)]
    near, far = failed([record(4100, 0.5, 1.0), record(9000, 0.5, 1.0)])
    # distances 0, 0, .2, 1 (and .01, .5) of 10000 rows; gaps 45 -> 1, .2 -> .0044, .05 -> .0011, 0 -> 0
    # scores .7 d + .3 g: .3, .0013, .1403, .7
    positives, negatives = neighbours(make_context(rows=4000), [*good, near, far], 2)
    assert positives == [good[1], good[2]]
    assert neighbours(make_context(rows=4000), [*good, near, far], 1)[1] == [far]
    assert negatives == [far, near]
    assert neighbours(make_context(rows=4000), [], 2) == ([], [])


def test_the_context_counts_more_than_the_metrics() -> None:
    # distances 0, .5, 1 and gaps 1, 0, 0: scores .3, .35, .7
    here, there = record(4000, 0.9, 100.0), record(9000, 0.9, 10.0)
    assert neighbours(make_context(rows=4000), [there, here, record(14000, 0.9, 10.0)], 1)[0] == [here]


def test_the_rates_are_shared_evenly() -> None:
    store = [record(4000, 0.9, 10.0, "blue"), record(4000, 0.8, 10.0, "blue"), *failed([record(9000, 0.1, 1.0)])]
    cell = NearestExperience(space=SPACE).prior(make_context(), store, seed=0).cells["color", 0, ""]
    # blue twice by 1/2: (.25, .25, .75, .25) / 1.5, then (1/6, 1/6, 1, 1/6) / 1.5 = (1/9, 1/9, 2/3, 1/9);
    # then red by -1: (-8/9, 1/9, 2/3, 1/9), which sum to 0 and are not divided
    assert isinstance(cell, Weights)
    assert cell.weights == pytest.approx((-8 / 9, 1 / 9, 2 / 3, 1 / 9), abs=1e-9)


def test_the_mended_form_keeps_every_option_within_reach() -> None:
    store = [record(4000, 0.9, 10.0, "blue"), *failed([record(9000, 0.1, 1.0)])]
    cell = NearestExperience(space=SPACE, mended=True).prior(make_context(), store, seed=0).cells["color", 0, ""]
    assert isinstance(cell, Weights)
    assert min(cell.weights) > 0


def test_k_decides_how_many_are_taken() -> None:
    store = [record(4000 + i, 0.5, 10.0, "blue" if i < 25 else "red") for i in range(40)]
    few = NearestExperience(space=SPACE, k=25).prior(make_context(), store, seed=0)
    many = NearestExperience(space=SPACE, k=50).prior(make_context(), store, seed=0)
    red = {"color": "red"}
    assert few.log_probability(red) < many.log_probability(red)


def test_it_imitates_the_nearest(world: World) -> None:
    store = [record(4000 + i, 0.5, 10.0, "blue") for i in range(30)]
    optimizer = NearestExperience(space=SPACE, k=25)
    proposals = [optimizer.propose(make_context(), store, [], seed=seed) for seed in range(40)]
    assert np.mean([p is not None and p.config["color"] == "blue" for p in proposals]) > 0.4
