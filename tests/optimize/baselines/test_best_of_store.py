from dataclasses import replace

import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, failed, make_context, neighbouring_store

from xautolm_nb.core.config import config_key
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.optimize.baselines import BestOfStore
from xautolm_nb.optimize.baselines.best_of_store import in_turn
from xautolm_nb.space import Float, SearchSpace

torch.set_num_threads(1)

SPACE = SearchSpace(name="line/1", parameters=(Float(name="x", low=0.0, high=1.0, default=0.5),), models={})
RECORD = replace(neighbouring_store(1)[0], space="line/1", study="", trial=None, failure=None)


def record(task: str, score: float, x: float, rows: int = 4000) -> Experience:
    return replace(RECORD, task_name=task, context=make_context(rows=rows), score=score, config={"x": x})


STORE = (
    record("far", 0.99, 0.9, rows=90_000),
    record("near", 0.3, 0.1),
    record("near", 0.5, 0.2),
    record("far", 0.2, 0.8, rows=90_000),
    record("near", 0.4, 0.3),
    *failed([record("near", 0.9, 0.7)]),
)


def tried(*values: float) -> list[Trial]:
    return [
        Trial(number=n, config={"x": x}, seed=0, state=TrialState.COMPLETE, fidelity=1.0) for n, x in enumerate(values)
    ]


class TestBestOfStore(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> BestOfStore:
        return BestOfStore(space=world.space)


def test_tasks_take_turns_the_most_similar_first_each_by_its_own_scores() -> None:
    order = in_turn(make_context(rows=4000), STORE)
    assert [record.config["x"] for record in order] == [0.2, 0.9, 0.3, 0.8, 0.1]


def test_a_metric_to_minimise_puts_the_smallest_first() -> None:
    loss = Metric(name="loss", maximize=False)
    order = in_turn(make_context(), [replace(r, metric=loss) for r in STORE if r.task_name == "near"])
    assert [record.config["x"] for record in order] == [0.1, 0.3, 0.2]


def test_the_best_are_run_in_their_order_then_random_ones() -> None:
    optimizer, done = BestOfStore(space=SPACE), list[float]()
    for _ in range(7):
        proposal = optimizer.propose(make_context(), STORE, tried(*done), seed=0)
        assert proposal is not None
        done.append(float(proposal.config["x"]))
    assert done[:5] == [0.2, 0.9, 0.3, 0.8, 0.1]
    assert proposal.reason == "drawn at random"
    assert len(set(done)) == 7


def test_in_a_listed_space_the_nearest_untried_one_is_taken() -> None:
    listed = replace(SPACE, only=tuple({"x": x} for x in (0.0, 0.22, 0.25, 0.6, 0.95)))
    optimizer, done = BestOfStore(space=listed), list[float]()
    for _ in range(5):
        proposal = optimizer.propose(make_context(), STORE, tried(*done), seed=0)
        assert proposal is not None
        done.append(float(proposal.config["x"]))
    # the wishes are .2, .9, .3, .8, .1
    assert done == [0.22, 0.95, 0.25, 0.6, 0.0]
    assert optimizer.propose(make_context(), STORE, tried(*done), seed=0) is None


def test_an_empty_store_leaves_random_search() -> None:
    listed = replace(SPACE, only=({"x": 0.1}, {"x": 0.2}))
    proposal = BestOfStore(space=listed).propose(make_context(), (), tried(0.1), seed=0)
    assert proposal is not None
    assert proposal.config == {"x": 0.2}


def test_what_cannot_run_here_is_passed_over(world: World) -> None:
    store = neighbouring_store(8)
    small = replace(world.context, system=replace(world.context.system, gpu_memory_gib=1.5))
    trials: list[Trial] = []
    for number in range(10):
        proposal = BestOfStore(space=world.space).propose(small, store, trials, seed=0)
        assert proposal is not None
        assert world.space.check(proposal.config, small) is None
        trials.append(Trial(number=number, config=proposal.config, seed=0, state=TrialState.COMPLETE))
    assert len({config_key(trial.config) for trial in trials}) == 10
