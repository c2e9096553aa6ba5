"""The default fine-tuning is run once and kept."""

from pathlib import Path

import pytest
from worlds import Scripted, make_study, start

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.study import Control
from xautolm_nb.default_trial import default_trial
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, Study, search


@pytest.fixture
def study(tmp_path: Path) -> Study:
    store = ExperienceStore.open(":memory:")
    made = make_study(store, Scripted([]))
    store.update_study(made.record.id, folder=str(tmp_path))
    return make_again(made, store)


def make_again(made: Study, store: ExperienceStore) -> Study:
    from dataclasses import replace

    return replace(made, record=store.study(made.record.id))


def test_it_is_trained_once_and_then_read(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    first = default_trial(study)
    assert first.config == study.space.default() and first.score is not None
    monkeypatch.setattr(type(study.runner), "run", lambda *a, **b: pytest.fail("it was trained again"))
    assert default_trial(study) == first


def test_a_trial_of_the_search_with_that_configuration_is_taken(study: Study, tmp_path: Path) -> None:
    study.optimizer.proposals.append(start(study.space.default()))  # type: ignore[attr-defined]
    budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
    search(study, budget=budget, control=lambda: Control.RUN, emit=lambda event: None)
    (tmp_path / "trials" / "0000" / "best").mkdir(parents=True)
    assert default_trial(study).number == 0


def test_a_failure_is_said(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(study.space), "default", lambda self: {"model": "model-4", "optimizer": "sgd"})
    with pytest.raises(StudyError, match="out of memory"):
        default_trial(study)
