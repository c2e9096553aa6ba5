import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.tasks.options import check_options, wanted_shares


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lable": "x"}, r"takes the options.*got \['lable'\]"),
        ({"kind": "regression"}, "kind must be one of"),
        ({"metric": "auc"}, "judged by one of"),
        ({"validation": 0}, "validation=0 and test=0.2 leave none"),
        ({"validation": False}, "leave none"),
        ({"validation": 0.5, "test": 0.5}, "leave none"),
        ({"test": 1.5}, "test must be a share"),
        ({"test": -0.1}, "test must be a share"),
        ({"validation": float("nan")}, "validation must be a share"),
        ({"max_rows": 0}, "max_rows must be"),
        ({"max_rows": 2.5}, "max_rows must be"),
        ({"max_rows": True}, "max_rows must be"),
    ],
)
def test_a_wrong_option_is_one_clear_error(options: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        check_options(options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "shares"),
    [
        ({}, {"test": 0.2, "validation": 0.2}),
        ({"test": None, "validation": 0.1}, {"test": 0.2, "validation": 0.1}),
        ({"test": 0}, {"validation": 0.2}),
        ({"test": False}, {"validation": 0.2}),
        ({"test": "test.csv"}, {"validation": 0.2}),
    ],
)
def test_shares_have_defaults_and_only_the_test_split_can_go(
    options: dict[str, object], shares: dict[str, float]
) -> None:
    check_options(options)  # type: ignore[arg-type]
    assert wanted_shares(options) == shares  # type: ignore[arg-type]


def test_a_metric_may_be_of_any_kind_until_the_kind_is_known() -> None:
    check_options({"metric": "rouge_l"})
    check_options({"metric": "drop_f1", "kind": "generation"})
    with pytest.raises(RequestError, match="accuracy"):
        check_options({"metric": "accuracy", "kind": "generation"})
    with pytest.raises(RequestError, match="nonsense"):
        check_options({"metric": "nonsense"})
