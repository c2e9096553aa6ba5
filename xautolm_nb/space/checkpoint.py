"""What a checkpoint folder says of its model, read from `config.json` and the safetensors header alone.

No weights are loaded and nothing of torch or transformers is imported, so a pool of models is read in milliseconds.
"""

import json
import math
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.space.families import DECODERS, ENCODER_DECODERS, ENCODERS, OFFSET_POSITIONS
from xautolm_nb.space.trust import NO_TRUST, Grant, Trust, code_hash, needs_code, other_repositories, with_code
from xautolm_nb.space.weights import SHARED_LAYERS, layer_weights

_HEADS = re.compile(
    r"^(cls|lm_head|classifier|score|qa_outputs|predictions|mask_predictions|lm_predictions|discriminator_predictions"
    r"|generator_predictions|generator_lm_head|vocab_\w+|pre_classifier|decoder\.(weight|bias))\b"
)
_LAYER = re.compile(r"(?:^|\.)(?:layer|layers|h|block|blocks)\.(\d+)\.")
_EMBEDDING = re.compile(r"embed|(^|\.)(wte|wpe|shared)\.")
_HEADER_LIMIT = 100_000_000  # bytes; the limit of the safetensors format itself
_SANE_POSITIONS = 1_000_000  # tokenizers without a limit declare 1e30


@dataclass(frozen=True, kw_only=True)
class _Weights:
    """Counts from the safetensors headers of a folder."""

    total: int
    embeddings: int
    by_layer: Mapping[int, int]
    bytes_on_disk: int


def inspect_folder(
    path: str | Path, *, id: str | None = None, trust: Trust = NO_TRUST, snapshot: Grant | None = None
) -> ModelInfo:
    """Describe the checkpoint in a folder.

    Args:
        path: A folder as `save_pretrained` writes it.
        id: The name to give it; the folder's name by default.
        trust: Models whose own code may run.
        snapshot: Repository and commit, where the folder is the hub's own copy of them.

    Raises:
        ModelError: The folder or its config cannot be read, the weights are not safetensors, or the model needs code
            that is not part of Transformers and was not allowed.
    """
    folder = Path(path).expanduser()
    config = _read_config(folder)
    pins: tuple[str, ...] = ()
    if needs_code(config):
        what = f"The model in '{folder}' (type {str(config.get('model_type', ''))[:80]!r})"
        own = snapshot or Grant(name=str(path), pin=code_hash(folder))
        pins = trust.allow(what, own, other_repositories(config, _read_json(folder / "tokenizer_config.json")))
    weights = _count_weights(folder)
    info = replace(
        describe_config(config, id=id or folder.name, path=str(folder.absolute())),
        parameters=weights.total,
        embedding_parameters=weights.embeddings,
        max_positions=_positions(config, _read_json(folder / "tokenizer_config.json")),
        bytes_on_disk=weights.bytes_on_disk,
        where="local",
    )
    return with_code(info, pins) if pins else info


def describe_config(config: Mapping[str, Any], *, id: str, path: str) -> ModelInfo:
    """Describe a model by its Transformers config alone (parameters are estimated from the sizes)."""
    hidden = _number(config, "hidden_size", "d_model", "dim", "n_embd", "emb_dim")
    encoder = _number(config, "encoder_layers", "num_hidden_layers", "n_layers", "n_layer", "num_layers")
    architecture = _architecture(config)
    decoder = _number(config, "decoder_layers", "num_decoder_layers") or encoder
    layers = encoder + (decoder if architecture == "encoder_decoder" else 0)
    vocabulary = _number(config, "vocab_size")
    positions = _positions(config, {})
    embeddings = vocabulary * (_number(config, "embedding_size", "embedding_dim") or hidden) + positions * hidden
    wide = _number(config, "intermediate_size", "hidden_dim", "d_ff", "n_inner", "encoder_ffn_dim", "ffn_dim")
    info = ModelInfo(
        id=id,
        path=path,
        architecture=architecture,
        family=str(config.get("model_type", "")),
        embedding_parameters=embeddings,
        layers=layers,
        full_layers=layers,
        hidden=hidden,
        intermediate=wide or 4 * hidden,
        heads=_number(config, "num_attention_heads", "n_heads", "n_head", "num_heads", "encoder_attention_heads"),
        vocabulary=vocabulary,
        max_positions=positions,
    )
    stored = 1 if info.family in SHARED_LAYERS else layers
    return replace(info, parameters=int(embeddings + stored * layer_weights(info)))


def cuts(model: ModelInfo, layers: Sequence[int]) -> list[ModelInfo]:
    """The same checkpoint with its first layers only, as models of their own: `name[:3]`.

    Args:
        model: A whole checkpoint.
        layers: How many layers to keep, each below the model's own.

    Raises:
        ModelError: A number is not between 1 and the model's layers, or the layers share their weights.
    """
    if model.family in SHARED_LAYERS or model.architecture == "encoder_decoder":
        raise ModelError(
            f"'{model.id}' cannot be cut: family '{model.family}' has no stack of separate layers to shorten.",
            hint="Use the whole model.",
        )
    if model.code:
        raise ModelError(
            f"'{model.id}' cannot be cut: its own code need not heed a smaller number of layers.",
            hint="Use the whole model.",
        )
    return [_cut(model, count) for count in layers]


def _cut(model: ModelInfo, count: int) -> ModelInfo:
    whole = model.full_layers or model.layers
    if not 1 <= count < whole:
        raise ModelError(f"A cut of '{model.id}' expects 1 to {whole - 1} layers, but got {count}.")
    base = model.id.split("[:")[0]
    removed = _layer_parameters(model, range(count, model.layers))
    return replace(
        model, id=f"{base}[:{count}]", layers=count, full_layers=whole, parameters=model.parameters - removed
    )


def _layer_parameters(model: ModelInfo, layers: Iterable[int]) -> int:
    """Weights of some layers, from the file where there is one, else from the sizes."""
    try:
        by_layer = _count_weights(Path(model.path)).by_layer
    except ModelError:
        by_layer = {}
    return sum(by_layer.get(layer, int(layer_weights(model))) for layer in layers)


def _read_config(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ModelError(f"A model folder is expected at '{folder}', but there is none.", hint="Check the path.")
    config = _read_json(folder / "config.json")
    if not config:
        raise ModelError(
            f"The folder '{folder}' has no readable config.json, so it is not a model of Transformers.",
            hint="Give the folder that save_pretrained wrote.",
        )
    return config


def _read_json(file: Path) -> dict[str, Any]:
    """A JSON object, or an empty one when the file is missing or broken."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _count_weights(folder: Path) -> _Weights:
    files = _weight_files(folder)
    tensors: dict[str, int] = {}
    for file in files:
        tensors.update(_header(file))
    body = {name: count for name, count in tensors.items() if not _HEADS.match(name)}
    by_layer: dict[int, int] = {}
    for name, count in body.items():
        if match := _LAYER.search(name):
            by_layer[int(match[1])] = by_layer.get(int(match[1]), 0) + count
    return _Weights(
        total=sum(body.values()),
        embeddings=sum(count for name, count in body.items() if _EMBEDDING.search(name) and not _LAYER.search(name)),
        by_layer=by_layer,
        bytes_on_disk=sum(file.stat().st_size for file in files),
    )


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a checkpoint, all shards present.

    Raises:
        ModelError: There are none, or a shard is missing.
    """
    single = folder / "model.safetensors"
    if single.is_file():
        return [single]
    index = _read_json(folder / "model.safetensors.index.json").get("weight_map", {})
    shards = [folder / name for name in sorted(set(index.values()))]
    missing = [shard.name for shard in shards if not shard.is_file()]
    if not shards or missing:
        raise ModelError(
            f"The folder '{folder}' lacks {', '.join(missing) or 'model.safetensors'}; "
            "weights are only read from safetensors files.",
            hint="Convert with save_pretrained(..., safe_serialization=True), or download the complete checkpoint.",
        )
    return shards


def _header(file: Path) -> dict[str, int]:
    """Number of weights by tensor name; tables of integers (position ids) are no weights."""
    try:
        with file.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            if size > _HEADER_LIMIT:
                raise ValueError(f"its header would have {size} bytes")
            header: Any = json.loads(stream.read(size))
        tensors = {name: entry for name, entry in dict(header).items() if name != "__metadata__"}
        return {
            n: math.prod(e["shape"]) for n, e in tensors.items() if not str(e["dtype"]).startswith(("I", "U", "BOOL"))
        }
    except (OSError, struct.error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(
            f"The file '{file}' is not a readable safetensors file ({error}).", hint="Download or save the model again."
        ) from error


def _architecture(config: Mapping[str, Any]) -> Architecture:
    family = str(config.get("model_type", ""))
    if family in ENCODER_DECODERS or config.get("is_encoder_decoder"):
        return "encoder_decoder"
    heads = " ".join(map(str, config.get("architectures") or ()))
    if family in DECODERS or (family not in ENCODERS and re.search(r"CausalLM|LMHead", heads)):
        return "decoder"
    return "encoder"


def _positions(config: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> int:
    """Longest input: the smaller of the position table and the tokenizer's own limit, where each is sane."""
    table = _number(config, "max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length")
    if config.get("model_type") in OFFSET_POSITIONS:
        table = max(table - 2, 0)
    limit = _number(tokenizer, "model_max_length")
    sane = [value for value in (table, limit) if 0 < value <= _SANE_POSITIONS]
    return min(sane, default=512)


def _number(data: Mapping[str, Any], *names: str) -> int:
    """The first of several names that holds a number; 0 when none does."""
    values = (data.get(name) for name in names)
    return next((int(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)), 0)
