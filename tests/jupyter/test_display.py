"""The inline view: the figure is drawn anew only when a trial came back."""

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb.core.study import Control
from xautolm_nb.jupyter import display
from xautolm_nb.jupyter.display import LiveView
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import Budget, search


def test_the_figure_is_drawn_once_per_change_of_the_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(display, "figure_html", lambda view: drawn.append(1) or "<img>")
    with ExperienceStore.open(":memory:") as store:
        study = make_study(store, Scripted([start(config(2))]))
        view = LiveView(Session(store, study.record.id))
        assert "No trial has started yet" in view.html()
        assert drawn == []
        budget = Budget(seconds=1e6, clock=study.runner.clock)  # type: ignore[attr-defined]
        search(study, budget=budget, control=lambda: Control.RUN, emit=lambda event: None)
        assert "<img>" in view.html() and "<img>" in view.html()
        assert drawn == [1]
