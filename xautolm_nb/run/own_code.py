"""The files that a model with code of its own is loaded from: a private copy, checked against what the user allowed.

The copy is made once a process, and all code comes from it: what is written to the folder after the check runs no more
than what was there before. Nothing of the model is imported here. A worker keeps it where the kernel removes it: it is
killed and has no time to clear up.
"""

import atexit
import json
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from xautolm_nb.core.errors import ModelError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.trial import FailureKind
from xautolm_nb.run.failures import TrialError
from xautolm_nb.run.protocol import SCRATCH
from xautolm_nb.space.trust import code_files, code_hash, other_repositories

SETTINGS = ("config.json", "tokenizer_config.json")
"""Files that say which class of which module, or of which other repository, is loaded."""
_COMPILED = frozenset({".py", ".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib", ".pth"})
_WANTED = ["*.py", "*.json", "*.txt", "*.model", "*.safetensors", "*.jinja"]


def source_of(info: ModelInfo) -> tuple[str, dict[str, Any]]:
    """What `from_pretrained` takes for a model: a place, and the options that say which code may run.

    Raises:
        TrialError: Its code is not what was allowed, or cannot be had.
    """
    if not info.code:
        revision = info.revision or "main"
        options = {"revision": revision, "trust_remote_code": False, "local_files_only": info.where != "hub"}
        return info.path, options
    others = info.code[1:]
    options = {"revision": "main", "trust_remote_code": True, "local_files_only": not others}
    for repository, _, commit in (other.rpartition("@") for other in others):
        if Path(repository).exists():
            raise _refused(
                f"A folder {repository!r} lies where the worker runs, and would be taken for the repository."
            )
        options["code_revision"] = commit
    return str(_checked_copy(info.path, info.code, info.where == "hub")), options


@lru_cache(maxsize=8)
def _checked_copy(path: str, pins: tuple[str, ...], is_on_hub: bool) -> Path:
    name, _, pin = pins[0].rpartition("@")
    folder = _download(path, pin) if is_on_hub else Path(path)
    scratch = os.environ.get(SCRATCH)
    if scratch is not None:
        Path(scratch).mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="xautolm-code-", dir=scratch))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    copy = place / "model"
    try:
        _copy(folder, copy)
        others = other_repositories(*(json.loads(file.read_text()) for file in _settings(copy)))
    except (OSError, ValueError, ModelError) as error:
        raise _refused(f"The code of {name} cannot be read: {error}") from error
    if pin.startswith("sha256:") and (found := code_hash(copy)) != pin:
        raise _refused(f"The code of {name} has changed since it was allowed: it was {pin} and is {found}.")
    if others != tuple(other.rpartition("@")[0] for other in pins[1:]):
        raise _refused(f"The model {name} names code of {', '.join(others) or 'its own'}, which was not allowed.")
    return copy


def _copy(folder: Path, copy: Path) -> None:
    """Copy what decides which code runs, link the rest; nothing compiled comes along."""
    copy.mkdir()
    for file in [*code_files(folder), *_settings(folder)]:
        target = copy / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    for file in folder.iterdir():
        if file.is_file() and file.name not in SETTINGS and file.suffix not in _COMPILED:
            _link(file.resolve(), copy / file.name)


def _link(file: Path, place: Path) -> None:
    """Link a file, or copy it where the study lies on a file system without links."""
    try:
        place.symlink_to(file)
    except OSError:
        shutil.copyfile(file, place)


def _settings(folder: Path) -> list[Path]:
    return [folder / name for name in SETTINGS if (folder / name).is_file()]


def _download(repository: str, commit: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(snapshot_download(repository, revision=commit, allow_patterns=_WANTED))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise _refused(f"{repository} cannot be had at {commit}: {str(error).partition(chr(10))[0]}") from error


def _refused(message: str) -> TrialError:
    return TrialError(
        FailureKind.MODEL_UNAVAILABLE,
        message,
        hint="Read it again and start a new search with what trust_code names now, or choose another model.",
    )
