"""The Hugging Face hub's cache on this machine: which snapshots lie there."""

from collections.abc import Iterator
from pathlib import Path


def cached_folders() -> Iterator[tuple[str, Path]]:
    """Ids and newest snapshot folders of all models in the cache, by id; nothing when there is no cache."""
    from huggingface_hub import constants

    root = Path(constants.HF_HUB_CACHE)
    for entry in sorted(root.glob("models--*")):
        name = entry.name.removeprefix("models--").replace("--", "/")
        if (folder := cached_folder(name)) is not None:
            yield name, folder


def cached_folder(id_: str, commit: str | None = None) -> Path | None:
    """The snapshot of a commit; without one what a plain `from_pretrained(id)` would read offline.

    That is what `main` points at, else the newest one.
    """
    from huggingface_hub import constants

    entry = Path(constants.HF_HUB_CACHE) / f"models--{id_.replace('/', '--')}"
    snapshots = entry / "snapshots"
    if commit is not None:
        return snapshots / commit if (snapshots / commit / "config.json").is_file() else None
    try:
        main = (entry / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        main = ""
    if main and (snapshots / main / "config.json").is_file():
        return snapshots / main
    ready = [folder for folder in snapshots.glob("*") if (folder / "config.json").is_file()]
    return max(ready, key=lambda folder: folder.stat().st_mtime, default=None)


def is_cached(folder: Path) -> bool:
    """Whether a snapshot lies in the hub's own cache, and not in a folder that only looks like it."""
    from huggingface_hub import constants

    return folder.parent.parent.parent.resolve() == Path(constants.HF_HUB_CACHE).resolve()
