import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xautolm_nb.core.errors import RequestError, TaskError
from xautolm_nb.tasks import TaskWarning, prepare_task, read_split

Make = Callable[..., pd.DataFrame]


def texts(task: object, split: str) -> set[str]:
    return set(read_split(task, split)["text"])  # type: ignore[arg-type]


def test_a_table_becomes_three_stratified_splits(make_frame: Make, tmp_path: Path) -> None:
    task, report = prepare_task(make_frame(100), folder=tmp_path / "task", name="mine")
    assert (task.name, task.kind, task.text, task.label) == ("mine", "classification", ("text",), "label")
    assert task.labels == ("bad", "good")
    assert task.rows == report.rows == {"train": 60, "validation": 20, "test": 20}
    assert report.classes["validation"] == {"bad": 10, "good": 10}
    assert report.notes == ()
    train = read_split(task, "train")
    assert list(train.columns) == ["text", "label"] and train["label"].dtype == np.int64
    assert all(task.labels[row.label] in row.text for row in train.itertuples())


def test_the_same_data_and_seed_give_the_same_task(make_frame: Make, tmp_path: Path) -> None:
    tasks = [prepare_task(make_frame(), folder=tmp_path, seed=seed)[0] for seed in (0, 0, 1)]
    assert tasks[0] == tasks[1]
    assert tasks[0].fingerprint != tasks[2].fingerprint


@pytest.mark.parametrize("classes", [("a", "b"), (0, 1, 10), (True, False), (np.int64(3), np.int64(7)), (1.0, 2.0)])
def test_labels_of_any_type_keep_their_names(classes: tuple[object, ...], make_frame: Make, tmp_path: Path) -> None:
    task, _ = prepare_task(make_frame(60, classes), folder=tmp_path)
    assert set(task.labels) == {str(int(c)) if isinstance(c, float) else str(c) for c in classes}


def test_given_splits_are_kept_and_missing_ones_cut_from_training(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(120)
    data = {"train": frame[:100], "test": frame[100:]}
    task, _ = prepare_task(data, folder=tmp_path)
    assert task.rows == {"train": 80, "validation": 20, "test": 20}
    assert texts(task, "test") == set(frame["text"][100:])


def test_splits_may_come_as_tables_and_files_of_their_own(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(120)
    frame[100:].to_csv(tmp_path / "held_out.csv", index=False)
    task, _ = prepare_task(
        frame[:80], validation=frame[80:100], test=tmp_path / "held_out.csv", folder=tmp_path / "task"
    )
    assert task.rows == {"train": 80, "validation": 20, "test": 20}
    assert texts(task, "test") == set(frame["text"][100:])


@pytest.mark.parametrize("test", [0, False])
def test_a_task_can_do_without_a_test_split(test: object, make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(100)
    assert prepare_task(frame, test=test, folder=tmp_path)[0].rows == {"train": 80, "validation": 20}
    given = {"train": frame[:80], "test": frame[80:]}
    assert prepare_task(given, test=test, folder=tmp_path)[0].rows == {"train": 64, "validation": 16}


def test_pairs_are_two_texts(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame().rename(columns={"text": "premise"}).assign(hypothesis="so it is")
    task, _ = prepare_task(frame, folder=tmp_path)
    assert task.text == ("premise", "hypothesis")
    assert list(read_split(task, "train").columns) == ["text", "text_pair", "label"]


def test_repeated_rows_go_and_one_text_stays_on_one_side(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(60)
    twice = frame[:10].assign(text=lambda rows: "  " + rows["text"])
    other = frame[10:30].assign(label="good")
    with pytest.warns(TaskWarning) as caught:
        task, report = prepare_task(pd.concat([frame, twice, other]), folder=tmp_path)
    assert report.duplicates_removed == 20  # ten repeats, and ten of `other` were good before
    assert report.conflicting_texts == 10
    assert report.duplicates_across_splits == 0
    assert sum(task.rows.values()) == 70
    assert [str(one.message) for one in caught] == list(report.notes)
    assert not texts(task, "train") & (texts(task, "validation") | texts(task, "test"))


def test_repeats_across_given_splits_are_kept_counted_and_warned(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(100)
    data = {"train": frame[:60], "validation": frame[50:80], "test": frame[70:]}
    with pytest.warns(TaskWarning) as caught:
        task, report = prepare_task(data, folder=tmp_path)
    assert "10 of 30 validation rows repeat" in str(caught[0].message)
    assert report.duplicates_across_splits == 20
    assert task.rows == {"train": 60, "validation": 30, "test": 30}


def test_groups_stay_together(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(300).assign(book=[f"book {row % 25}" for row in range(300)])
    task, _ = prepare_task(frame, group="book", folder=tmp_path)
    book_of = dict(zip(frame["text"], frame["book"], strict=True))
    books = [{book_of[text] for text in texts(task, split)} for split in ("train", "validation", "test")]
    assert not books[0] & books[1] and not books[0] & books[2] and not books[1] & books[2]
    assert list(read_split(task, "train").columns) == ["text", "label"]


def test_a_cap_counts_training_rows_only(make_frame: Make, tmp_path: Path) -> None:
    task, report = prepare_task(make_frame(100), max_rows=10, folder=tmp_path)
    assert task.rows == {"train": 10, "validation": 20, "test": 20}
    assert report.capped_rows == 50
    assert report.classes["train"] == {"bad": 5, "good": 5}


def test_a_split_with_hidden_labels_is_left_out(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame(100)
    data = {"train": frame, "test": make_frame(10).assign(label=None), "extra": frame}
    with pytest.warns(TaskWarning):
        task, report = prepare_task(data, folder=tmp_path)
    assert task.rows["test"] == 20
    assert "['extra']" in report.notes[0] and "test data has no labels" in report.notes[1]


def test_columns_without_names_can_be_numbers(make_frame: Make, tmp_path: Path) -> None:
    frame = make_frame().rename(columns={"text": 0, "label": 1})
    assert prepare_task(frame, text="0", label="1", folder=tmp_path)[0].label == "1"


BAD: dict[str, tuple[Callable[[pd.DataFrame], object], dict[str, object], str]] = {
    "a missing text column": (lambda f: f, {"text": "body"}, r"'body'.*\['label', 'text'\]"),
    "a missing label column": (lambda f: f, {"label": "lable"}, "Did you mean 'label'"),
    "a missing group column": (lambda f: f, {"group": "book"}, "'book'"),
    "no rows": (lambda f: f[:0], {}, "no rows"),
    "one class": (lambda f: f.assign(label="a"), {}, "at least 2 classes"),
    "a class too small": (lambda f: pd.concat([f, f[:2].assign(label="rare")]), {}, r"'rare' \(2\)"),
    "a class of repeats": (lambda f: pd.concat([f, *[f[:1].assign(label="rare")] * 9]), {}, r"'rare' \(1\)"),
    "missing labels": (lambda f: f.assign(label=[None, *f["label"][1:]]), {}, "1 of 60 labels"),
    "missing texts": (lambda f: f.assign(text=[None, *f["text"][1:]]), {}, "1 of 60 texts"),
    "empty texts": (lambda f: f.assign(text=[" ", *f["text"][1:]]), {}, "are empty"),
    "texts that are numbers": (lambda f: f.assign(text=1), {"text": "text"}, "not strings"),
    "measurements": (lambda f: f.assign(label=np.linspace(0, 1, len(f))), {}, "fractions"),
    "nested labels": (lambda f: f.assign(label=[["a"]] * len(f)), {}, "no single class"),
    "ids as labels": (lambda f: f.assign(label=range(len(f))), {}, "too many for classes"),
    "targets that are empty": (
        lambda f: pd.DataFrame({"prompt": f["text"], "answers": [[]] * len(f)}), {}, "60 of 60 targets.*are empty"
    ),
    "validation without the columns": (
        lambda f: {"train": f, "validation": f.rename(columns={"text": "body"})}, {}, "validation data needs"
    ),
    "validation with a class of its own": (
        lambda f: {"train": f, "validation": f[:4].assign(label="new")}, {}, r"lacks: 'new' \(4\)"
    ),
    "validation of several tables": (
        lambda f: f, {"validation": {"train": pd.DataFrame(), "test": pd.DataFrame()}}, "expects one table"
    ),
    "rows without a group": (lambda f: f.assign(book=None), {"group": "book"}, "60 rows.*no group"),
    "one group a class": (lambda f: f.assign(book=f["label"]), {"group": "book"}, "too few groups"),
    "too small a cap": (lambda f: f.assign(label=[*"abc"] * 20), {"max_rows": 2}, "max_rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_one_clear_error_and_nothing_is_written(case: str, make_frame: Make, tmp_path: Path) -> None:
    spoil, options, message = BAD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TaskError, match=message) as caught:
            prepare_task(spoil(make_frame()), folder=tmp_path / "task", **options)  # type: ignore[arg-type]
    assert caught.value.hint and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_is_refused_before_the_data_is_read(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="metric"):
        prepare_task("nothing.csv", metric="beauty", folder=tmp_path)


@pytest.mark.shared
def test_official_splits_of_a_folder_are_kept(shared: Path, tmp_path: Path) -> None:
    with pytest.warns(TaskWarning):
        task, report = prepare_task(shared / "datasets" / "meld", folder=tmp_path)
    assert task.rows == {"train": 9989, "validation": 1109, "test": 2610}
    assert task.labels == ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    assert report.classes["test"]["neutral"] == 1256


def squad_frame(contexts: int = 20, questions: int = 4) -> pd.DataFrame:
    rows = [(context, question) for context in range(contexts) for question in range(questions)]
    return pd.DataFrame(
        {
            "context": [f"in town {context} live a{context} b{context} c{context} d{context}" for context, _ in rows],
            "question": [f"who is number {question} of town {context}" for context, question in rows],
            "answers": [[f"{'abcd'[question]}{context}"] for context, question in rows],
        }
    )


@pytest.mark.parametrize("kind", [None, "generation"])
def test_questions_of_one_context_stay_in_one_split(kind: str | None, tmp_path: Path) -> None:
    task, report = prepare_task(squad_frame(), folder=tmp_path, kind=kind, metric="f1")
    assert (task.kind, task.labels) == (kind or "extractive_qa", ())
    assert task.rows == {"train": 48, "validation": 16, "test": 16}
    assert report.duplicates_across_splits == 0
    towns = [{text.split()[-1] if kind is None else text.split()[7] for text in texts(task, s)} for s in task.rows]
    assert sum(map(len, towns)) == len(set.union(*towns)) == 20


def test_a_generation_task_keeps_all_references(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"prompt": [f"say {n}" for n in range(30)], "answers": [[f"{n}", f"no {n}"] for n in range(30)]}
    )
    task, _ = prepare_task(frame, folder=tmp_path)
    assert (task.kind, task.metric.name) == ("generation", "rouge_l")
    answers = read_split(task, "validation")["answers"].tolist()
    assert all(len(accepted) == 2 and accepted[0][0].isdecimal() for accepted in answers)


def test_the_metric_must_be_one_of_the_kind(tmp_path: Path) -> None:
    assert prepare_task(squad_frame(), folder=tmp_path, metric="exact_match")[0].metric.name == "exact_match"
    with pytest.raises(RequestError, match="rouge_l"):
        prepare_task(squad_frame(), folder=tmp_path, metric="rouge_l")
    with pytest.raises(RequestError, match="accuracy"):
        prepare_task(squad_frame(), folder=tmp_path, kind="generation", metric="accuracy")


def test_a_single_passage_cannot_be_split(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="passage or prompt of its own, but there are 1"):
        prepare_task(squad_frame(contexts=1, questions=4), folder=tmp_path)


@pytest.mark.shared
def test_the_recorded_question_answering_sets_are_understood(shared: Path, tmp_path: Path) -> None:
    data = shared / "datasets"
    squad, _ = prepare_task(data / "squad", folder=tmp_path / "squad", test=False, max_rows=2000)
    assert (squad.kind, squad.text, squad.metric.name) == ("extractive_qa", ("question", "context"), "f1")
    assert squad.rows == {"train": 2000, "validation": 10570}
    drop, _ = prepare_task(data / "drop" / "validation.parquet", folder=tmp_path / "drop", metric="drop_f1")
    assert (drop.kind, drop.metric.name) == ("generation", "drop_f1")
    passages = [{text.split("context: ")[1] for text in texts(drop, split)} for split in drop.rows]
    assert sum(map(len, passages)) == len(set.union(*passages)) == 579
