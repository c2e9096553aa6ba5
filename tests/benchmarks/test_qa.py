from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from run.cells import save_model

from benchmarks import live, qa
from xautolm_nb.space import discover_models
from xautolm_nb.space.checkpoint import inspect_folder
from xautolm_nb.store import ExperienceStore
from xautolm_nb.store.importing import import_path

NAMES = [f"n{index}" for index in range(12)]


def questions(passages: int = 30, *, each: int = 4) -> pd.DataFrame:
    """Questions about passages, some of which repeat; the answers are words, numbers and parts of words."""
    rows = [
        {
            "passage_id": f"p{passage}",
            "title": f"article {passage // 3}",
            "context": f"In {1900 + passage} {NAMES[passage % 12]} is here , not there w{passage}",
            "question": f"who is here {question % 3}",
            "answers": [[NAMES[passage % 12]], [str(1900 + passage)], ["her"], ["w1 w2"]][question],
        }
        for passage in range(passages)
        for question in range(each)
    ]
    return pd.DataFrame(rows)


def test_no_passage_is_in_two_splits_and_no_row_is_lost() -> None:
    table = questions()
    found = qa.split_by(table, "passage_id", qa.SHARES)
    assert set(found) == {"train", "validation", "test"}
    seen = [set(frame["passage_id"]) for frame in found.values()]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 30
    assert sum(map(len, found.values())) == len(table)
    assert all(abs(len(found[split]) - 0.2 * len(table)) <= 4 for split in ("validation", "test"))
    again = qa.split_by(table, "passage_id", qa.SHARES)
    assert all(found[split].equals(again[split]) for split in found)
    assert not found["test"].equals(qa.split_by(table, "passage_id", qa.SHARES, seed=1)["test"])


def test_drop_keeps_each_question_once_and_spans_are_whole_words_and_no_numbers(tmp_path: Path) -> None:
    questions().to_parquet(tmp_path / "validation.parquet")
    whole = pd.concat(qa.drop(tmp_path).values())
    assert len(whole) == 90 and not whole.duplicated(["passage_id", "question"]).any()  # the fourth repeats the first
    spans = pd.concat(qa.drop(tmp_path, spans=True).values())
    assert {answers[0] for answers in spans["answers"]} == set(NAMES)  # years, "her" of "here", "w1 w2" are left out


def test_squad_is_tested_on_the_official_split_and_validated_on_articles_of_its_own(tmp_path: Path) -> None:
    table = questions()
    official = questions(5).assign(context="short one")
    table.to_parquet(tmp_path / "train.parquet")
    official.to_parquet(tmp_path / "validation.parquet")
    found = qa.squad(tmp_path)
    assert len(found["test"]) == 20 and len(found["train"]) + len(found["validation"]) == len(table)
    assert not set(found["train"]["title"]) & set(found["validation"]["title"])
    short = qa.squad(tmp_path, words=2)
    assert len(short["test"]) == 20 and len(short["train"]) == 0  # of the contexts, those of the test alone are short


def test_a_sample_has_at_most_the_rows_wanted_and_is_read_back_by_split(tmp_path: Path) -> None:
    frames = qa.split_by(questions(), "passage_id", qa.SHARES)
    few = qa.sampled(frames, {"train": 10, "validation": 1000, "test": 3})
    assert [len(few[split]) for split in ("train", "validation", "test")] == [10, len(frames["validation"]), 3]
    place = qa.written(few, tmp_path / "drop")
    assert live.by_name([place]) == {"drop": place}
    assert {split: len(frame) for split, frame in live.rows_of(place, None).items()} == {
        split: len(frame) for split, frame in few.items()
    }


@pytest.mark.parametrize("shape", ["decoder", "encoder_decoder"])
def test_a_tiny_writer_is_a_model_of_its_shape_that_says_the_same_every_time(shape: Any, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    texts = questions()["context"].tolist()
    one, other = (inspect_folder(qa.save_writer(tmp_path / name, shape, texts)) for name in ("one", "other"))
    assert one.architecture == shape and one.layers > 0
    files = [(Path(info.path) / "model.safetensors").read_bytes() for info in (one, other)]
    assert files[0] == files[1]
    ids = AutoTokenizer.from_pretrained(one.path)("n1 is here", return_token_type_ids=False)["input_ids"]
    assert len(ids) == 3 + (shape == "encoder_decoder")  # closed by the end
    assert [info.id for info in discover_models([one.path], kind="generation")] == [one.id]


def test_further_fields_of_the_requests_tell_benchmarks_apart() -> None:
    terms = live.Terms(models=("m",), seconds=1.0, timeout=1.0)
    assert "request" not in terms.settings  # as in results from before there were any
    assert replace(terms, request={"kind": "generation"}).settings["request"] == {"kind": "generation"}


@pytest.mark.slow
def test_answers_are_searched_live_with_what_random_trials_on_other_answers_taught(tmp_path: Path) -> None:
    save_model(tmp_path / "encoder", "encoder")
    frames = qa.split_by(questions(60, each=1), "passage_id", qa.SHARES)
    other = {split: frame.assign(question="who is there") for split, frame in frames.items()}
    data = {name: qa.written(made, tmp_path / name) for name, made in (("rain", frames), ("snow", other))}
    terms = live.Terms(
        models=(str(tmp_path / "encoder"),), seconds=25.0, timeout=25.0, epochs=2, device="cpu",
        request={"kind": "extractive_qa", "text": ("question", "context"), "label": "answers", "methods": ("full",)},
    )  # fmt: skip
    out = str(tmp_path / "past.parquet")
    known = qa.collected({"snow": data["snow"]}, terms, trials=1, out=out)
    assert [one.task_name for one in known] == ["snow"]
    assert known[0].context.task.kind == "extractive_qa" and known[0].model is not None
    with ExperienceStore.open(":memory:") as store:
        import_path(store, out)
        assert store.experiences()[0].model == known[0].model
        assert known[0].model.path == known[0].model.id
    found = qa.searched(("ours", "rain", 0), data=data, terms={"rain": replace(terms, store=out)})
    figures = getattr(found, "figures", found)
    assert figures["trials"] >= 1 and figures["failed"] == 0
    assert 0 < figures["best"] <= 1 and 0 <= figures["test"] <= 1
