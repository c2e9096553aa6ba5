"""An experience: one trial in its context, as the store keeps it for other tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xautolm_nb.core.config import ConfigValue
from xautolm_nb.core.context import Context
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.serial import content_id
from xautolm_nb.core.task import Metric
from xautolm_nb.core.trial import CurvePoint, Failure, Measures

STARTER = "starter:"
"""How the source of an experience begins that ships with the package."""


@dataclass(frozen=True, kw_only=True)
class Experience:
    """What one trial taught. `score` is None for a failure that came before the first validation."""

    task_name: str
    metric: Metric
    context: Context
    space: str
    """Name and version of the space the config is written in, such as `xautolm-nb/1` or `xautolm-original/1`."""
    config: Mapping[str, ConfigValue]
    fidelity: float
    score: float | None
    seconds: float | None
    curve: tuple[CurvePoint, ...] = ()
    measures: Measures = field(default_factory=Measures)
    failure: Failure | None = None
    model: ModelInfo | None = None
    seed: int | None = None
    created_at: str = ""
    """UTC, ISO 8601."""
    source: str = ""
    """Who made it: `xautolm_nb 0.1.0`, `autogoal`, a file name; after `STARTER` for what ships with the package."""
    study: str = ""
    trial: int | None = None
    fingerprint: str = ""
    """Content id of the data; empty when it is not known."""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Content id: equal records have equal ids, so a merge never duplicates."""
        return content_id(self)

    @property
    def is_starter(self) -> bool:
        """Whether it ships with the package, rather than coming from the user's store."""
        return self.source.startswith(STARTER)

    @property
    def succeeded(self) -> bool:
        """Whether it ended with a score and without a failure."""
        return self.failure is None and self.score is not None
