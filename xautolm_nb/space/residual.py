"""What measured peaks teach the memory formula: a factor by method, near 1 until there is evidence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FAITH = 2.0
"""Peaks that the formula counts as."""
FURTHEST = 2.0
"""Largest factor, and one over the smallest: what is further off is no matter of constants."""


@dataclass(frozen=True, kw_only=True)
class MemoryResidual:
    """Logarithms of measured over predicted peaks, by method."""

    logs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def learned(self, method: str, *, predicted_gib: float, measured_gib: float) -> "MemoryResidual":
        """Knowing one more peak; figures that cannot be compared teach nothing."""
        if not (predicted_gib > 0 and measured_gib > 0 and math.isfinite(predicted_gib * measured_gib)):
            return self
        known = (*self.logs.get(method, ()), math.log(measured_gib / predicted_gib))
        return replace(self, logs={**self.logs, method: known})

    def factor(self, method: str) -> float:
        """What predictions for a method are multiplied by: its own mean, shrunk to that of all, and that to 1."""
        everything = [log for logs in self.logs.values() for log in logs]
        overall = sum(everything) / (len(everything) + FAITH)
        own = self.logs.get(method, ())
        shrunk = (sum(own) + FAITH * overall) / (len(own) + FAITH)
        return math.exp(min(max(shrunk, -math.log(FURTHEST)), math.log(FURTHEST)))
