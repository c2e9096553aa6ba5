"""A folder with a state and maybe tensors, written so that a crash leaves the old or the new, never a mix.

Tensors get a fresh file name; `state.json` names it and is replaced by one rename, the commit; older files go after
it. This half knows no torch, so the kernel may read states too; `checkpoint` adds the tensors.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xautolm_nb.core.files import write_text_atomically

STATE = "state.json"


def read_state(folder: Path) -> dict[str, Any] | None:
    """Read the state; None when there is none."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and "tensors" in state else None


def commit(folder: Path, state: Mapping[str, Any], tensors: str | None) -> None:
    """Make `state`, with the tensors of the file of that name, what the folder holds.

    Raises:
        OSError: The disk is full or not writable; what was there before still stands.
    """
    write_text_atomically(folder / STATE, json.dumps({**state, "tensors": tensors}))
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
