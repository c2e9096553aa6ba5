"""A search as the user asked for it: parsed and checked once, then wired to its parts in one place.

Every front end gathers a mapping of options and hands it to `SearchRequest.from_mapping`; nothing behind it asks
again whether an option makes sense. `create_study` opens the door to the data; `wire` brings the parts together.
"""

import math
import platform
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xautolm_nb.consent import check_consent, remember_consent
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import RequestError, SpaceError, StudyError
from xautolm_nb.core.experience import Experience
from xautolm_nb.core.proposal import DEFAULT_RUNGS, Optimizer
from xautolm_nb.core.serial import to_plain
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.task import Metric
from xautolm_nb.options import check_choices, parse_options, parse_seconds

if TYPE_CHECKING:
    from xautolm_nb.space import SearchSpace
    from xautolm_nb.store import ExperienceStore
    from xautolm_nb.study import Study
    from xautolm_nb.tasks import DataReport

__all__ = ["METHODS", "OBJECTIVES", "OPTIMIZERS", "SearchRequest", "create_study", "parse_seconds", "wire"]

METHODS = ("full", "partial", "lora", "head")
KNOWN_METHODS = (*METHODS, "dora", "rslora", "ia3", "prompt", "prefix", "qlora")
"""The default methods, and those that have to be asked for."""
OBJECTIVES = ("f1", "accuracy", "exact_match", "rouge_l", "drop_f1", "drop_exact_match", "seconds")
OPTIMIZERS = ("bayesian", "random")
NAME_PATTERN = re.compile(r"[\w][\w .+-]{0,79}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class SearchRequest:
    """What to search, on what, for how long. All fields are plain data, so a study can be taken up by any process."""

    text: tuple[str, ...] | None = None
    """Text columns: one, or two for pairs; None detects them."""
    label: str | None = None
    """Target column; None detects it."""
    group: str | None = None
    """Rows with equal values in this column stay in one split."""
    kind: str | None = None
    """Task kind; None detects it."""
    name: str | None = None
    budget_seconds: float = 1800.0
    """Wall-clock time of the search, set-up included, pauses excluded."""
    grace_seconds: float | None = None
    """How long a running trial may go on past the budget; None takes 10 % of it, 5 s to 5 minutes."""
    objectives: tuple[str, ...] | None = None
    """The score to maximise, then optionally `seconds` to minimise beside it; None takes the usual score of the task's
    kind (`tasks.METRICS`), which the study's record then names."""
    models: tuple[str, ...] | None = None
    """Hub ids, local folders or names of the pool; None takes what the machine has and the hub offers."""
    trust_code: tuple[str, ...] = ()
    """Models whose own Python code may run, each pinned: `ORG/NAME@COMMIT` (40 hex digits) or `FOLDER@sha256:HASH`."""
    methods: tuple[str, ...] = METHODS
    max_epochs: int = 5
    rungs: tuple[float, ...] = DEFAULT_RUNGS
    """Fidelities at which a trial is validated and may be paused; the last is 1."""
    max_trials: int | None = None
    trial_timeout_seconds: float | None = None
    """A trial that works longer than this in one go fails as a timeout."""
    max_rows: int | None = None
    """Cap of the training rows, stratified; None uses all."""
    validation: float = 0.2
    test: float = 0.2
    """Shares taken from the training data when it has no such split; 0 for no test split."""
    seed: int = 0
    device: str | None = None
    """`cpu` or `cuda`; None takes the GPU when there is one."""
    use_prior: bool = True
    """Whether the stored experience guides the search (it is written in any case)."""
    use_starter: bool = True
    """Whether the experience that ships with the package guides it while the store has none for such tasks."""
    optimizer: str = "bayesian"
    keep: int = 3
    """Checkpoints of this many best trials are kept; the others are removed as they lose."""
    disk_gib: float | None = None
    """Room for the checkpoints of all trials; the worst make way first, the best never. None sets no limit."""
    worker_memory_gib: float | None = None
    """Host memory at which a worker is ended and its trial fails as `host_memory`. None leaves that to the system."""
    workers: int | None = None
    """Trials that run beside each other; None runs one on each GPU, and one on a CPU, whose cores they would share."""

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> "SearchRequest":
        """Read options as a person writes them: `budget="30m"`, `models="a,b"`, `objectives=("f1", "seconds")`.

        Raises:
            RequestError: An option is unknown or its value is not allowed; the message names it.
        """
        return cls(**parse_options(options, FIELDS))

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that `from_mapping` reads back."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @property
    def metric(self) -> str | None:
        """The score that is maximised; None for the usual one of the task's kind."""
        return self.objectives[0] if self.objectives else None

    @property
    def grace(self) -> float:
        """Seconds a running trial may go on past the budget."""
        if self.grace_seconds is not None:
            return self.grace_seconds
        return min(300.0, max(5.0, 0.1 * self.budget_seconds))


FIELDS = tuple(field.name for field in fields(SearchRequest))


def _check(request: SearchRequest) -> None:
    check_choices("methods", request.methods, KNOWN_METHODS)
    check_choices("optimizer", (request.optimizer,), OPTIMIZERS)
    check_choices("device", (request.device or "cpu",), ("cpu", "cuda", "mps"))
    if request.objectives is not None:
        _check_objectives(request.objectives)
    if request.text is not None and len(request.text) > 2:
        raise RequestError(
            f"text expects one column, or two for pairs, but got {len(request.text)}: {request.text}.",
            hint="Join the columns beforehand, or name the two that form a pair.",
        )
    if request.trust_code:
        from xautolm_nb.space.trust import Trust

        Trust.of(request.trust_code)
    if request.name is not None and not NAME_PATTERN.fullmatch(request.name):
        raise RequestError(
            f"name expects 1 to 80 letters, digits, spaces and . _ + -, but got {request.name!r}.",
            hint="Choose a plain name such as 'sst2'.",
        )
    _check_numbers(request)


def _check_objectives(objectives: tuple[str, ...]) -> None:
    check_choices("objectives", objectives, OBJECTIVES)
    if objectives[0] == "seconds" or objectives[1:] not in ((), ("seconds",)):
        raise RequestError(
            f"objectives expects one score, then optionally 'seconds', but got {objectives}.",
            hint="Write objectives=('f1',) or objectives=('f1', 'seconds').",
        )


def _check_numbers(request: SearchRequest) -> None:
    rungs = request.rungs
    if not rungs or rungs[-1] != 1.0 or not all(low < high for low, high in zip((0.0, *rungs), rungs, strict=False)):
        raise RequestError(
            f"rungs expects rising fidelities that end with 1, but got {rungs}.",
            hint="For example rungs=(0.25, 0.5, 1).",
        )
    for name, low, high in (
        ("budget_seconds", 1.0, 3.2e7),
        ("max_epochs", 1, 100),
        ("max_trials", 1, 1_000_000),
        ("max_rows", 10, 1_000_000_000),
        ("keep", 1, 1000),
        ("workers", 1, 64),
        ("seed", 0, 2**31 - 1),
        ("validation", 0.01, 0.8),
        ("test", 0.0, 0.8),
        ("grace_seconds", 0.0, 86400.0),
        ("disk_gib", 0.001, 1e6),
        ("worker_memory_gib", 0.1, 1e5),
    ):
        value = getattr(request, name)
        if value is not None and not low <= value <= high:
            raise RequestError(f"{name} expects a number from {low:,.12g} to {high:,.12g}, but got {_short(value)}.")


def _short(value: float) -> str:
    """A number for people; an integer that no float can hold by its power of ten."""
    try:
        return f"{value:,.12g}"
    except OverflowError:
        return f"about 10^{int(int(value).bit_length() * math.log10(2))}"


def create_study(request: SearchRequest, data: Any, store: "ExperienceStore") -> "tuple[StudyRecord, DataReport]":
    """Check the data, split it, write it to a new study's folder and enter the study into the store.

    Nothing is left behind when the data or the models are refused.

    Raises:
        TaskError: The data cannot be made into a task.
        ModelError: A model that was asked for cannot be had.
        RequestError: More workers were asked for than there are GPUs.
    """
    from xautolm_nb.room import begun, remove_abandoned
    from xautolm_nb.space import discover_models
    from xautolm_nb.tasks import prepare_task
    from xautolm_nb.tasks.options import wanted_kind
    from xautolm_nb.workers import check_workers

    check_workers(request.workers, request.device)
    kind = wanted_kind({"kind": request.kind}) or "classification"
    discover_models(request.models, kind=kind, trust_code=request.trust_code)
    identifier = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
    folder = store.home / "studies" / identifier
    remove_abandoned(folder.parent, {known.id for known in store.studies()})
    with begun(folder):
        task, report = prepare_task(
            data,
            text=list(request.text) if request.text else None,
            label=request.label,
            kind=request.kind,
            name=request.name,
            metric=request.metric,
            group=request.group,
            validation=request.validation,
            test=request.test,
            max_rows=request.max_rows,
            seed=request.seed,
            folder=folder / "data",
        )
        record = StudyRecord(
            id=identifier,
            name=request.name or task.name,
            task=task,
            request=replace(request, objectives=request.objectives or (task.metric.name,)).to_mapping(),
            folder=str(folder),
            budget_seconds=request.budget_seconds,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=versions(),
        )
        remember_consent(identifier, request.trust_code)
        store.create_study(record)
    return record, report


def describe_context(record: StudyRecord, request: SearchRequest) -> Context:
    """Describe the task and this machine."""
    from xautolm_nb.metafeatures import describe_task, probe_system

    return Context(task=describe_task(record.task), system=probe_system(request.device))


def build_search_space(request: SearchRequest, context: Context) -> "SearchSpace":
    """The space of this request: the models that are here, and what this machine can run.

    Raises:
        ModelError: No model can be had.
        StudyError: No model fits the machine.
    """
    from xautolm_nb.space import build_space, discover_models

    models = discover_models(request.models, kind=context.task.kind, trust_code=request.trust_code)
    space = build_space(context, models, methods=request.methods, max_epochs=request.max_epochs)
    reasons = {model.id: _why_not(space, model.id, request.methods, context) for model in models}
    fitting = [model for model in models if reasons[model.id] is None]
    if not fitting:
        first = next(iter(reasons.values()), "the pool is empty")
        raise StudyError(
            f"No model of the pool can run on this machine ({first}).", hint="Name a smaller model with models=."
        )
    if len(fitting) == len(models):
        return space
    return build_space(context, fitting, methods=request.methods, max_epochs=request.max_epochs)


def _why_not(space: "SearchSpace", model: str, methods: Sequence[str], context: Context) -> str | None:
    """Why no method can run this model here; None when one can."""
    reason = None
    for method in methods:
        try:
            reason = space.check(space.default(model_id=model, method=method), context)
        except SpaceError as error:  # the space does not offer this method for this model
            reason = str(error)
        if reason is None:
            return None
    return reason


def wire(record: StudyRecord, store: "ExperienceStore") -> "Study":
    """Bring the parts of a study together; the one place that knows them all (and imports torch).

    Raises:
        StudyError: The study names folders that are not the store's, wants code to run that this user never allowed
            for it, or no model fits the machine.
    """
    from xautolm_nb.run import ProcessRunner, WorkerOptions
    from xautolm_nb.study import Study
    from xautolm_nb.workers import share_out

    check_places(record, store)
    request = SearchRequest.from_mapping(record.request)
    check_consent(record.id, record.name, request.trust_code)
    context = record.context or describe_context(record, request)
    if record.context is None:
        record = store.update_study(record.id, context=context)
    workers = share_out(context, request.workers)
    context = workers.context
    space = build_search_space(request, context)
    runner = ProcessRunner(
        folder=Path(record.folder),
        models=space.models,
        context=context,
        rungs=request.rungs,
        options=WorkerOptions(memory_gib=request.worker_memory_gib),
        environments=workers.environments,
    )
    runner.warm_up()  # its imports run beside ours
    return Study(
        record=record,
        context=context,
        space=space,
        optimizer=_optimizer(request, space, record.task.metric, len(workers.environments)),
        runner=runner,
        store=store,
        seed=request.seed,
        grace=request.grace,
        trial_timeout=request.trial_timeout_seconds,
        max_trials=request.max_trials,
        keep=request.keep,
        disk_gib=request.disk_gib,
        use_prior=request.use_prior,
        use_starter=request.use_starter,
        ahead=True,
        workers=len(workers.environments),
        summarise=partial(_summarise, context, space, record.task.metric),
    )


def check_places(record: StudyRecord, store: "ExperienceStore") -> None:
    """Require that a study reads and writes nowhere but below its store: a store from elsewhere may name any folder.

    Raises:
        StudyError: It would not.
    """
    home = (store.home / "studies").resolve()
    for place in (record.folder, record.task.folder):
        if not Path(place).resolve().is_relative_to(home):
            raise StudyError(
                f"Expected the files of study {record.name!r} below {home}, but the store names {place!r}.",
                hint="Go on with it on the machine and in the place where it was made (see XAUTOLM_HOME).",
            )


def _optimizer(request: SearchRequest, space: "SearchSpace", metric: Metric, workers: int) -> Optimizer:
    from xautolm_nb.optimize import BayesianOptimizer, RandomSearch

    if request.optimizer == "random":
        return RandomSearch(space=space, max_trials=request.max_trials)
    return BayesianOptimizer(
        space=space,
        rungs=request.rungs,
        objectives=request.objectives or (metric.name,),
        trial_timeout_seconds=request.trial_timeout_seconds,
        workers=workers,
    )


def _summarise(
    context: Context, space: "SearchSpace", metric: Metric, experiences: Sequence[Experience]
) -> Mapping[str, Any]:
    from xautolm_nb.optimize import MetaPrior

    return MetaPrior.build(context, experiences, space, metric).summary()


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    found = {"python": platform.python_version()}
    for package in ("xautolm-nb", "torch", "transformers", "peft", "botorch", "datasets"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
