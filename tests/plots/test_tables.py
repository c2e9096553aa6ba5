"""The numbers of the figures as rows and as HTML."""

import json
from collections.abc import Callable

import pytest

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import Trial
from xautolm_nb.plots import KINDS, Table, reference_front, table

MakeView = Callable[..., StudyView]
Busy = Callable[..., list[Trial]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_has_its_numbers_as_plain_rows(kind: str, busy: Busy, make_view: MakeView) -> None:
    found = table(make_view(*busy()), kind)
    assert len(found) == len(found.to_dicts()) > 5
    assert found.columns[0] == "trial"
    json.dumps(found.to_dicts(), allow_nan=False)


def test_rows_hold_what_was_drawn(trials: list[Trial], make_view: MakeView) -> None:
    assert table(make_view(*trials), "pareto").to_dicts()[1] == {
        "trial": 1, "seconds": 2.0, "score": 0.5, "on the front": True, "ran to the end": False,
    }  # fmt: skip
    assert [row["best so far"] for row in table(make_view(*trials), "anytime").to_dicts()] == [0.4, 0.6, 0.6, 0.6, 0.8]


def test_the_reference_follows_the_trials(trials: list[Trial], make_view: MakeView) -> None:
    rows = table(make_view(*trials), "pareto", reference=reference_front("zero-shot", trials[:1])).rows
    assert rows[-1] == ("zero-shot", 10.0, 0.6, None, None)


def test_html_escapes_names_the_cells_and_leaves_unknown_empty() -> None:
    html = Table(caption="<i>", columns=("a&b", "c", "d"), rows=(("<script>", None, True),)).to_html()
    assert "<script>" not in html and "&lt;i&gt;" in html
    assert '<th scope="col">a&amp;b</th>' in html
    assert '<th scope="row">&lt;script&gt;</th><td></td><td>yes</td>' in html


def test_of_many_rows_the_last_are_written_and_the_rest_counted() -> None:
    html = Table(caption="c", columns=("n",), rows=tuple((n,) for n in range(10))).to_html(3)
    assert html.count("<tr>") == 4 and ">9<" in html and ">6<" not in html
    assert "7 earlier rows" in html
