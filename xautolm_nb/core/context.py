"""Task and machine as numbers: what makes past experience comparable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xautolm_nb.core.task import TaskKind


@dataclass(frozen=True, kw_only=True)
class TaskMetaFeatures:
    """Meta-features of a task. `paper` follows XAutoLM (spec 3.1 for classification, 3.2 for generation) in order."""

    kind: TaskKind
    paper: tuple[float, ...]
    """10 values for classification, 11 for generation; names in `metafeatures.names`."""
    semantic: tuple[float, ...] | None = None
    """Mean prompt embedding (384 values) for generation, where an embedder is at hand."""
    extra: Mapping[str, float] = field(default_factory=dict)
    """What the original lacks: token-length quantiles, rows by split, score of the constant predictor, ..."""
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class SystemMetaFeatures:
    """Meta-features of a machine. `paper` follows XAutoLM (spec 3.3) in order, in its units."""

    paper: tuple[float, ...]
    """Physical cores, logical cores, maximum GHz, memory GiB, GPU memory GiB."""
    device: str = "cpu"
    """`cpu`, `cuda` or `mps`: where training runs."""
    gpu_name: str | None = None
    gpu_count: int = 0
    gpu_memory_gib: float = 0.0
    """Memory of one GPU; 0 without a GPU."""
    compute_capability: float | None = None
    memory_gib: float = 0.0
    """Host memory a process may use (a container's limit counts)."""
    tflops: float | None = None
    """Measured or tabulated matrix-multiplication rate of `device` in the precision training uses, TFLOP/s."""
    bfloat16: bool = False
    """Whether `device` computes bfloat16 natively."""
    hostname_hash: str = ""
    """Tells machines apart without naming them."""
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class Context:
    """One task on one machine."""

    task: TaskMetaFeatures
    system: SystemMetaFeatures
