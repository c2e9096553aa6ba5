"""`tune` and `attach`, as a script calls them."""

from pathlib import Path

import pytest
from tiny import tiny_frame

from xautolm_nb import attach, tune
from xautolm_nb.core.errors import RequestError, StoreError
from xautolm_nb.core.study import StudyState


@pytest.mark.slow
def test_in_a_script_tune_blocks_with_progress_until_the_search_is_over(
    tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = tune(tiny_frame(200), label="label", budget="40s", models=[str(tiny_model)], max_trials=2, max_epochs=2)
    assert session.record.state is StudyState.FINISHED
    assert "trial" in capsys.readouterr().err
    report = session.report()
    assert report.names == ("xautolm-nb (best)", "majority class", "TF-IDF + logistic regression")
    assert 0 <= report.test_f1 <= 1
    assert attach(progress=False).id == session.id
    assert session.prior["starter"] is True and session.prior["used"] > 0, "the first search of a store begins with it"

    again = tune(tiny_frame(200), label="label", budget="20s", models=[str(tiny_model)], max_trials=1, progress=False)
    assert again.prior["starter"] is False and again.prior["experiences"] <= 2, "the second has its own"


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(RequestError, match="no option 'bugdet'"):
        tune(tiny_frame(60), bugdet="3m")


def test_attaching_to_nothing_says_so() -> None:
    with pytest.raises(StoreError, match="nothing-like-that"):
        attach("nothing-like-that")
