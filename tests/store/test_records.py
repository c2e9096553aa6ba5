import json
import math
from pathlib import Path
from typing import Any

import pytest

from xautolm_nb.core.errors import StoreError
from xautolm_nb.store.records import MAX_BYTES, canonical, model_name, read_files, read_record, task_of


def an_entry(**changes: Any) -> bytes:
    entry: dict[str, Any] = {
        "algorithms": [{"Method": {"inner_model": {"value": {"WORD_EMB_Roberta_Base": {}}}, "epochs": {"value": 3}}}],
        "dataset_features": [float(number) for number in range(10)],
        "system_features": [8.0, 16.0, 5.0, 125.7, 0.0],
        "timestamp": "2024-10-28 08:36:03",
        "alias": "reviews",
        "error": None,
        "metrics": [{"name": "f1", "maximize": True, "value": 0.5}, {"name": "evaluation_time", "value": 9.0}],
    }
    return json.dumps(entry | changes).encode()


@pytest.mark.parametrize(
    ("changes", "score", "seconds"),
    [
        ({}, 0.5, 9.0),
        ({"metrics": {"f1": 0.25, "evaluation_time": 3}}, 0.25, 3.0),
        ({"metrics": {"f1": {"value": 0.25}, "evaluation_time": {"value": math.inf}}}, 0.25, None),
        ({"metrics": None, "f1": 0.75, "evaluation_time": 2.0}, 0.75, 2.0),
        ({"metrics": None, "f1": -math.inf, "evaluation_time": math.inf}, None, None),
        ({"metrics": [{"name": "f1", "value": "0.5"}]}, None, None),
        ({"metrics": []}, None, None),
    ],
)
def test_scores_are_read_in_every_layout(changes: dict[str, Any], score: float | None, seconds: float | None) -> None:
    record = read_record("a.json", an_entry(**changes), {})
    assert (record.score, record.seconds) == (score, seconds)


def test_a_trial_without_f1_is_judged_by_what_it_has() -> None:
    metrics = [{"name": "evaluation_time", "value": 2.0}, {"name": "rougeL", "maximize": True, "value": 0.3}]
    record = read_record("a.json", an_entry(metrics=metrics), {})
    assert (record.metric.name, record.score) == ("rougeL", 0.3)


@pytest.mark.parametrize(
    ("stamp", "name", "expected"),
    [
        ("2024-10-28 08:36:03", "x.json", "2024-10-28T08:36:03+00:00"),
        ("2024-10-28T08:36:03.25", "x.json", "2024-10-28T08:36:03+00:00"),
        (None, "reviews/2024-10-28/08_36_03-id.json", "2024-10-28T08:36:03+00:00"),
        (None, "reviews/2024-10-28/08:36:03-id.json", "2024-10-28T08:36:03+00:00"),
        (None, "reviews\\2024-10-28\\08_36_03-id.json", "2024-10-28T08:36:03+00:00"),
    ],
)
def test_the_time_is_read_in_both_styles(stamp: str | None, name: str, expected: str) -> None:
    assert read_record(name, an_entry(timestamp=stamp), {}).when.isoformat() == expected


def test_the_host_of_the_released_runs_has_the_gpus_its_messages_name() -> None:
    system = read_record("a.json", an_entry(), {}).context.system
    assert (system.device, system.gpu_memory_gib, system.paper[4]) == ("cuda", 23.64, 0.0)
    other = read_record("a.json", an_entry(system_features=[4.0, 8.0, 3.0, 15.0, 0.0]), {}).context.system
    assert (other.device, other.gpu_memory_gib) == ("cpu", 0.0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no 'algorithms'"),
        (b"{}", "no 'algorithms'"),
        (b" " * (MAX_BYTES + 1), "larger than"),
        (an_entry(algorithms=[]), "one algorithm"),
        (an_entry(algorithms=[{}]), "one name"),
        (an_entry(algorithms=[{"A": 3}]), "parameters of A"),
        (an_entry(algorithms=[{"A": {"x": {"value": [1]}}}]), "parameter 'x'"),
        (an_entry(algorithms=[{"A": {"inner_model": {"value": {"P": {}, "Q": {}}}}}]), "one class"),
        (an_entry(dataset_features=[1.0]), "list of 10"),
        (an_entry(dataset_features=[None] * 10), "finite"),
        (an_entry(dataset_features=[math.nan] * 10), "finite"),
        (an_entry(system_features="fast"), "list of 5"),
        (an_entry(task_features=[1.0]), "no mapping"),
        (an_entry(task_features={"meta": [1.0]}), "list of 11"),
        (an_entry(timestamp=None), "when it ran"),
        (an_entry(timestamp="2024-13-45 99:99:99"), "month"),
        (an_entry(metrics=3), "neither a list"),
        (an_entry(alias=3), "'alias' is not text"),
        (an_entry(error=["x"]), "'error' is not text"),
    ],
)
def test_what_is_not_a_record_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_record("a.json", content, {})


@pytest.mark.parametrize(
    ("alias", "task"),
    [
        ("ag_news", "ag_news"),
        ("sst2-knn-k50", "sst2"),
        ("liar_warmstart (low, 10)[F1+Time][linear] (seed_3)", "liar"),
        ("meld_seed_4", "meld"),
    ],
)
def test_the_task_of_a_run_is_the_data_set_in_its_alias(alias: str, task: str) -> None:
    assert task_of(alias) == task


@pytest.mark.parametrize("ids", [{"WORD_EMB_Gpt2_Xl": "gpt2-xl"}, {"Gpt2_Xl": "gpt2-xl"}])
def test_a_model_class_is_known_with_or_without_its_prefix(ids: dict[str, str]) -> None:
    assert model_name("WORD_EMB_Gpt2_Xl", ids) == "gpt2-xl"
    assert model_name("WORD_EMB_Unknown_Model", ids) == "Unknown_Model"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("epochs", 3.0, 3), ("weight_decay", 0, 0.0), ("fan_in_fan_out", True, True), ("optimizer", "sgd", "sgd")],
)
def test_a_parameter_has_one_type(name: str, value: Any, expected: Any) -> None:
    found = canonical(name, value)
    assert found == expected and type(found) is type(expected)


def test_links_and_other_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    folder = tmp_path / "records"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.json").write_text("1")
    (folder / "notes.txt").write_text("2")
    (folder / "link.json").symlink_to(secret)
    (folder / "out").symlink_to(tmp_path, target_is_directory=True)
    (folder / "folder.json").mkdir()
    assert list(read_files(folder)) == [(str(Path("deep", "a.json")), b"1")]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        list(read_files(tmp_path / "nothing"))
