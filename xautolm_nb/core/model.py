"""What is known of a pretrained model without loading it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Architecture = Literal["encoder", "decoder", "encoder_decoder"]
Where = Literal["hub", "cache", "local"]
CODE: Final = "code"
"""Key in `ModelInfo.notes`: whose code runs when the model is loaded, one a line."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """A pretrained model of the pool: where it is, how large it is, what it may do.

    Two models are told apart by `id`; the search represents a model by its numbers, so that one it never saw gets a
    sensible prior. A *cut* is the same checkpoint with its first `layers` layers only (`path` is shared).
    """

    id: str
    """Hub id (`roberta-base`), or a short name for a local folder; a cut is written `name[:3]`."""
    path: str
    """What `from_pretrained` takes: the hub id or the folder."""
    architecture: Architecture = "encoder"
    family: str = ""
    """The `model_type` of the Transformers config: bert, roberta, t5, gpt2, ..."""
    parameters: int = 0
    """All weights, embeddings included."""
    embedding_parameters: int = 0
    layers: int = 0
    hidden: int = 0
    intermediate: int = 0
    heads: int = 0
    vocabulary: int = 0
    max_positions: int = 512
    """Longest input in tokens; already the smaller of tokenizer's and model's limit."""
    full_layers: int = 0
    """Layers of the whole checkpoint; larger than `layers` for a cut."""
    licence: str = "unknown"
    languages: tuple[str, ...] = ()
    gated: bool = False
    where: Where = "hub"
    revision: str | None = None
    """Commit on the hub; of a folder whose own code runs `sha256:` and the hash of that code."""
    bytes_on_disk: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Whether only the first layers of the checkpoint are used."""
        return 0 < self.layers < self.full_layers

    @property
    def code(self) -> tuple[str, ...]:
        """Whose code runs when it is loaded, the model's own first; empty for all that Transformers knows.

        `ORG/NAME@COMMIT`, or `FOLDER@sha256:HASH` with the last name of a folder.
        """
        return tuple(self.notes.get(CODE, "").splitlines())
