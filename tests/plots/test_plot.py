"""A figure as an object that notebooks show."""

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from xautolm_nb.core.errors import RequestError
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import OVERVIEW, Plot

MakeView = Callable[..., StudyView]


def test_a_notebook_gets_a_picture_its_words_and_its_numbers(trials: list[Trial], make_view: MakeView) -> None:
    bundle = Plot(view=make_view(*trials), kind="pareto", width=3.0)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "3 on the front" in bundle["text/plain"]
    html = bundle["text/html"]
    assert '<img alt="macro-F1 over the time of 3 trials' in html and "width:300px;max-width:100%" in html
    assert html.index("<details>") < html.index("<table>") < html.index("</details>")


def test_several_kinds_have_a_table_each(trials: list[Trial], make_view: MakeView) -> None:
    plot = Plot(view=make_view(*trials))
    assert plot.kinds == OVERVIEW
    assert len(plot.tables) == plot._repr_mimebundle_()["text/html"].count("<table>") == 3
    assert isinstance(plot.figure, Figure) and len(plot.figure.axes) == 3
    assert str(plot) == plot.words


def test_it_saves_itself(trials: list[Trial], make_view: MakeView, tmp_path: Path) -> None:
    path = Plot(view=make_view(*trials), kind="anytime", dark=True).save(tmp_path / "a.svg")
    assert b"#1b1b1d" in path.read_bytes()


def test_an_unknown_kind_is_refused_when_it_is_made(make_view: MakeView) -> None:
    with pytest.raises(RequestError, match="expects one of the kinds"):
        Plot(view=make_view(), kind=("pareto", "pie"))
