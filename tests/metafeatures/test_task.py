from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from xautolm_nb.core.serial import from_json, to_json
from xautolm_nb.core.task import Metric, Task, TaskKind
from xautolm_nb.metafeatures.task import describe_task, describe_texts


def write_task(folder: Path, **columns: list[object]) -> Task:
    rows = {"train": slice(0, 6), "validation": slice(6, 8)}
    frame = pd.DataFrame(columns)
    for split, part in rows.items():
        frame[part].to_parquet(folder / f"{split}.parquet")
    return Task(
        name="task", kind="classification", text=("text",), label="label", metric=Metric(name="f1"),
        labels=("a", "b"), rows={"train": 6, "validation": 2}, folder=str(folder), fingerprint="f",
    )  # fmt: skip


TEXTS = ["red car", "blue car", "red bus", "blue bus", "red car", "green tram", "red ship", "black ship"]


def test_a_task_is_described_by_its_training_rows(tmp_path: Path) -> None:
    found = describe_task(write_task(tmp_path, text=TEXTS, label=[0, 1, 0, 1, 0, 1, 0, 1]))
    assert found.kind == "classification" and len(found.paper) == 10
    assert found.paper[:2] == (6.0, 2.0)
    assert found.extra["rows_train"] == 6 and found.extra["rows_validation"] == 2 and found.extra["rows_test"] == 0
    assert found.extra["vocabulary"] == 6  # red blue green car bus tram
    assert found.extra["duplicate_share"] == pytest.approx(1 / 6)
    assert found.extra["oov_rate"] == pytest.approx(3 / 4)  # ship, black, ship of four words
    assert from_json(to_json(found), type(found)) == found


def test_pairs_count_both_texts(tmp_path: Path) -> None:
    task = write_task(tmp_path, text=TEXTS, text_pair=["so what"] * 8, label=[0, 1] * 4)
    alone = describe_texts(TEXTS[:6], [0, 1] * 3)
    assert describe_task(task).extra["chars_mean"] == pytest.approx(alone.extra["chars_mean"] + len(" so what"))


@pytest.mark.parametrize("kind", ["generation", "extractive_qa"])
def test_a_task_of_answers_is_described_by_prompts_and_first_answers(kind: TaskKind, tmp_path: Path) -> None:
    answers: list[object] = [[["red", "blue"], ["no"]]] * 8
    task = replace(write_task(tmp_path, text=TEXTS, text_pair=["so what"] * 8, answers=answers), kind=kind, labels=())
    found = describe_task(task)
    assert found.kind == kind and len(found.paper) == 11
    assert found.paper[0] == found.extra["rows_train"] == 6
    assert found.paper[4] == len("red blue")
    alone = describe_texts([f"{text} so what" for text in TEXTS[:6]], [0, 1] * 3).extra["tokens_mean"]
    written = found.extra["target_tokens_mean"] if kind == "generation" else 0.0
    assert found.extra["tokens_mean"] == pytest.approx(alone + written)


def test_the_constant_predictor_is_scored_from_shares() -> None:
    extra = describe_texts(["w"] * 4, ["a", "a", "a", "b"]).extra
    assert extra["constant_accuracy"] == 0.75
    assert extra["constant_f1"] == pytest.approx((2 * 3 / (4 + 3) + 0) / 2)


def test_lengths_have_quantiles() -> None:
    extra = describe_texts(["x" * length for length in range(1, 102)], [0, 1] * 50 + [0]).extra
    assert (extra["chars_mean"], extra["chars_p50"], extra["chars_p90"], extra["chars_max"]) == (51, 51, 91, 101)
    names = ("mean", "p50", "p90", "p95", "p99", "max")
    assert all(extra[f"tokens_{name}"] > 2 for name in names)
