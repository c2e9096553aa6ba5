"""The grammar tells completion what may be written."""

import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.grammar import PLOTS, options_by_verb, parser
from xautolm_nb.plots import KINDS


def test_every_verb_lists_its_options_and_their_choices() -> None:
    grammar = options_by_verb()
    assert {"start", "stop-trial", "store info", "store doctor"} <= set(grammar)
    assert "store" not in grammar
    assert grammar["start"]["--device"] == ("cpu", "cuda", "mps")
    assert grammar["start"]["--label"] == ()
    assert "--repair" in grammar["store doctor"] and "--repair" not in grammar["store info"]


@pytest.mark.parametrize(("word", "name"), [("--no-prior", "use_prior"), ("--no-starter", "use_starter")])
def test_experience_is_switched_off_by_a_word_and_else_left_to_the_default(word: str, name: str) -> None:
    assert getattr(parser().parse_args(["start", "reviews.csv", word]), name) is False
    assert getattr(parser().parse_args(["start", "reviews.csv"]), name) is None


@pytest.mark.parametrize("verb", [["start", "reviews.csv"], ["machine"]])
def test_each_model_whose_code_may_run_is_named_by_an_option_of_its_own(verb: list[str]) -> None:
    words = [*verb, "--trust-code", "a/b@1", "--trust-code", "c, d@2"]
    assert parser().parse_args(words).trust_code == ["a/b@1", "c, d@2"]
    assert parser().parse_args(verb).trust_code is None


def test_a_trial_is_named_by_its_number_and_the_study_may_follow() -> None:
    options = parser().parse_args(["stop-trial", "3", "reviews"])
    assert (options.number, options.study) == (3, "reviews")
    assert parser().parse_args(["stop-trial", "3"]).study == "last"
    with pytest.raises(RequestError, match="number"):
        parser().parse_args(["stop-trial", "third"])


def test_every_figure_has_a_name_in_the_grammar() -> None:
    assert ("overview", *KINDS) == PLOTS
