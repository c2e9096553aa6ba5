"""Jupyter-native AutoML for fine-tuning language models.

    from xautolm_nb import tune

    session = tune(frame, text="sentence", label="sentiment", budget="30m")
    session.best, session.pareto, session.trials
    session.export("my-model")

Names are loaded on first use, so importing the package costs little and pulls in neither torch nor transformers.
"""

import importlib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xautolm_nb.api import attach, tune
    from xautolm_nb.core.errors import XAutoLMError
    from xautolm_nb.jupyter.panel import SearchPanel
    from xautolm_nb.request import SearchRequest
    from xautolm_nb.session import Session
    from xautolm_nb.store import ExperienceStore

try:
    __version__ = _version("xautolm-nb")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["ExperienceStore", "SearchPanel", "SearchRequest", "Session", "XAutoLMError", "attach", "tune"]

_HOME = {
    "tune": "xautolm_nb.api",
    "attach": "xautolm_nb.api",
    "SearchPanel": "xautolm_nb.jupyter.panel",
    "Session": "xautolm_nb.session",
    "SearchRequest": "xautolm_nb.request",
    "ExperienceStore": "xautolm_nb.store",
    "XAutoLMError": "xautolm_nb.core.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the prebuilt panel."""
    return [{"src": "labextension", "dest": "xautolm-nb"}]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext xautolm_nb`: register `%xautolm` and `%%xautolm`, and open the comms that the panel looks for."""
    from xautolm_nb.jupyter.magic import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext xautolm_nb`: close the comms; studies go on."""
    from xautolm_nb.jupyter.kernel import disconnect

    disconnect(shell)
