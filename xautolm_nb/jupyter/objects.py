"""What the messages between kernel and front end are made of: plain, typed, complete.

Every field is always there, unknown is null and never 0, numbers are finite, and every text is data: no HTML, no code.
"""

from typing import Annotated, Literal

import msgspec

MOST_TRIALS = 2000
"""Trials in a snapshot; the newest are kept."""
MOST_POINTS = 400
"""Points of one chart."""
MOST_CURVES = 60
MOST_CLASSES = 50
MOST_SAMPLES = 5
SAMPLE_LENGTH = 200
"""Characters of a text in a preview."""

Source = Literal["variable", "file"]
VariableKind = Literal["DataFrame", "Dataset", "DatasetDict", "dict"]
State = Literal["created", "running", "paused", "interrupted", "finished", "stopped", "failed"]
RowState = Literal["queued", "running", "paused", "complete", "failed"]
Phase = Literal["load", "train", "evaluate"]
DeviceKind = Literal["cpu", "cuda", "mps"]
EnergySource = Literal["measured", "estimated", "unknown"]
Count = Annotated[int, msgspec.Meta(ge=0)]
ConfigValue = str | int | float | bool | None


class Plain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of all objects: an unknown field is an error that names it."""


class StudyInfo(Plain):
    """A study in the panel's headline and in lists."""

    id: str
    name: str
    kind: str
    metric: str
    state: State
    message: str
    spent_seconds: float
    budget_seconds: float
    seconds_left: float | None
    """Of the budget; null once the study has ended."""
    trials: Count
    complete: Count
    failed: Count
    best: Count | None
    """Number of the best trial."""
    best_score: float | None
    expected_gain: float | None
    """What the latest proposal was expected to add to the best score."""
    here: bool
    """Whether this kernel runs it."""
    objectives: list[str]
    folder: str
    store: str
    created_at: str


class FailureInfo(Plain):
    """Why a trial failed, in a word and in a line."""

    kind: str
    message: str


class TrialRow(Plain):
    """A trial as a row of the table."""

    number: Count
    state: RowState
    model: str
    method: str
    config: dict[str, ConfigValue]
    fidelity: float
    target: float
    score: float | None
    seconds: float
    peak_memory_gib: float | None
    energy_kwh: float | None
    energy_source: EnergySource
    failure: FailureInfo | None
    reason: str
    """Why it was proposed; the first line."""
    expected: dict[str, float]
    created_at: str
    finished_at: str


class CurvePoint(Plain):
    """One validation of a trial."""

    fidelity: float
    score: float
    seconds: float
    loss: float | None


class Progress(Plain):
    """How far the running trial is."""

    number: Count
    phase: Phase
    step: Count
    total: Count
    fidelity: float
    loss: float | None
    score: float | None
    seconds: float
    seconds_left: float | None
    peak_memory_gib: float | None
    tokens_per_second: float | None


class AnytimeChart(Plain):
    """Best score so far against seconds of work."""

    seconds: list[float]
    best: list[float]
    numbers: list[int]
    """The trial of each validation."""
    total_seconds: float


class ParetoChart(Plain):
    """Score against seconds of each trial."""

    numbers: list[int]
    seconds: list[float]
    scores: list[float]
    front: list[bool]
    complete: list[bool]


class CurveChart(Plain):
    """The learning curve of one trial."""

    number: Count
    fidelity: list[float]
    scores: list[float]
    state: RowState
    best: bool


class ReferenceChart(Plain):
    """A front to compare with, such as that of a search that has seen no trial of this task."""

    name: str
    seconds: list[float]
    scores: list[float]


class Charts(Plain):
    """The numbers behind the figures."""

    anytime: AnytimeChart
    pareto: ParetoChart
    curves: list[CurveChart]
    reference: ReferenceChart | None
    metric: str
    maximize: bool


class Device(Plain):
    """The machine, and what the study has used of it."""

    kind: DeviceKind
    name: str
    host_memory_gib: float
    host_used_gib: float
    gpu_memory_gib: float | None
    gpu_used_gib: float | None
    gpu_utilisation: float | None
    """Share of the last moments in which the GPU was at work, in [0, 1]."""
    energy_kwh: float | None
    """Of the study so far."""
    energy_source: EnergySource


class Variable(Plain):
    """A variable of the kernel that can be searched on."""

    name: str
    kind: VariableKind
    rows: Count
    columns: list[str]


class Column(Plain):
    """A column of the data."""

    name: str
    dtype: str


class ClassCount(Plain):
    """A class and its rows."""

    label: str
    count: Count


class Histogram(Plain):
    """Lengths of the texts; `edges` has one entry more than `counts`, and the last bin also counts what is longer."""

    edges: list[float]
    counts: list[int]
    unit: Literal["words"]


class Preview(Plain):
    """What a search would see of the data."""

    columns: list[Column]
    rows: Count
    text: list[str]
    label: str | None
    kind: str
    classes: list[ClassCount]
    """The most frequent first."""
    class_total: Count
    lengths: Histogram
    samples: list[list[str]]
    """A few rows of the text columns."""
    warnings: list[str]
    splits: dict[str, int]


class ModelRow(Plain):
    """A pretrained model, and whether this machine can fine-tune it."""

    id: str
    family: str
    parameters_millions: float
    size_mb: float
    licence: str
    fits: bool
    reason: str
    """Why it does not fit; else the methods that do, and where the model is."""


class TaskSummary(Plain):
    """What the experience store knows of one task."""

    name: str
    kind: str
    similarity: float | None
    """To the task of the study that was named, in [0, 1]."""
    trials: Count
    failed: Count
    best: float | None
    metric: str
    best_config: str


class Snapshot(Plain):
    """All that is needed to draw a study."""

    study: StudyInfo
    trials: list[TrialRow]
    trials_total: Count
    progress: Progress | None
    charts: Charts
    device: Device | None
    seq: Count
    """Number of the last event that is surely in it."""
