import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from contracts.optimizer import OptimizerContract
from tuning_world import World, failed, make_context, neighbouring_store

from xautolm_nb.core.context import Context
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize.baselines import VARIANTS, Variant, WarmStart
from xautolm_nb.optimize.baselines.cells import Gaussian, Weights
from xautolm_nb.optimize.baselines.warm_start import alphas
from xautolm_nb.space import Categorical, Integer, SearchSpace, original_space

torch.set_num_threads(1)

SPACE = SearchSpace(
    name="test/1",
    parameters=(
        Categorical(name="color", values=("red", "green", "blue", "black"), default="red"),
        Integer(name="epochs", low=1, high=10, default=3),
    ),
    models={},
)
RECORD = replace(neighbouring_store(1)[0], space="test/1", study="", trial=None, failure=None)


def record(task: str, score: float, seconds: float, color: str = "red", epochs: int = 3) -> Experience:
    return replace(RECORD, task_name=task, score=score, seconds=seconds, config={"color": color, "epochs": epochs})


def lost(color: str = "red", epochs: int = 3) -> Experience:
    return failed([record("a", 0.5, 1.0, color, epochs)])[0]


def away(record: Experience, rows: int) -> Experience:
    return replace(record, context=make_context(rows=rows))


STORE = (record("a", 0.2, 10.0), record("a", 0.6, 50.0, "green"), record("b", 0.9, 5.0, "blue"), lost("black", 9))


class TestWarmStart(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> WarmStart:
        return WarmStart(space=world.space, distance="cosine", beta_scale=0.5, utility="linear_front")


class TestMendedWarmStart(OptimizerContract):
    @pytest.fixture
    def optimizer(self, world: World) -> WarmStart:
        return WarmStart(space=world.space, mended=True, mended_search=True)


# ---- learning rates (XAutoLM 5.6) ------------------------------------------------------------------------------------


def rates(records: Sequence[Experience], context: Context = RECORD.context, **settings: object) -> list[float]:
    variant = replace(Variant(name="", positives="fixed", negatives="fixed"), **settings)  # type: ignore[arg-type]
    return [alpha for _, alpha in alphas(context, records, variant)]


def test_fixed_rates_are_for_each_experience() -> None:
    # utilities by the weighted sum: task a: gains 0, 1, shortness 1, 0, so .5 each; task b alone: .5; .05 x .5
    assert rates(STORE) == pytest.approx([0.025, 0.025, 0.025, -0.02])


def test_adaptive_rates_share_one_and_minus_one() -> None:
    # 1/3 x .5 for the three positives; the two negatives have -1/2 each
    found = rates([*STORE, lost()], positives="adaptive", negatives="adaptive")
    assert found == pytest.approx([1 / 6, 1 / 6, 1 / 6, -0.5, -0.5])


def test_fronts_give_other_rates_than_the_weighted_sum() -> None:
    # (.9, 5) beats all; (.2, 10) and (.6, 50) do not beat each other: utilities 1/2, 1/2, 1 of the rate .05
    assert rates(STORE, utility="linear_front") == pytest.approx([0.025, 0.025, 0.05, -0.02])
    # ln 2 / ln 3 for the second of two fronts
    second = 0.05 * math.log(2) / math.log(3)
    assert rates(STORE, utility="logarithmic_front") == pytest.approx([second, second, 0.05, -0.02])


def test_sides_that_are_left_out_have_no_rates() -> None:
    assert rates(STORE, positives="no") == pytest.approx([-0.02])
    assert rates(STORE, negatives="no") == pytest.approx([0.025] * 3)
    assert rates((), positives="adaptive", negatives="adaptive") == []


def test_the_kernel_weighs_experiences_of_both_signs_by_their_distance() -> None:
    # Only the rows differ: 4000 (the target), 4000, 4000, 8000 and, for the failure, 16000.
    rows = (4000, 4000, 8000, 16000)
    records = [away(r, n) for r, n in zip(STORE, rows, strict=True)]
    # z-scores over the target and the records: differences of rows over their deviation; the rest is 0
    deviation = np.std([4000, *rows]) + 1e-8
    distances = np.array([0.0, 0.0, 4000.0, 12000.0]) / deviation
    kernel = np.exp(-0.5 / (distances.mean() + distances.std()) * distances)
    found = rates(records, make_context(), distance="euclidean", beta_scale=0.5)
    assert found == pytest.approx([0.025, 0.025, 0.025 * kernel[2], -0.02 * kernel[3]], rel=1e-6)
    assert kernel[3] < kernel[2] < 1


def test_a_side_that_is_left_out_does_not_shape_the_kernel() -> None:
    records = [away(r, n) for r, n in zip(STORE, (4000, 4000, 8000, 16000), strict=True)]
    found = rates(records, make_context(), distance="euclidean", beta_scale=0.5, positives="no")
    # one distance d alone: beta d = .5 d / (d + 1e-6)
    assert found == pytest.approx([-0.02 * math.exp(-0.5)], rel=1e-5)


def test_the_cosine_tells_directions_apart() -> None:
    records = [away(STORE[0], 1000), away(STORE[1], 9000)]
    # z-scores of 4000, 1000, 9000 (mean 4667): the target is below the mean with 1000, against 9000
    found = rates(records, make_context(), distance="cosine", beta_scale=0.5, utility="linear_front")
    # distances 0 and 2: mean 1, deviation 1, beta .25
    assert found == pytest.approx([0.05, 0.05 * math.exp(-0.5)], rel=1e-6)


# ---- the prior -------------------------------------------------------------------------------------------------------


def test_the_prior_is_the_model_after_all_lessons() -> None:
    optimizer = WarmStart(space=SPACE)
    color = optimizer.prior(RECORD.context, STORE, seed=0).cells["color", 0, ""]
    # rates .025 for red, green and blue one after the other, then -.02 for black
    weights = np.full(4, 0.25)
    for place, alpha in ((0, 0.025), (1, 0.025), (2, 0.025), (3, -0.02)):
        weights[place] += alpha
        weights /= weights.sum()
    assert isinstance(color, Weights)
    assert color.weights == pytest.approx(tuple(weights))


def test_negatives_without_end_hide_options_as_published_and_stop_at_the_floor_when_mended() -> None:
    store = [lost("black", 9)] * 40
    published = WarmStart(space=SPACE).prior(RECORD.context, store, seed=0)
    mended = WarmStart(space=SPACE, mended=True).prior(RECORD.context, store, seed=0)
    black = {"color": "black"}
    assert published.log_probability(black) == -math.inf
    assert 0 < math.exp(mended.log_probability(black)) < 0.01
    wide, narrow = published.cells["epochs", 0, ""], mended.cells["epochs", 0, ""]
    assert isinstance(wide, Gaussian)
    assert isinstance(narrow, Gaussian)
    assert (wide.deviation, narrow.deviation) == (pytest.approx(9 * 1.02**40), 9.0)
    assert narrow.mean == pytest.approx(9 - 3.5 * 1.02**40)  # each of the 40 moves 2 % away from 9


def test_doubled_failures_push_twice() -> None:
    once = WarmStart(space=SPACE).prior(RECORD.context, STORE, seed=0)
    twice = WarmStart(space=SPACE, doubled=True).prior(RECORD.context, STORE, seed=0)
    black = {"color": "black"}
    assert twice.log_probability(black) < once.log_probability(black)


def test_it_proposes_what_served_elsewhere() -> None:
    store = [replace(record("a", 0.5 + i / 1000, 10.0, "blue"), seed=i) for i in range(60)]
    optimizer = WarmStart(space=SPACE, negatives="no")
    proposals = [optimizer.propose(RECORD.context, store, [], seed=seed) for seed in range(30)]
    colors = [proposal.config["color"] for proposal in proposals if proposal is not None]
    assert np.mean([color == "blue" for color in colors]) > 0.7


def test_there_is_no_draw_from_the_untrained_model(world: World) -> None:
    trials: list[Trial] = []
    for _ in range(21):
        proposal = WarmStart(space=world.space).propose(world.context, (), trials, seed=0)
        assert proposal is not None
        assert "untrained" not in proposal.reason
        trials = world.run(trials, proposal)


def test_the_seed_changes_what_records_lack() -> None:
    bare = [replace(STORE[0], config={"color": "red"}), lost("black")]
    optimizer = WarmStart(space=SPACE)
    cells = [optimizer.prior(RECORD.context, bare, seed=seed).cells["epochs", 0, ""] for seed in (0, 0, 5)]
    assert cells[0] == cells[1] != cells[2]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_of_the_paper_searches_the_original_space(name: str, world: World) -> None:
    optimizer = WarmStart.named(original_space(), name)
    variant = replace(VARIANTS[name], name="")
    assert optimizer.variant == variant
    rng = np.random.default_rng(0)
    store = [
        replace(r, space="xautolm-original/1", config=original_space().sample(rng)) for r in (*STORE, *failed(STORE))
    ]
    proposal = optimizer.propose(world.context, store, [], seed=0)
    assert proposal is not None
    assert original_space().contains(proposal.config)
