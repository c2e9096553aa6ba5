"""A search is set beside another one on the same data that had nothing to learn from."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb.core.study import Control
from xautolm_nb.reference import find_reference, is_without_experience
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, Study, search


@pytest.fixture
def store() -> Iterator[ExperienceStore]:
    with ExperienceStore.open(":memory:") as opened:
        yield opened


def searched(store: ExperienceStore, **request: object) -> Study:
    study = make_study(store, Scripted([start(config(2)), start(config(4))]))
    store.update_study(study.record.id, request=request)
    search(study, budget=Budget(seconds=1e6), control=lambda: Control.RUN, emit=lambda event: None)
    return study


def test_the_newest_search_without_experience_on_the_same_data_is_found(store: ExperienceStore) -> None:
    record = searched(store).record
    searched(store)
    assert find_reference(store, record) is None, "that one had experience too"
    older = searched(store, use_prior=False).record
    found = find_reference(store, record)
    assert found is not None and found.name == "without experience (world)"
    assert found.scores.tolist() == sorted(found.scores.tolist()) and found.scores.size == 2
    assert find_reference(store, older) is None, "a study is no reference for itself"


def test_a_search_on_other_data_or_without_a_score_is_none(store: ExperienceStore) -> None:
    record = searched(store, use_prior=False).record
    empty = make_study(store, Scripted([]))
    store.update_study(empty.record.id, request={"use_prior": False})
    other = replace(record, id="other", task=replace(record.task, fingerprint="else"))
    assert find_reference(store, other) is None
    assert find_reference(store, empty.record) is not None
    assert find_reference(store, record) is None


@pytest.mark.parametrize(
    ("request_", "blind"), [({}, False), ({"use_prior": True}, False), ({"use_prior": False}, True),
                            ({"optimizer": "random"}, True), ({"optimizer": "bayesian"}, False)]
)  # fmt: skip
def test_random_search_never_looks_at_experience(
    store: ExperienceStore, request_: dict[str, object], blind: bool
) -> None:
    record = replace(make_study(store, Scripted([])).record, request=request_)
    assert is_without_experience(record) is blind
