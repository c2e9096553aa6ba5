from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from benchmarks.stores import STORES
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.trial import FailureKind

MakeExperience = Callable[..., Experience]


@pytest.fixture
def records(experience: MakeExperience) -> list[Experience]:
    """Rain: .3, .5, .9 and a timeout. Snow: .2, .4 and a framework bug."""
    return [
        experience(0.1, 0.3),
        experience(0.2, 0.5),
        experience(0.3, 0.9),
        experience(0.4, None),
        experience(0.5, 0.2, task="snow"),
        experience(0.6, 0.4, task="snow"),
        experience(0.7, None, task="snow", kind=FailureKind.FRAMEWORK_BUG),
    ]


def altered(name: str, records: Sequence[Experience], seed: int = 0) -> list[Experience]:
    return STORES[name](records, np.random.default_rng(seed))


def outcomes(records: Sequence[Experience]) -> Counter[tuple[object, ...]]:
    return Counter((r.task_name, r.score, r.seconds, str(r.curve), str(r.failure)) for r in records)


def test_an_honest_store_is_what_it_was(records: list[Experience]) -> None:
    assert altered("honest", records) == records


def test_an_inverted_store_mirrors_the_scores_of_each_task(records: list[Experience]) -> None:
    found = altered("inverted", records)
    # rain: .3 + .9 - score; snow: .2 + .4 - score; failures stay
    expected = [0.9, 0.7, 0.3, None, 0.4, 0.2, None]
    assert [r.score for r in found] == [value if value is None else pytest.approx(value) for value in expected]
    assert [r.config for r in found] == [r.config for r in records]
    assert [r.failure for r in found] == [r.failure for r in records]
    for before, after in zip(records, found, strict=True):
        if after.score is not None:  # the curve ends where the score is, and falls where it rose
            assert after.curve[-1].score == pytest.approx(after.score)
            assert after.curve[0].score - after.curve[1].score == pytest.approx(0.05)
            assert before.curve[1].score - before.curve[0].score == pytest.approx(0.05)


def test_a_swapped_store_has_errors_for_successes_and_scores_for_errors(records: list[Experience]) -> None:
    found = altered("swapped", records)
    for before, after in zip(records, found, strict=True):
        assert after.config == before.config and after.succeeded is not before.succeeded
        if before.succeeded:
            assert after.failure is not None and after.failure.kind is FailureKind.OUT_OF_MEMORY
            assert (after.score, after.seconds, after.curve) == (None, None, ())
        else:
            assert after.score in {0.3, 0.5, 0.9, 0.2, 0.4} and after.curve[-1].score == after.score
            assert after.seconds is not None and after.fidelity == 1.0


def test_a_shuffled_store_keeps_the_outcomes_of_each_task_but_not_whose_they_are(records: list[Experience]) -> None:
    drawn = [altered("shuffled", records, seed) for seed in range(10)]
    for found in drawn:
        assert outcomes(found) == outcomes(records)
        assert [(r.task_name, r.config) for r in found] == [(r.task_name, r.config) for r in records]
    assert len({tuple(r.score for r in found) for found in drawn}) > 3


def test_the_store_of_another_machine_differs_in_the_system_the_errors_and_the_times(
    experience: MakeExperience,
) -> None:
    records = [experience(i / 100, 0.5) for i in range(100)] + [experience(1.0, None)]
    found = altered("other_machine", records)
    old = records[0].context.system
    for before, after in zip(records, found, strict=True):
        system = after.context.system
        assert after.context.task == before.context.task and after.config == before.config
        assert system.hostname_hash == "another" != old.hostname_hash
        assert (system.gpu_memory_gib, system.tflops) == (old.gpu_memory_gib / 4, (old.tflops or 30.0) / 8)
        # what still fits takes 8 x 100 s, what does not is out of memory
        assert after.seconds == (800.0 if after.succeeded else None)
    assert 30 < sum(record.succeeded for record in found) < 70, "about half of what fitted still does"
    assert found[-1].failure == records[-1].failure


def test_an_empty_store_and_a_store_of_one(records: list[Experience]) -> None:
    assert altered("empty", records) == []
    drawn = [altered("one", records, seed) for seed in range(20)]
    assert all(len(found) == 1 and found[0] in records for found in drawn)
    assert len({found[0].id for found in drawn}) > 1


def test_an_unrelated_store_has_ten_thousand_records_of_one_other_task_with_scores_of_noise(
    records: list[Experience],
) -> None:
    found = altered("unrelated", records)
    assert len(found) == 10_000 and {record.task_name for record in found} == {"unrelated"}
    assert {record.context.task.paper[:2] for record in found} == {(500.0, 40.0)}
    assert all(record.succeeded for record in found)
    scores = np.array([record.score for record in found])
    # even on .1 to .9: mean .5 with a standard error of .8 / sqrt(12 x 10,000) = .0023
    assert (scores.min() >= 0.1, scores.max() <= 0.9) == (True, True) and abs(scores.mean() - 0.5) < 0.01
    # about 1,430 of each of the 7 configurations, and none is better than the others (.231 / sqrt(1430) = .006)
    of_first = scores[[record.config["a"] == 0.1 for record in found]]
    assert 1200 < len(of_first) < 1700 and abs(of_first.mean() - 0.5) < 0.03


@pytest.mark.parametrize("name", STORES)
def test_a_store_is_the_same_with_the_same_seed_and_leaves_what_it_was_made_of(
    name: str, records: list[Experience]
) -> None:
    before = [record.id for record in records]
    assert altered(name, records, 3) == altered(name, records, 3)
    assert [record.id for record in records] == before
