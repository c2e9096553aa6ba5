"""What the figures show, in words."""

from collections.abc import Callable

import pytest

from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import FailureKind, Trial
from xautolm_nb.plots import reference_front, words_of

MakeTrial = Callable[..., Trial]
MakeView = Callable[..., StudyView]


def test_the_words_name_the_best_trial_its_score_and_its_time(trials: list[Trial], make_view: MakeView) -> None:
    words = words_of(make_view(*trials), "anytime")
    assert words == "Best macro-F1 over the work spent: 0.800 by trial 3 after 106 of 106 s and 5 validations."


def test_the_words_tell_what_was_expected(make_trial: MakeTrial, make_view: MakeView) -> None:
    told = make_trial(0, [(1.0, 0.5, 3.0)], expected={"score": 0.6, "score_sd": 0.05, "seconds": 4.0})
    assert "The prior expected 0.600 ± 0.050." in words_of(make_view(told), "anytime")
    assert "0 within one standard deviation, 0.100 apart" in words_of(make_view(told), "calibration")
    assert "1 within a factor of 2, the median took 0.75 times" in words_of(make_view(told), "cost")


def test_the_words_name_the_ends_of_the_front_and_the_reference(trials: list[Trial], make_view: MakeView) -> None:
    words = words_of(make_view(*trials), "pareto", reference=reference_front("zero-shot", trials))
    assert "3 on the front, from 0.500 in 2 s (trial 1) to 0.800 in 90 s (trial 3)." in words
    assert words.endswith("The front of zero-shot is drawn beside it.")


def test_the_words_count_whole_curves(trials: list[Trial], make_view: MakeView) -> None:
    words = words_of(make_view(*trials), "curves")
    assert "macro-F1 of 3 trials" in words and "2 reached its end. Trial 3 is the best, from 0.550 to 0.800." in words


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("failures", ("2 out of memory", "Most failures: b", "smallest batch that failed has 512 tokens")),
        ("parallel", ("over model, batch_size and macro-F1", "2 failed", "best has model a, batch_size 8")),
    ],
)
def test_the_words_tell_what_failed_and_what_was_best(
    kind: str, parts: tuple[str, ...], make_trial: MakeTrial, make_view: MakeView
) -> None:
    lost = {"failed": FailureKind.OUT_OF_MEMORY}
    trials = [
        make_trial(0, [(1.0, 0.5, 3.0)], config={"model": "a", "batch_size": 8, "max_length": 32}),
        make_trial(1, [], config={"model": "b", "batch_size": 16, "max_length": 32}, **lost),
        make_trial(2, [], config={"model": "b", "batch_size": 32, "max_length": 32}, **lost),
    ]
    words = words_of(make_view(*trials), kind)
    assert [part for part in parts if part not in words] == []
