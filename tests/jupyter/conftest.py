"""A study of the simulated world that `Loop` runs, for tests of what shows it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb import background
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Study


@pytest.fixture
def store(own_home: Path) -> Iterator[ExperienceStore]:
    with ExperienceStore.open() as opened:
        yield opened


@pytest.fixture
def new_session(store: ExperienceStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Session]:
    """Makes sessions whose trials are simulated: two that complete, or as many as `models` names."""
    studies: dict[str, Study] = {}
    monkeypatch.setattr(background, "wire", lambda record, store: studies[record.id])

    def make(*models: int) -> Session:
        made = make_study(store, Scripted([start(config(model)) for model in models or (2, 4)]))
        store.update_study(made.record.id, budget_seconds=1e6)
        studies[made.record.id] = made
        return Session(store, made.record.id)

    return make


@pytest.fixture
def session(new_session: Callable[..., Session]) -> Session:
    return new_session()
