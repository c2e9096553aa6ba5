"""Tables, references and the exported folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import Scripted, config, make_study, start

from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.study import StudyView
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Trial, TrialState
from xautolm_nb.report import Reference, Report, best_trial, export_model, trials_table
from xautolm_nb.store import ExperienceStore
from xautolm_nb.study import view_of


def a_trial(number: int, score: float | None, failure: Failure | None = None) -> Trial:
    curve = () if score is None else (CurvePoint(fidelity=1.0, score=score, seconds=3.0),)
    state = TrialState.FAILED if failure else TrialState.COMPLETE
    return Trial(
        number=number, config=config(4), seed=1, state=state, fidelity=1.0, curve=curve, failure=failure,
        measures=Measures(seconds_train=3.0), reason="because",
    )  # fmt: skip


def a_view(*trials: Trial) -> StudyView:
    with ExperienceStore.open(":memory:") as store:
        record = make_study(store, Scripted([start(config(4))])).record
    return view_of(record, trials)


REPORT = Report(
    study="s", name="n", split="test", best_trial=1, best_config={"model": "m"}, best_score=0.8, metric="f1",
    references=(
        Reference(name="xautolm-nb (best)", metrics={"f1": 0.79, "accuracy": 0.8}),
        Reference(name="majority class", metrics={"f1": 0.3, "accuracy": 0.5}),
    ),
    trials=2, failed=1, failures={"crash": 1}, seconds=10.0, places={"experience store": "here"},
)  # fmt: skip


def test_the_table_shows_state_score_cost_and_reason_of_failure() -> None:
    failed = a_trial(0, None, Failure(kind=FailureKind.CRASH, message="it died"))
    table = trials_table([failed, a_trial(1, 0.8)])
    assert table.loc[0, "failure"] == "crash" and table.loc[0, "message"] == "it died"
    assert table.loc[1, "score"] == 0.8 and table.loc[1, "seconds"] == 3.0
    assert table.loc[1, "model"] == "model-4"


def test_an_empty_table_still_has_its_columns() -> None:
    assert {"state", "score", "failure"} <= set(trials_table([]).columns)


def test_the_best_trial_of_failures_is_refused_with_advice() -> None:
    with pytest.raises(StudyError, match="no trial with a score"):
        best_trial(a_view(a_trial(0, None, Failure(kind=FailureKind.CRASH, message="x"))))


def test_the_report_reads_as_text_and_as_a_table() -> None:
    assert REPORT.test_f1 == 0.79
    assert REPORT.reference("majority class").f1 == 0.3
    assert list(REPORT.table.index) == ["xautolm-nb (best)", "majority class"]
    assert "majority class" in str(REPORT) and "<table" in REPORT._repr_html_()
    with pytest.raises(KeyError):
        REPORT.reference("nobody")


def test_a_report_says_whose_code_the_model_runs() -> None:
    assert "runs code of" not in str(REPORT)
    assert "the model runs code of some/model@1" in str(replace(REPORT, code=("some/model@1",)))


def test_answers_are_reported_by_their_own_metrics() -> None:
    rows = (Reference(name="xautolm-nb (best)", metrics={"rouge_l": 0.4}),)
    report = replace(REPORT, metric="rouge_l", references=rows)
    assert report.test_score == report.test_f1 == 0.4
    assert "rouge_l 0.4000" in str(report) and "accuracy" not in str(report)
    assert "test rouge_l" in report.table.columns


class Exporter:
    """Writes one file, or dies half way."""

    def __init__(self, *, dies: bool = False) -> None:
        self.dies = dies

    def export(self, task: object, trial: object, folder: str) -> None:
        (Path(folder) / "model.safetensors").write_text("weights")
        if self.dies:
            raise StudyError("The disk is full.")


def test_an_export_holds_the_facts(tmp_path: Path) -> None:
    folder = export_model(a_view(a_trial(1, 0.8)), Exporter(), tmp_path / "model", REPORT)  # type: ignore[arg-type]
    facts = json.loads((folder / "xautolm.json").read_text())
    assert facts["validation"] == {"f1": 0.8} and facts["test"] == {"f1": 0.79, "accuracy": 0.8} and facts["seed"] == 1
    assert {path.name for path in folder.iterdir()} == {"model.safetensors", "xautolm.json", "README.md"}


def test_an_export_that_fails_leaves_no_half_folder(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="disk is full"):
        export_model(a_view(a_trial(1, 0.8)), Exporter(dies=True), tmp_path / "model", None)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
