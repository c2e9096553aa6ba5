import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tuning_world import F1, World, inverted, search

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import Trial
from xautolm_nb.optimize import BayesianOptimizer, RandomSearch
from xautolm_nb.optimize.cases import trial_cases
from xautolm_nb.optimize.experts import Experts, anchored, consult, sequential_log_density, trust_in_store
from xautolm_nb.optimize.features import describe
from xautolm_nb.optimize.prior import MetaPrior
from xautolm_nb.optimize.surrogate import Rows, fit, predict
from xautolm_nb.optimize.targets import inputs_of, responses


@pytest.fixture(scope="module")
def trials(world: World) -> list[Trial]:
    return search(world, RandomSearch(space=world.space), budget=400.0, most=8)


def asked(world: World, trials: list[Trial], store: tuple[Experience, ...]) -> Experts:
    cases = trial_cases(trials, world.context, world.space, F1)
    prior = BayesianOptimizer(space=world.space).prior(world.context, store)
    return consult(responses(cases, others=prior.rises), prior.rows, prior.score)


def test_an_honest_store_is_trusted_and_an_inverted_one_is_not(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    assert asked(world, trials, store).trust > 0.9
    assert asked(world, trials, inverted(store)).trust == 0.0


def test_before_any_trial_the_store_is_trusted(world: World, store: tuple[Experience, ...]) -> None:
    assert asked(world, [], store).trust == pytest.approx(0.9)


def test_ranks_lie_where_the_store_expects_such_runs_and_keep_their_order(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    prior = BayesianOptimizer(space=world.space).prior(world.context, store)
    assert prior.score is not None
    own = responses(trial_cases(trials, world.context, world.space, F1), ranked=True)
    placed = anchored(own, prior.score)
    expected, _ = predict(prior.score, own.rows.x)
    assert placed.rows.y.mean() == pytest.approx(expected.mean())
    np.testing.assert_allclose(np.diff(placed.rows.y), np.diff(own.rows.y))
    for before, after in zip(own.seen, placed.seen, strict=True):
        assert placed.scale.skill(float(after)) == pytest.approx(own.scale.skill(float(before)))
    with pytest.raises(TypeError, match="a level of their own"):
        responses(trial_cases(trials, world.context, world.space, F1)).moved(1.0)


def test_a_store_that_knows_a_level_and_no_order_gains_no_trust(world: World, trials: list[Trial]) -> None:
    own = responses(trial_cases(trials, world.context, world.space, F1), ranked=True)
    nothing = Rows(x=own.rows.x[:1], y=np.array([0.9]), variance=np.array([50.0]), weight=np.ones(1))
    prior = fit(nothing, mean=0.9, steps=0)
    alone = fit(own.rows, mean=0.9, steps=0)
    assert trust_in_store(own, prior, alone) != pytest.approx(0.9, abs=0.01)
    assert trust_in_store(anchored(own, prior), prior, alone) == pytest.approx(0.9, abs=0.01)


def test_a_run_is_expected_to_end_near_what_was_seen_of_it(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    for known in (store, ()):
        experts = asked(world, trials, known)
        mean, sd = experts.ends()
        usual, _ = experts.predict(experts.own.rows.x)
        assert mean.shape == sd.shape == (len(experts.own.cases),)
        assert (abs(mean - experts.own.rows.y) <= abs(usual - experts.own.rows.y) + 1e-6).all()
        assert (sd <= np.sqrt(experts.own.rows.variance) + 1e-3 + abs(mean - usual)).all()
    assert len(asked(world, [], store).ends()[0]) == 0


def test_without_a_store_there_is_one_expert(world: World, trials: list[Trial]) -> None:
    experts = asked(world, trials, ())
    assert experts.stored is None
    assert experts.trust == 0.0


def test_an_honest_store_predicts_better_than_nothing(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    rng = np.random.default_rng(7)
    configs = [world.space.sample(rng) for _ in range(60)]
    truth = np.array([world.final(config) for config in configs])
    x = inputs_of([describe(c, world.space.models[str(c["model"])], world.context) for c in configs])
    mean, _ = asked(world, trials[:3], store).predict(x)
    alone, _ = asked(world, trials[:3], ()).predict(x)
    assert np.corrcoef(mean, truth)[0, 1] > max(0.5, np.corrcoef(alone, truth)[0, 1])


def test_with_trust_zero_the_mixture_is_the_expert_alone(
    world: World, trials: list[Trial], store: tuple[Experience, ...]
) -> None:
    experts = asked(world, trials, store)
    x = experts.own.rows.x
    alone, _ = Experts(own=experts.own, alone=experts.alone, stored=None, trust=0.0).predict(x)
    np.testing.assert_array_equal(experts.predict(x, trust=0.0)[0], alone)
    mixed = experts.predict(x, trust=0.5)
    np.testing.assert_allclose(mixed[0], 0.5 * alone + 0.5 * experts.predict(x, trust=1.0)[0], atol=1e-9)


def test_what_is_being_run_is_less_uncertain_but_expected_the_same(world: World, trials: list[Trial]) -> None:
    cases = trial_cases(trials, world.context, world.space, F1)
    own = responses(cases[:-1])
    pending = inputs_of([cases[-1].point])
    before, after = consult(own, None, None), consult(own, None, None, pending)
    assert after.predict(pending)[1][0] < before.predict(pending)[1][0]
    assert after.predict(pending)[0][0] == pytest.approx(before.predict(pending)[0][0], abs=0.02)


def test_one_step_densities_add_up_to_the_joint_density() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(5, 5))
    cov, mean, y, noise = root @ root.T, rng.normal(size=5), rng.normal(size=5), np.full(5, 0.1)
    steps = sequential_log_density(mean, cov, y, noise)
    assert steps.sum() == pytest.approx(multivariate_normal(mean, cov + np.diag(noise)).logpdf(y))
    first = multivariate_normal(mean[:1], cov[:1, :1] + 0.1).logpdf(y[:1])
    assert steps[0] == pytest.approx(first)


def test_the_prior_of_a_store_without_scores_is_no_expert(world: World, store: tuple[Experience, ...]) -> None:
    from tuning_world import failed

    prior: MetaPrior = BayesianOptimizer(space=world.space).prior(world.context, failed(store))
    assert prior.score is None
    assert prior.rows is None
