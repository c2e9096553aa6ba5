"""A folder with a state and maybe tensors, written so that a crash leaves the old or the new, never a mix.

Tensors get a fresh file name; `state.json` names it and is replaced by one rename, the commit; older files go after
it. This half knows no torch, so the kernel may read states too; `checkpoint` adds the tensors.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xautolm_nb.core.files import write_text_atomically

STATE = "state.json"
DIGEST = "digest"
"""Of everything else in the state; states written before there was one are taken as they are."""


def read_state(folder: Path) -> dict[str, Any] | None:
    """Read the state; None when there is none, or what is there is not what was written."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(state, dict) or "tensors" not in state:
        return None
    return state if state.pop(DIGEST, None) in (None, _digest(state)) else None


def commit(folder: Path, state: Mapping[str, Any], tensors: str | None) -> None:
    """Make `state`, with the tensors of the file of that name, what the folder holds.

    Raises:
        OSError: The disk is full or not writable; what was there before still stands.
    """
    whole = json.loads(json.dumps({**state, "tensors": tensors}))  # as it will be read: all keys are text
    write_text_atomically(folder / STATE, json.dumps({**whole, DIGEST: _digest(whole)}))
    sync(folder)


def tidy(folder: Path) -> None:
    """Remove what the committed state does not name: the set before, or one that was never finished."""
    state = read_state(folder)
    named = state["tensors"] if state else None
    for file in folder.iterdir():
        if file.name not in (STATE, named):
            file.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk hold it, so that a rename never names a file that a power cut empties."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(file: Path) -> int:
    """CRC-32 of a file; a gigabyte takes about a second."""
    value = 0
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            value = zlib.crc32(block, value)
    return value


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:16]
