import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from xautolm_nb.core.errors import TaskError
from xautolm_nb.tasks.load import load_tables, read_file

FRAME = pd.DataFrame({"text": ['a, "b"; c', "NA", "line\nbreak"], "label": ["None", "null", "x"]})

WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "data.csv": lambda frame, path: frame.to_csv(path, index=False),
    "data.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "semicolon.csv": lambda frame, path: frame.to_csv(path, index=False, sep=";"),
    "bom.csv": lambda frame, path: frame.to_csv(path, index=False, encoding="utf-8-sig"),
    "data.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "data.json": lambda frame, path: frame.to_json(path, orient="records"),
    "data.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "data.jsonl.gz": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "DATA.PARQUET": lambda frame, path: frame.to_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_reads_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    WRITERS[name](FRAME, tmp_path / name)
    found = load_tables(tmp_path / name)
    assert found.name == name.split(".")[0]
    assert found.frames["all"].to_dict("list") == FRAME.to_dict("list")


def test_json_may_hold_columns_or_a_list_under_data(tmp_path: Path) -> None:
    (tmp_path / "columns.json").write_text('{"text": ["a"], "label": [1]}')
    (tmp_path / "nested.json").write_text('{"version": 1, "data": [{"text": "a", "label": 1}]}')
    for name in ("columns.json", "nested.json"):
        assert read_file(tmp_path / name).to_dict("list") == {"text": ["a"], "label": [1]}


def test_an_empty_field_is_missing_and_a_word_is_not(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,label\n,a\nNaN,\n")
    frame = read_file(tmp_path / "data.csv")
    assert frame.isna().to_numpy().tolist() == [[True, False], [False, True]]


def test_a_folder_gives_its_splits_under_any_usual_name(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002.parquet", "train-00001-of-00002.parquet"):
        FRAME.to_parquet(tmp_path / name)
    FRAME.to_csv(tmp_path / "dev.csv", index=False)
    FRAME.to_json(tmp_path / "test.jsonl", orient="records", lines=True)
    (tmp_path / "README.md").write_text("about")
    found = load_tables(str(tmp_path))
    assert {split: len(frame) for split, frame in found.frames.items()} == {"train": 6, "validation": 3, "test": 3}
    assert found.name == tmp_path.name


def test_a_folder_with_one_file_is_that_file(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "reviews.csv", index=False)
    assert len(load_tables(tmp_path).frames["all"]) == 3


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"], ["test.csv"]])
def test_a_folder_without_training_data_is_refused(names: list[str], tmp_path: Path) -> None:
    for name in names:
        FRAME.to_csv(tmp_path / name, index=False)
    with pytest.raises(TaskError, match="train"):
        load_tables(tmp_path)


def test_a_dict_of_frames_gives_splits(tmp_path: Path) -> None:
    found = load_tables({"train": FRAME, "dev": FRAME, "unsupervised": FRAME})
    assert (set(found.frames), found.ignored) == ({"train", "validation"}, ("unsupervised",))


def test_two_names_of_one_split_are_refused() -> None:
    with pytest.raises(TaskError, match="both the validation split"):
        load_tables({"train": FRAME, "dev": FRAME, "val": FRAME})


@pytest.mark.parametrize("data", [None, 5, [1, 2], {"text": ["a"], "label": [1]}])
def test_other_objects_are_refused_with_what_is_accepted(data: object) -> None:
    with pytest.raises(TaskError, match=r"DataFrame.*got a|holds a list.*pandas\.DataFrame"):
        load_tables(data)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.csv", b"", "is empty"),
        ("data.csv", b"text,label\n\xff\xfe,1\n", "UTF-8"),
        ("data.csv", b'text,label\n"a,1\nb,2', "could not be read as csv"),
        ("data.jsonl", b'{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
        ("data.jsonl", b"[1, 2]\n", "line 1 holds a list"),
        ("data.json", b"nonsense", "could not be read as json"),
        ("data.parquet", b"PAR1 nonsense", "could not be read as parquet"),
        ("data.csv.gz", b"no gzip", "could not be read as csv"),
        ("data.docx", b"x", r"\.csv.*data\.docx"),
        ("data", b"x", "must end in one of"),
    ],
)
def test_a_broken_file_gives_its_name_and_what_to_do(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TaskError, match=message) as caught:
        load_tables(tmp_path / name)
    assert name in str(caught.value) and caught.value.hint


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"text": "a", "label": 1}\n' * 100)
    (tmp_path / "data.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TaskError, match=r"data\.jsonl\.gz"):
        load_tables(tmp_path / "data.jsonl.gz")


@pytest.mark.parametrize("name", ["nothing.csv", "some/nothing.csv", "reviews", "a/b/c"])
def test_a_path_to_nothing_is_refused(name: str) -> None:
    with pytest.raises(TaskError, match="No file or folder"):
        load_tables(name)


class TestDatasets:
    @pytest.fixture
    def dataset(self) -> object:
        datasets = pytest.importorskip("datasets")
        features = datasets.Features(
            {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
        )
        return datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)

    def test_class_labels_become_names_and_hidden_ones_missing(self, dataset: object) -> None:
        frame = load_tables(dataset).frames["all"]
        assert frame["label"].tolist()[:2] == ["pos", "neg"]
        assert frame["label"].isna().tolist() == [False, False, True]

    def test_a_dataset_dict_gives_splits(self, dataset: object) -> None:
        datasets = pytest.importorskip("datasets")
        found = load_tables(datasets.DatasetDict({"train": dataset, "test": dataset}))
        assert set(found.frames) == {"train", "test"}

    def test_a_saved_dataset_is_a_folder(self, dataset: object, tmp_path: Path) -> None:
        dataset.save_to_disk(str(tmp_path / "saved"))  # type: ignore[attr-defined]
        assert len(load_tables(tmp_path / "saved").frames["all"]) == 3

    def test_a_stream_is_refused(self, dataset: object) -> None:
        with pytest.raises(TaskError, match="Turn a stream"):
            load_tables(dataset.to_iterable_dataset())  # type: ignore[attr-defined]

    def test_a_hub_id_is_loaded_by_name_and_subset(self, dataset: object, monkeypatch: pytest.MonkeyPatch) -> None:
        datasets = pytest.importorskip("datasets")
        asked: list[object] = []
        monkeypatch.setattr(datasets, "load_dataset", lambda *names: asked.append(names) or dataset)
        found = load_tables("owner/name:subset")
        assert (asked, found.name) == ([("owner/name", "subset")], "name")

    @pytest.mark.parametrize("error", [ConnectionError("no network"), ValueError("unknown subset")])
    def test_a_hub_id_that_cannot_be_had_is_one_error(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        datasets = pytest.importorskip("datasets")

        def fail(*names: object) -> None:
            raise error

        monkeypatch.setattr(datasets, "load_dataset", fail)
        with pytest.raises(TaskError, match=f"owner/name.*{error}"):
            load_tables("owner/name")
