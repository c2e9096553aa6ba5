"""Contexts, spaces and checkpoint folders for tests of the search space."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from space.samples import BERT_CONFIG, BERT_TENSORS, known, make_context, write_safetensors

from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space import SearchSpace, build_space

MakeModel = Callable[..., Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Writes a checkpoint folder of a tiny BERT, or of what is given instead."""

    def make(
        folder: str | Path = "tiny",
        *,
        config: Mapping[str, Any] | None = None,
        tokenizer: Mapping[str, Any] | None = None,
        tensors: Mapping[str, tuple[str, list[int]]] | None = None,
    ) -> Path:
        path = tmp_path / folder
        path.mkdir(parents=True)
        (path / "config.json").write_text(json.dumps(BERT_CONFIG if config is None else config))
        (path / "tokenizer_config.json").write_text(
            json.dumps({"model_max_length": 32} if tokenizer is None else tokenizer)
        )
        write_safetensors(path / "model.safetensors", tensors or BERT_TENSORS)
        return path

    return make


@pytest.fixture
def context() -> Context:
    return make_context()


@pytest.fixture
def gpu() -> Context:
    return make_context(device="cuda", gpu_name="Test GPU", gpu_count=1, gpu_memory_gib=16.0, tflops=100.0)


@pytest.fixture
def models() -> list[ModelInfo]:
    return [
        known(id)
        for id in ("distilbert-base-uncased", "roberta-base", "roberta-large", "pysentimiento/robertuito-base-uncased")
    ]


@pytest.fixture
def space(context: Context, models: list[ModelInfo]) -> SearchSpace:
    return build_space(context, models)
