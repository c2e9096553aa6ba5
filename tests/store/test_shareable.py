"""Experiences name no folders of the machine they were made on, wherever they go."""

from dataclasses import replace
from pathlib import Path

import pytest
from worlds import CONTEXT, MODELS, config

from xautolm_nb.core.experience import Experience
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import Failure, FailureKind
from xautolm_nb.store import ExperienceStore, export_parquet, import_path
from xautolm_nb.store.experiences import prepare
from xautolm_nb.store.shareable import shareable

FOLDER = "/" + "home/jo/models/model"
TRACE = f'File "{FOLDER}/../run.py", line 3, in train'


@pytest.fixture
def local() -> Experience:
    """What a trial with a checkpoint of a folder left behind when it failed."""
    return Experience(
        task_name="reviews",
        metric=Metric(name="f1"),
        context=CONTEXT,
        space="xautolm-nb/1",
        config=config(2),
        fidelity=0.5,
        score=None,
        seconds=3.0,
        failure=Failure(kind=FailureKind.ERROR, message=f"cannot read {FOLDER}/config.json", detail=TRACE),
        model=replace(MODELS[0], path=FOLDER),
    )


def test_no_folder_is_left_and_nothing_else_is_lost(local: Experience) -> None:
    cut = shareable(local)
    assert cut.model is not None and local.model is not None and cut.failure is not None
    assert cut.model == replace(local.model, path=local.model.id)
    assert (cut.failure.message, cut.failure.detail) == ("cannot read config.json", 'File "run.py", line 3, in train')
    assert replace(cut, model=local.model, failure=local.failure) == local


def test_what_names_no_folder_comes_back_as_it_is(local: Experience) -> None:
    hub = replace(MODELS[0], id="roberta-base[:3]", path="roberta-base")
    for experience in (
        shareable(local),
        replace(local, model=hub, failure=None),
        replace(local, model=None, failure=None),
    ):
        assert shareable(experience) == experience


def test_store_and_export_hold_no_folder_and_an_import_finds_nothing_new(local: Experience, tmp_path: Path) -> None:
    with ExperienceStore.open(tmp_path / "store.sqlite") as store:
        assert store.append(local) == 1
        assert store.append(local) == 0
        assert store.experiences() == [shareable(local)]
        export_parquet(store, tmp_path / "out.parquet")
        assert import_path(store, tmp_path / "out.parquet").new == 0
    for file in tmp_path.iterdir():
        assert b"home/jo" not in file.read_bytes(), file.name


def test_an_export_of_an_older_store_holds_none_either(
    local: Experience, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExperienceStore.open(tmp_path / "store.sqlite") as store:
        with monkeypatch.context() as older:
            older.setattr("xautolm_nb.store.experiences.shareable", lambda experience: experience)
            store.append(local)
        assert store.experiences() == [local]
        export_parquet(store, tmp_path / "out.parquet")
    with ExperienceStore.open(":memory:") as other:
        import_path(other, tmp_path / "out.parquet")
        assert other.experiences() == [shareable(local)]


def test_rows_of_one_context_still_share_it(local: Experience) -> None:
    assert len(prepare([local, replace(local, seed=7)]).contexts) == 1
