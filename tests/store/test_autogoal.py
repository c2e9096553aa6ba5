import shutil
from pathlib import Path

import pytest

from xautolm_nb.core.errors import StoreError
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.store.autogoal import SPACE, published_aggregates, read_autogoal, summarize_autogoal

RECORDS = Path(__file__).resolve().parent.parent / "golden" / "autogoal"


def test_entries_of_all_layouts_become_one_experience_per_trial() -> None:
    experiences, summary = summarize_autogoal(RECORDS)
    assert (summary.records, summary.trials, summary.merged, summary.succeeded) == (12, 9, 3, 5)
    assert summary.by_task == {"moods": 4, "reviews": 3, "answers": 2}
    assert summary.by_failure == {"out_of_memory": 1, "timeout": 1, "adapter_mismatch": 1, "error": 1}
    assert [experience.created_at for experience in experiences] == sorted(e.created_at for e in experiences)


def test_a_trial_keeps_its_parameters_scores_and_context() -> None:
    trial = next(
        e for e in read_autogoal(RECORDS, model_ids={"WORD_EMB_Roberta_Base": "roberta-base"}) if e.score == 0.8
    )
    assert trial.config == {
        "method_class": "FineTuneLLMEmbeddingClassifier",
        "model": "roberta-base",
        "batch_size": 16,
        "learning_rate": 2e-05,
        "epochs": 3,
        "weight_decay": 0.0,
        "optimizer": "adamw",
        "num_workers": "3/4",
        "use_mixed_precision": True,
    }
    assert (trial.space, trial.metric.name, trial.seconds, trial.fidelity) == (SPACE, "f1", 120.5, 1.0)
    assert trial.curve[0].metrics == {"accuracy": 0.81, "f1": 0.8}
    assert trial.context.task.paper[:2] == (100.0, 2.0) and trial.context.system.memory_gib == 31.5
    assert (trial.created_at, trial.study, trial.source) == ("2024-11-01T10:00:00+00:00", "reviews", "autogoal")


def test_a_failure_logged_twice_is_one_trial_with_the_error_it_had() -> None:
    memory, timeout = [e for e in read_autogoal(RECORDS) if e.task_name == "reviews" and e.failure]
    assert memory.failure is not None and timeout.failure is not None
    assert memory.failure.kind is FailureKind.OUT_OF_MEMORY and "2.00 GiB" in memory.failure.message
    assert timeout.failure.kind is FailureKind.TIMEOUT  # the same configuration an hour later is another trial
    assert (memory.score, memory.seconds, memory.curve) == (None, None, ())


def test_a_failure_without_a_message_is_an_error() -> None:
    failed = next(e for e in read_autogoal(RECORDS / "answers") if e.failure)
    assert failed.failure is not None and failed.failure.kind is FailureKind.ERROR and failed.failure.message


def test_a_warm_started_run_belongs_to_its_task_and_keeps_its_alias() -> None:
    run = next(e for e in read_autogoal(RECORDS) if "warmstart" in e.study)
    assert (run.task_name, run.created_at, run.score) == ("moods", "2025-02-03T04:05:06+00:00", 0.45)


def test_generation_keeps_its_eleven_features_and_the_embedding() -> None:
    run = next(e for e in read_autogoal(RECORDS / "answers") if e.succeeded)
    task = run.context.task
    assert (task.kind, len(task.paper), task.semantic) == ("generation", 11, (0.125, -0.25, 0.5))
    assert run.metric.name == "f1" and run.seconds == 400.0


def test_reading_a_part_gives_the_ids_the_whole_gives() -> None:
    whole = {experience.id for experience in read_autogoal(RECORDS)}
    assert {experience.id for experience in read_autogoal(RECORDS / "moods")} < whole
    alone = next(RECORDS.glob("reviews/*/10_00_00-*.json"))
    assert read_autogoal(alone)[0].id in whole


def test_the_aggregates_count_log_entries_as_the_original_does() -> None:
    figures = published_aggregates(RECORDS, "moods")
    assert (figures.records, figures.errors, figures.max_f1, figures.mean_f1) == (4, 2, 0.6, 0.5)
    assert (figures.min_seconds, figures.mean_seconds) == (30.25, 40.5)
    with pytest.raises(StoreError, match="unheard"):
        published_aggregates(RECORDS, "unheard")


def test_a_bad_record_is_named_and_can_be_left_out(tmp_path: Path) -> None:
    shutil.copytree(RECORDS, tmp_path / "records")
    (tmp_path / "records" / "moods" / "broken.json").write_text('{"algorithms": [')
    with pytest.raises(StoreError, match=r"broken\.json.*not JSON.*skip"):
        read_autogoal(tmp_path / "records")
    experiences, summary = summarize_autogoal(tmp_path / "records", on_error="skip")
    assert len(experiences) == 9
    assert summary.skipped[0].where.endswith("broken.json") and "JSON" in summary.skipped[0].reason


def test_a_folder_without_records_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="found none"):
        read_autogoal(tmp_path)


@pytest.mark.shared
def test_the_released_records_give_the_published_trials(shared: Path) -> None:
    experiences, summary = summarize_autogoal(shared / "experience" / "autogoal_store")
    assert (summary.records, summary.trials, summary.merged, summary.succeeded) == (557, 331, 226, 105)
    assert summary.by_task == {"sst2": 94, "ag_news": 99, "meld": 138}
    assert summary.by_failure == {
        "out_of_memory": 90,
        "timeout": 55,
        "model_unavailable": 38,
        "no_classification_head": 13,
        "framework_bug": 13,
        "adapter_mismatch": 9,
        "host_memory": 8,
    }
    assert len({experience.id for experience in experiences}) == 331
    scored = [experience.score for experience in experiences if experience.task_name == "meld" and experience.succeeded]
    assert len(scored) == 57


@pytest.mark.shared
@pytest.mark.parametrize(
    ("alias", "figures"),
    [
        ("sst2", (155, 122, 0.9471229208964853, 0.64045665322886, 1065.0426218256805)),
        ("ag_news", (183, 168, 0.9026057897316644, 0.5202636668619999, 1091.808521048228)),
    ],
)
def test_the_published_aggregates_come_out_to_the_last_digit(
    shared: Path, alias: str, figures: tuple[float, ...]
) -> None:
    found = published_aggregates(shared / "experience" / "autogoal_store", alias)
    assert (found.records, found.errors, found.max_f1, found.mean_f1, found.mean_seconds) == figures


@pytest.mark.shared
def test_the_part_of_meld_that_is_here_gives_its_aggregates(shared: Path) -> None:
    found = published_aggregates(shared / "experience" / "autogoal_store", "meld")
    assert (found.records, found.errors, found.max_f1) == (219, 162, 0.41753476900414443)
    assert found.mean_f1 == pytest.approx(0.1513203976150682, rel=1e-15)
