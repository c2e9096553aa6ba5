"""The models known by name: those of XAutoLM (2.2, 2.3) and a few small modern encoders.

The table `pool.csv` holds public figures of each checkpoint: parameters without task heads (embeddings included), the
width of the word embedding, layers (encoder plus decoder for an encoder-decoder), the longest input, licence,
languages (`multilingual` for many), whether the hub asks for an agreement first, and where the name comes from. Of
the 45 generative ids of May 2025, 41 are here: three are quantised Gemma files, which Transformers cannot fine-tune,
and one name is not known to us.
"""

import csv
from importlib import resources

from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.space.recorded import NO_TOKENIZER_LIMIT

_ARCHITECTURES: dict[str, Architecture] = {
    "encoder": "encoder",
    "decoder": "decoder",
    "encoder_decoder": "encoder_decoder",
}
_RENAMED = ("google-bert", "FacebookAI", "distilbert", "albert", "openai-community")
"""Organisations under which the hub now keeps models that were once named without one."""


def _read() -> list[dict[str, str]]:
    text = resources.files("xautolm_nb.space").joinpath("pool.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _model(row: dict[str, str]) -> ModelInfo:
    vocabulary, positions, width = int(row["vocabulary"]), int(row["max_positions"]), int(row["embedding_width"])
    notes = {"origin": row["origin"], "search": row["search"]}
    if row["tokenizer_limit"]:
        notes[NO_TOKENIZER_LIMIT] = row["tokenizer_limit"]
    learned = positions if positions <= 1024 and not row["family"].startswith("t5") else 0  # the others rotate or bias
    return ModelInfo(
        id=row["id"],
        path=row["id"],
        architecture=_ARCHITECTURES[row["architecture"]],
        family=row["family"],
        parameters=int(row["parameters"]),
        embedding_parameters=(vocabulary + learned) * width,
        layers=int(row["layers"]),
        full_layers=int(row["layers"]),
        hidden=int(row["hidden"]),
        intermediate=int(row["intermediate"]),
        heads=int(row["heads"]),
        vocabulary=vocabulary,
        max_positions=positions,
        licence=row["licence"],
        languages=tuple(row["languages"].split()),
        gated=row["gated"] == "yes",
        notes=notes,
    )


DEFAULT_POOL: tuple[ModelInfo, ...] = tuple(_model(row) for row in _read())
"""All models known by name."""

_OFFERED = tuple(model for model in DEFAULT_POOL if model.notes["search"] == "yes")
default_search_ids: tuple[str, ...] = tuple(model.id for model in _OFFERED if model.architecture == "encoder")
"""Offered by default when the hub is reachable: encoders below 300 million parameters, free to download."""
default_writing_ids: tuple[str, ...] = tuple(model.id for model in _OFFERED if model.architecture != "encoder")
"""The like for tasks of generation: decoders and encoder-decoders."""

_BY_ID = {model.id: model for model in DEFAULT_POOL}


def pool_of(origin: str) -> tuple[ModelInfo, ...]:
    """The models of one origin: `encoder`, `generative_2024`, `generative_2025` (XAutoLM) or `modern`."""
    return tuple(model for model in DEFAULT_POOL if origin in model.notes["origin"].split())


def pool_entry(id_: str) -> ModelInfo | None:
    """The record of a model by its id on the hub, old or new (`bert-base-uncased`, `google-bert/bert-base-uncased`)."""
    return _BY_ID.get(canonical_id(id_))


def canonical_id(id_: str) -> str:
    """The id the pool uses: the short one for models that once had no organisation."""
    organisation, _, name = id_.partition("/")
    return name if organisation in _RENAMED and name in _BY_ID else id_


def aliases(id_: str) -> tuple[str, ...]:
    """All ids under which the hub's cache may keep a model, the given one first."""
    canonical = canonical_id(id_)
    if canonical not in _BY_ID or "/" in canonical:
        return (id_,)
    return tuple(dict.fromkeys((id_, canonical, *(f"{organisation}/{canonical}" for organisation in _RENAMED))))
