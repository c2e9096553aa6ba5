"""The model hub, asked for no more than whether it answers and which commit a branch stands for."""

import os
import threading
import time
import urllib.request
from functools import lru_cache

_REMEMBERED_SECONDS = 60
_PROBE = "google-bert/bert-base-uncased/resolve/main/config.json"


def hub_reachable(timeout: float = 2.0) -> bool:
    """Whether the model hub answers within `timeout` seconds; offline switches of the hub's library are honoured."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    return _answers(f"{constants.ENDPOINT}/{_PROBE}", timeout, int(time.monotonic() // _REMEMBERED_SECONDS))


def current_commit(repository: str, revision: str | None = None) -> str | None:
    """The commit that a branch, a tag or (None) the main branch of a repository stands for now.

    None where the hub is not reachable, or has no such repository or revision.
    """
    if not hub_reachable():
        return None
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        commit: str | None = HfApi().model_info(repository, revision=revision, timeout=10).sha
    except (HfHubHTTPError, HFValidationError, OSError, ValueError):
        return None
    return commit


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
