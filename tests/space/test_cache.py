from collections.abc import Callable
from pathlib import Path

import pytest

from xautolm_nb.space.cache import cached_folder, cached_folders

MakeModel = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_no_cache_holds_no_models() -> None:
    assert list(cached_folders()) == []
    assert cached_folder("roberta-base") is None


def test_the_snapshot_main_points_at_is_taken(cache: Path, make_model: MakeModel) -> None:
    old, new = (make_model(f"hub/models--someone--bert/snapshots/{name}") for name in ("aaa", "bbb"))
    (cache / "models--someone--bert" / "refs").mkdir()
    (cache / "models--someone--bert" / "refs" / "main").write_text("aaa")
    assert list(cached_folders()) == [("someone/bert", old)]
    (cache / "models--someone--bert" / "refs" / "main").write_text("gone")
    assert cached_folder("someone/bert") in (old, new)


def test_a_snapshot_without_a_config_is_not_taken(cache: Path) -> None:
    (cache / "models--half" / "snapshots" / "aaa").mkdir(parents=True)
    assert list(cached_folders()) == []
