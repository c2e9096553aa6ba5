"""The static picture of a study: complete, readable, and every text escaped."""

from dataclasses import replace

from test_report import a_trial, a_view

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.trial import Failure, FailureKind
from xautolm_nb.plots import figure_html, summary_html

EVIL = "<script>alert(1)</script>"


def test_names_models_and_error_texts_stay_text() -> None:
    failed = a_trial(0, None, Failure(kind=FailureKind.ERROR, message=EVIL))
    evil = replace(a_trial(1, 0.5), config={"model": EVIL, "method": "full"})
    view = a_view(failed, evil)
    view = replace(view, record=replace(view.record, name=EVIL, message=EVIL))
    html = summary_html(view, figure="")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3


def test_the_best_trial_is_always_in_the_table() -> None:
    view = a_view(a_trial(0, 0.9), *(a_trial(number, 0.1) for number in range(1, 40)))
    html = summary_html(view, figure="")
    assert "★ 0" in html and "earlier trials" in html


def test_a_study_without_trials_says_so() -> None:
    assert "No trial has started yet" in summary_html(a_view())
    assert figure_html(a_view()) == ""


def test_the_figure_has_a_text_alternative() -> None:
    html = figure_html(a_view(a_trial(0, 0.9)))
    assert html.startswith("<img alt=") and "data:image/png;base64," in html


def test_every_running_trial_has_a_line() -> None:
    view = a_view(a_trial(0, 0.8))
    first = TrialProgress(number=1, phase="train", step=5, total=20, fidelity=0.25, loss=0.5)
    second = replace(first, number=2, phase="load", loss=None, seconds_left=3.0)
    shown = summary_html(replace(view, record=replace(view.record, progress=first, beside=(second,), message="quiet")))
    assert "<div>trial 1: train, step 5 of 20, loss 0.500</div>" in shown
    assert "<div>trial 2: load, step 5 of 20, 3 s to go</div>" in shown
    assert "quiet" not in shown
