"""Fixtures that every room's tests may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recorded data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("XAUTOLM_SHARED", ROOT.parent / "shared"))
    if not (folder / "experience").is_dir():
        pytest.skip(f"no recorded data at {folder}: set XAUTOLM_SHARED to the folder that holds it")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test reads or writes the user's own store or settings, and none asks a model hub."""
    home = tmp_path / "home"
    monkeypatch.setenv("XAUTOLM_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.delenv("XAUTOLM_STORE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield home


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer BERT and its tokenizer."""
    from tiny import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-bert")
