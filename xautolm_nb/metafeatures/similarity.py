"""How near two contexts are: distances on fixed scales, and the weight past experience gets from them.

The scales are constants and no z-scores over the store's records: with a handful of tasks in a store, deviations over
them say little, and the same two tasks would grow nearer or farther with every import. A difference of one scale counts
as 1: a difference at which we would expect another configuration to win.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xautolm_nb.core.context import Context, SystemMetaFeatures, TaskMetaFeatures
from xautolm_nb.metafeatures.names import feature_names

_FACTOR_10 = math.log(10)
_FACTOR_4 = math.log(4)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How a meta-feature is compared: its logarithm or itself, in units of `unit`, with `weight` of its own."""

    unit: float
    log: bool = False
    weight: float = 1.0
    floor: float = 1.0
    """Values below it are the same to a logarithm, which would make much of nothing there."""

    def gap(self, a: float, b: float) -> float:
        """Difference of two values in units."""
        if self.log:
            return (math.log(max(a, self.floor)) - math.log(max(b, self.floor))) / self.unit
        return (a - b) / self.unit


# Ten times the rows, or four times the length or the classes, changes which learning rates, epochs and models pay.
_ROWS = Scale(unit=_FACTOR_10, log=True, weight=2.0)
_CLASSES = Scale(unit=_FACTOR_4, log=True)
_LENGTH = Scale(unit=_FACTOR_4, log=True)
_SHARE = Scale(unit=0.25)
# Entropy, the shares and their ratio all say how even the classes are: together they weigh about as one feature.
_EVENNESS = 0.3

TASK_SCALES: dict[str, Scale] = {
    # classification, the paper's vector
    "instances": _ROWS,
    "classes": _CLASSES,
    "class_entropy_bits": Scale(unit=2.0, weight=_EVENNESS),  # two bits: four times as many even classes
    "smallest_class_share": Scale(unit=_FACTOR_10, log=True, floor=1e-4, weight=_EVENNESS),
    "largest_class_share": Scale(unit=0.25, weight=_EVENNESS),
    "imbalance_ratio": Scale(unit=0.5, weight=_EVENNESS),
    "text_length_mean": _LENGTH,
    "text_length_sd": Scale(unit=_FACTOR_4, log=True, weight=0.5),  # goes with the mean
    "text_length_cv": Scale(unit=0.5, weight=0.5),
    "tree_landmark": Scale(unit=0.2),  # how far bags of words get
    # generation, the paper's vector
    "samples": _ROWS,
    "prompt_length_mean": _LENGTH,
    "prompt_length_sd": Scale(unit=_FACTOR_4, log=True, weight=0.5),
    "prompt_type_token_ratio": _SHARE,
    "target_length_mean": _LENGTH,
    "target_length_sd": Scale(unit=_FACTOR_4, log=True, weight=0.5),
    "target_type_token_ratio": _SHARE,
    "length_ratio": Scale(unit=_FACTOR_4, log=True, floor=1e-3),
    "vocabulary_novelty": _SHARE,
    "prompt_target_similarity": _SHARE,
    "prompt_target_rouge_l": _SHARE,
    # ours; records of the original system lack them
    "tokens_p95": _LENGTH,
    "vocabulary": Scale(unit=_FACTOR_10, log=True, weight=0.5),
    "oov_rate": Scale(unit=0.2, weight=0.5),  # beyond words seen in training, pretraining counts
    "constant_f1": Scale(unit=0.25, weight=0.5),
}
"""Scale of each meta-feature that counts in `task_distance`; other values of `extra` are for people."""

_SEMANTIC_WEIGHT = 2.0
_SEMANTIC_UNIT = 0.5
"""Cosine distance of the mean prompt embeddings at which two generation tasks speak of other things."""


def task_distance(a: TaskMetaFeatures, b: TaskMetaFeatures) -> float:
    """Root of the weighted mean square of the scaled differences; infinite between kinds of task.

    A feature that either side lacks (absent, not finite, or marked by `missing_<name>` in `extra`) is left out and the
    weights of the others are scaled up. Without any common feature nothing says how far they are: one scale.
    """
    if a.kind != b.kind:
        return math.inf
    left, right = _known(a), _known(b)
    parts = [(scale.weight, scale.gap(left[name], right[name])) for name, scale in TASK_SCALES.items()
             if name in left and name in right]  # fmt: skip
    if a.semantic is not None and b.semantic is not None and len(a.semantic) == len(b.semantic):
        parts.append((_SEMANTIC_WEIGHT, _cosine_distance(a.semantic, b.semantic) / _SEMANTIC_UNIT))
    return _root_mean_square(parts) if parts else 1.0


def context_weights(target: Context, contexts: Sequence[Context]) -> NDArray[np.float64]:
    """Weight of the experience of each context for the target, by its task; shape `(k,)`, in [0, 1].

    `1 / (1 + d^2)` of the task distance `d`: 1 for the same task, 1/2 at a distance of one scale, and a tail that fades
    by the square, so that a far task still says what no task likes. 0 only for another kind of task. The machine is
    left out: scores hardly depend on it, and cost models take `system_distance` and the machine's own features.
    """
    distances = np.full(len(contexts), math.inf)
    same = [number for number, context in enumerate(contexts) if context.task.kind == target.task.kind]
    if same:
        distances[same] = _distances(target.task, [contexts[number].task for number in same])
    return 1.0 / (1.0 + distances**2)


def _distances(target: TaskMetaFeatures, tasks: Sequence[TaskMetaFeatures]) -> NDArray[np.float64]:
    """`task_distance` of each of many tasks of the target's kind, at once; shape `(k,)`."""
    names = [name for name in TASK_SCALES if name in target.extra or name in feature_names(target.kind)]
    scales = [TASK_SCALES[name] for name in names]
    marks = [(name, f"missing_{name}") for name in names]
    values = np.array([_row(task, marks) for task in (target, *tasks)], dtype=np.float64)  # (1 + k, m)
    values[~np.isfinite(values)] = math.nan
    for column, scale in enumerate(scales):
        if scale.log:
            values[:, column] = np.log(np.maximum(values[:, column], scale.floor))
    gaps = (values[1:] - values[0]) / np.array([scale.unit for scale in scales])
    weights = np.where(np.isnan(gaps), 0.0, np.array([scale.weight for scale in scales]))
    squares = (weights * np.nan_to_num(gaps) ** 2).sum(axis=1)
    total = weights.sum(axis=1)
    for number, task in enumerate(tasks):
        if target.semantic is not None and task.semantic is not None and len(target.semantic) == len(task.semantic):
            gap = _cosine_distance(target.semantic, task.semantic) / _SEMANTIC_UNIT
            squares[number], total[number] = (
                squares[number] + _SEMANTIC_WEIGHT * gap**2,
                total[number] + _SEMANTIC_WEIGHT,
            )
    return np.where(total > 0, np.sqrt(squares / np.where(total > 0, total, 1.0)), 1.0)


def _row(task: TaskMetaFeatures, marks: Sequence[tuple[str, str]]) -> list[float]:
    """Values by name, NaN where there is none or the second word of a pair marks it as missing."""
    extra, paper = task.extra, dict(zip(feature_names(task.kind), task.paper, strict=False))
    return [math.nan if extra.get(mark) else paper.get(name, extra.get(name, math.nan)) for name, mark in marks]


def system_distance(a: SystemMetaFeatures, b: SystemMetaFeatures) -> float:
    """Root of the weighted mean square of scaled differences of two machines, by what decides what fits and how fast.

    Memory of the device by factors of 2 (what fits at all), its rate by factors of 4 (how long it takes), host memory
    and cores by factors of 4 with half the weight. The kind of device counts as a difference of 2 scales.
    """
    parts = [(1.0, 0.0 if a.device == b.device else 2.0)]
    for weight, unit, value in _SYSTEM_FEATURES:
        left, right = value(a), value(b)
        if left and right and left > 0 and right > 0:
            parts.append((weight, math.log(left / right) / unit))
    return _root_mean_square(parts)


_SYSTEM_FEATURES: tuple[tuple[float, float, Callable[[SystemMetaFeatures], float | None]], ...] = (
    (2.0, math.log(2), lambda system: system.gpu_memory_gib),
    (2.0, _FACTOR_4, lambda system: system.tflops),
    (0.5, _FACTOR_4, lambda system: system.memory_gib or system.paper[3]),
    (0.5, _FACTOR_4, lambda system: system.paper[1]),
)
"""Weight, scale of the logarithm, and the value; unknown or 0 is left out."""


def _known(task: TaskMetaFeatures) -> Mapping[str, float]:
    """Values by name, those left out that are not finite or marked as missing."""
    named = {**task.extra, **dict(zip(feature_names(task.kind), task.paper, strict=False))}
    return {name: value for name, value in named.items()
            if math.isfinite(value) and not task.extra.get(f"missing_{name}")}  # fmt: skip


def _cosine_distance(a: Sequence[float], b: Sequence[float]) -> float:
    left, right = np.asarray(a), np.asarray(b)
    norm = float(np.linalg.norm(left) * np.linalg.norm(right))
    return 1.0 - float(left @ right) / norm if norm > 0 else 1.0


def _root_mean_square(parts: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for weight, _ in parts)
    return math.sqrt(sum(weight * gap**2 for weight, gap in parts) / total) if total > 0 else math.inf
