import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.optimize.baselines.variants import NAMES, VARIANTS, Level, Prior, parse_variant, variant_for

SUM, LINEAR, LOG = "weighted_sum", "linear_front", "logarithmic_front"
TABLE = {  # XAutoLM 5.8: positives, negatives, distance, beta scale, utility
    ("liar", "low", "LIAR"): ("fixed", "no", "cosine", 0.5, SUM),
    ("ag_news", "low", "LIAR"): ("fixed", "no", "cosine", 0.5, SUM),
    ("sst2", "low", "median"): ("no", "adaptive", "euclidean", 0.5, LINEAR),
    ("meld", "low", "max"): ("no", "adaptive", "none", 0.0, SUM),
    ("liar", "moderate", "LIAR"): ("fixed", "adaptive", "none", 0.0, SUM),
    ("liar", "moderate", "median"): ("adaptive", "adaptive", "euclidean", 0.5, SUM),
    ("sst2", "moderate", "median"): ("adaptive", "fixed", "euclidean", 0.5, LINEAR),
    ("meld", "moderate", "median"): ("adaptive", "fixed", "cosine", 0.5, LINEAR),
    ("ag_news", "moderate", "median"): ("adaptive", "fixed", "cosine", 0.5, LINEAR),
    ("liar", "moderate", "max"): ("no", "fixed", "cosine", 0.5, SUM),
    ("sst2", "moderate", "max"): ("fixed", "adaptive", "none", 0.0, LOG),
    ("meld", "moderate", "max"): ("no", "fixed", "euclidean", 1.0, SUM),
    ("ag_news", "moderate", "max"): ("fixed", "adaptive", "none", 0.0, LOG),
    ("meld", "high", "LIAR"): ("fixed", "fixed", "none", 0.0, SUM),
    ("liar", "high", "median"): ("no", "fixed", "euclidean", 0.5, LINEAR),
    ("sst2", "high", "median"): ("adaptive", "fixed", "euclidean", 0.5, SUM),
    ("ag_news", "high", "median"): ("no", "fixed", "euclidean", 0.5, LINEAR),
    ("liar", "high", "max"): ("fixed", "fixed", "none", 0.0, SUM),
    ("sst2", "high", "max"): ("no", "fixed", "cosine", 0.5, SUM),
    ("meld", "high", "max"): ("fixed", "fixed", "none", 0.0, LOG),
    ("ag_news", "high", "max"): ("no", "fixed", "none", 0.0, SUM),
    ("squad", "low", "max"): ("adaptive", "fixed", "none", 0.0, SUM),
    ("squad", "moderate", "max"): ("adaptive", "fixed", "cosine", 0.5, SUM),
    ("squad", "high", "max"): ("adaptive", "fixed", "none", 0.0, LOG),
    ("drop", "low", "max"): ("adaptive", "fixed", "cosine", 0.5, LOG),
    ("drop", "moderate", "max"): ("fixed", "fixed", "none", 0.0, LOG),
    ("drop", "high", "max"): ("adaptive", "fixed", "none", 0.0, LINEAR),
}


@pytest.mark.parametrize(("run", "wanted"), TABLE.items(), ids=lambda value: "-".join(map(str, value)))
def test_the_variant_of_a_run_is_that_of_the_paper(
    run: tuple[str, Level, Prior], wanted: tuple[str, str, str, float, str]
) -> None:
    found = variant_for(*run)
    assert (found.positives, found.negatives, found.distance, found.beta_scale, found.utility) == wanted
    assert found.seed == 42


def test_there_are_nine_runs_for_each_classification_task_and_three_for_each_of_qa() -> None:
    counts = {
        task: sum(own == task for own, _, _ in NAMES) for task in ("liar", "sst2", "meld", "ag_news", "squad", "drop")
    }
    assert list(counts.values()) == [9, 9, 9, 9, 3, 3]


def test_four_of_nine_variants_on_liar_use_no_distance() -> None:
    def without(task: str) -> int:
        return sum(VARIANTS[name].distance == "none" for (own, _, _), name in NAMES.items() if own == task)

    assert [without(task) for task in ("liar", "sst2", "meld", "ag_news")] == [4, 4, 4, 5]
    assert without("squad") + without("drop") == 4


def test_every_variant_is_found_by_its_own_name() -> None:
    assert set(VARIANTS) == set(NAMES.values())
    for name, variant in VARIANTS.items():
        assert variant.name == name
        assert parse_variant(name) == variant


def test_no_neg_means_fixed_negatives_as_the_released_parser_reads_it() -> None:
    assert parse_variant("(a-pos no-neg)[F1+Time]").negatives == "fixed"
    assert parse_variant("(a-pos)[F1+Time]").negatives == "no"
    assert parse_variant("(no-pos a-neg)[F1+Time]").positives == "no"


def test_a_name_of_the_store_is_read_with_its_seed() -> None:
    variant = parse_variant("ag_news_warmstart (f-pos cos k=0.25)[F1+Time][logarithmic_front] (seed_7)")
    assert (variant.positives, variant.beta_scale, variant.utility, variant.seed) == ("fixed", 0.25, LOG, 7)


def test_the_short_form_of_the_table_is_read_too() -> None:
    short, full = parse_variant("no-pos a-neg euc k=0.5, linear_front"), variant_for("liar", "low", "median")
    assert (short.negatives, short.distance, short.utility) == (full.negatives, full.distance, full.utility)


@pytest.mark.parametrize("name", ["", "cos k=0.5", "(f-pos manhattan)", "(f-pos k=much)", "(x-pos)[F1+Time]"])
def test_a_name_outside_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="expects a word on positives or negatives"):
        parse_variant(name)


def test_a_run_the_paper_does_not_have_is_refused() -> None:
    with pytest.raises(RequestError, match="no variant low-median on 'squad'"):
        variant_for("squad", "low", "median")
