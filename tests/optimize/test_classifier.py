from dataclasses import replace

import numpy as np
import pytest
from tuning_world import F1, World, failed, random_experiences

from xautolm_nb.optimize import classifier
from xautolm_nb.optimize.cases import Case, experience_cases


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Forty successes and as many memory errors, told apart by nothing but the learning rate."""
    world = World()
    records = [record for record in random_experiences(world, name="earlier", n=80, seed=3) if record.failure is None]
    high = [record for record in records if float(record.config["learning_rate"]) > 5e-5]
    records = [record if record not in high else failed((record,))[0] for record in records]
    return experience_cases(world.context, records, [1.0] * len(records), world.space, F1)


def test_labels_are_told_apart_by_what_they_depend_on(cases: list[Case]) -> None:
    model = classifier.fit_store(classifier.rows_of(cases[::2]))
    probability = classifier.success(model, [case.point for case in cases[1::2]])
    ran = np.array([case.failure is None for case in cases[1::2]])
    assert ran.any() and not ran.all()
    assert probability[ran].mean() > probability[~ran].mean() + 0.3
    assert ((probability > 0) & (probability < 1)).all()


def test_the_targets_of_both_labels_are_those_of_the_dirichlet_trick(cases: list[Case]) -> None:
    ran, struck = (replace(cases[0], failure=failure) for failure in (None, _a_failure(cases)))
    rows = classifier.rows_of([ran, struck])
    # alpha 1.05 and .05: variances log(1 + 1/alpha) = .6690, 3.0445; means log alpha - variance/2 = -.2857, -4.5180
    np.testing.assert_allclose(rows.y, [4.2323 / 4, -4.2323 / 4], atol=1e-4)
    np.testing.assert_allclose(rows.variance * rows.weight, 3.7136 / 16, atol=1e-4)


def test_each_row_is_foretold_from_those_before_it(cases: list[Case]) -> None:
    here = [replace(case, task=0) for case in cases]
    stored, own = classifier.rows_of(cases[:20]), classifier.rows_of(here[20:26])
    model = classifier.fit_store(stored)
    foretold = classifier.foretold(model, own)
    assert foretold.shape == (6,)
    for n in (0, 1, 5):
        seen = classifier.condition(stored, model, classifier.rows_of(here[20 : 20 + n]))
        assert foretold[n] == pytest.approx(classifier.success(seen, [here[20 + n].point])[0], abs=2e-3)


def _a_failure(cases: list[Case]):  # type: ignore[no-untyped-def]
    return next(case.failure for case in cases if case.failure is not None)
