"""Made-up contexts, known models and checkpoint files for tests of the search space."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.space.pool import pool_entry

TOKENS = {"tokens_p50": 58.0, "tokens_p90": 95.0, "tokens_p95": 140.0, "tokens_p99": 250.0, "tokens_max": 460.0}
PAPER = (1000.0, 2.0, 1.0, 0.5, 0.5, 1.0, 250.0, 120.0, 0.48, 0.6)
BERT_CONFIG = {
    "model_type": "bert", "architectures": ["BertModel"], "hidden_size": 8, "num_hidden_layers": 3,
    "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 50, "max_position_embeddings": 64,
}  # fmt: skip
BERT_TENSORS = {
    "embeddings.position_ids": ("I64", [1, 64]),
    "embeddings.word_embeddings.weight": ("F32", [50, 8]),
    "embeddings.position_embeddings.weight": ("F32", [64, 8]),
    **{f"encoder.layer.{n}.output.dense.weight": ("F32", [8, 16]) for n in range(3)},
    "pooler.dense.weight": ("F32", [8, 8]),
    "cls.predictions.decoder.weight": ("F32", [50, 8]),
}


def make_context(*, extra: Mapping[str, float] | None = None, **system: Any) -> Context:
    """A text task of 800 training rows on a 24 GiB CPU machine, unless told otherwise."""
    extra = {"rows_train": 800.0, "rows_validation": 200.0, **TOKENS} if extra is None else dict(extra)
    return Context(
        task=TaskMetaFeatures(kind="classification", paper=PAPER, extra=extra),
        system=SystemMetaFeatures(paper=(2.0, 2.0, 2.5, 24.0, 0.0), **{"memory_gib": 24.0, "tflops": 0.1, **system}),
    )


def known(id: str) -> ModelInfo:
    """A model of the pool that must be there."""
    entry = pool_entry(id)
    assert entry is not None
    return entry


def write_safetensors(file: Path, tensors: Mapping[str, tuple[str, list[int]]]) -> None:
    """Write a safetensors file with a true header; the values do not matter here."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, (dtype, shape) in tensors.items():
        size = math.prod(shape) * (8 if dtype == "I64" else 4)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(at))
