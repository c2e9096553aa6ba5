"""The runner for real work: every trial trains in a worker process, never in the kernel.

A worker is spawned with its imports already under way, is used again after a success (on a CPU) and replaced after a
failure that may have harmed it. Its exit frees everything it held. Nothing here imports torch.
"""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from xautolm_nb.core.config import config_key
from xautolm_nb.core.context import Context
from xautolm_nb.core.errors import StudyError
from xautolm_nb.core.model import ModelInfo
from xautolm_nb.core.runner import Emit, ShouldStop
from xautolm_nb.core.serial import from_plain
from xautolm_nb.core.task import Split, Task
from xautolm_nb.core.trial import CurvePoint, Failure, FailureKind, Measures, Outcome, Trial
from xautolm_nb.run.child import ChildGone
from xautolm_nb.run.pool import WorkerOptions, WorkerPool
from xautolm_nb.run.protocol import Command, Job, Message
from xautolm_nb.run.state import read_state
from xautolm_nb.run.watch import Watch, wait_for_answer
from xautolm_nb.space import estimate
from xautolm_nb.space.physics import expected_peak_gib, fit_micro_batch
from xautolm_nb.space.residual import MemoryResidual

SOUND = frozenset(
    {
        FailureKind.NOT_FINITE,
        FailureKind.MODEL_UNAVAILABLE,
        FailureKind.ADAPTER_MISMATCH,
        FailureKind.NO_CLASSIFICATION_HEAD,
    }
)
"""Failures that a worker reports and survives unharmed; it serves again, without a new start of several seconds."""

RAN_OUT = 1.3
"""A trial that ran out of memory counts as one that needed this much more than was predicted."""


class ProcessRunner:
    """Runs trials in worker processes; `run` may be called from as many threads as there are `environments`.

    `evaluate` and `export` may be called from other threads beside them.

    Args:
        folder: The study's folder; trials lie in `trials/<number>`, logs of the workers in `logs`.
        models: Every model a config may name, by id.
        context: The machine (device, precision, memory) and the task's lengths, which set the micro-batch.
        rungs: Fidelities at which a trial is validated where that pays (`Physics.looks`), rising.
        options: How workers are started and kept.
        environments: Variables of the worker of each trial that runs beside others, such as the one GPU it may see.
    """

    def __init__(
        self,
        *,
        folder: Path,
        models: Mapping[str, ModelInfo],
        context: Context,
        rungs: Sequence[float],
        options: WorkerOptions | None = None,
        environments: Sequence[Mapping[str, str]] = ({},),
    ) -> None:
        self._options = options or WorkerOptions()
        self._folder, self._models, self._context = Path(folder), dict(models), context
        self._rungs = tuple(rungs)
        self._memory = MemoryResidual()
        device, logs = context.system.device, self._folder / "logs"
        self.pools = tuple(
            WorkerPool(device=device, logs=logs, options=self._options, environment=environment)
            for environment in environments
        )
        """One for each trial that may run beside others."""
        self._free = list(self.pools)
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Start a worker now, so that its imports are done when the first trial comes."""
        self.pools[0].warm_up()

    def run(
        self,
        task: Task,
        trial: Trial,
        *,
        emit: Emit,
        should_stop: ShouldStop,
        timeout: float | None = None,
    ) -> Outcome:
        """Run `trial` to its target; see `core.runner.Runner`."""
        model = self._models.get(str(trial.config.get("model")))
        if model is None:
            known = ", ".join(sorted(self._models)) or "none"
            message = f"A model of the pool is expected ({known}), but got {trial.config.get('model')!r}."
            failure = Failure(kind=FailureKind.MODEL_UNAVAILABLE, message=message)
            return Outcome(fidelity=trial.fidelity, curve=trial.curve, measures=trial.measures, failure=failure)
        with self._own_pool() as pool:
            child = pool.take()
            child.send(Command(verb="run", job=self._job(task, trial, model)))
            watch = Watch(child, trial, emit, should_stop, timeout, self._options)
            try:
                outcome = watch.attend(lambda: self.recover(trial))
            except BaseException:  # a bug of ours or of `emit`, or an interrupt: the worker must not train on
                pool.replace(child)
                raise
            if outcome.failure is None or outcome.failure.kind in SOUND:
                pool.give_back(child)
            else:
                pool.replace(child)
        with self._lock:
            self._memory = self._taught_by(trial, model, outcome)
        return outcome

    def recover(self, trial: Trial) -> Trial:
        """The trial as its last checkpoint has it: fidelity, curve and cost that a killed process had not recorded.

        A trial without a checkpoint, or whose record is further, comes back unchanged.
        """
        state = read_state(self.folder_of(trial) / "checkpoint")
        if state is None or state["fidelity"] < trial.fidelity:
            return trial
        identity = state["identity"]
        if (identity["seed"], identity["config"]) != (trial.seed, config_key(trial.config)):
            return trial
        measures = from_plain(state["measures"], Measures)
        return replace(
            trial,
            fidelity=state["fidelity"],
            curve=tuple(from_plain(state["curve"], list[CurvePoint])),
            measures=max(trial.measures, measures, key=lambda cost: cost.seconds),
            checkpoint=not state["finished"],
        )

    def evaluate(self, task: Task, trial: Trial, split: Split) -> dict[str, float]:
        """Score the kept weights of a trial on a split: metric name to value.

        Raises:
            StudyError: The trial has no kept weights, or they cannot be used.
        """
        return dict(self._ask(task, trial, Command(verb="evaluate", split=split)).metrics or {})

    def export(self, task: Task, trial: Trial, folder: str) -> None:
        """Write the kept model, tokenizer and label map to `folder`, loadable by Transformers alone.

        Raises:
            StudyError: The trial has no kept weights, or the folder cannot be written.
        """
        self._ask(task, trial, Command(verb="export", target=str(Path(folder).absolute())))

    def discard(self, trial: Trial) -> None:
        """Remove the files of a trial that lost."""
        shutil.rmtree(self.folder_of(trial), ignore_errors=True)

    def size_of(self, trial: Trial) -> int:
        """Bytes that the files of a trial take."""
        return sum(map(_size, self.folder_of(trial).rglob("*")))

    def close(self) -> None:
        """End all workers; a second call does nothing."""
        for pool in self.pools:
            pool.close()

    def folder_of(self, trial: Trial) -> Path:
        """Where the files of a trial lie."""
        return self._folder / "trials" / f"{trial.number:04d}"

    @contextmanager
    def _own_pool(self) -> Iterator[WorkerPool]:
        """A pool that runs no other trial (the first where there is none); the next one in line warms up."""
        with self._lock:
            own = self._free.pop(0) if self._free else None
            following = self._free[:1]
        for pool in following:
            pool.warm_up()
        try:
            yield own or self.pools[0]
        finally:
            if own is not None:
                with self._lock:
                    self._free.insert(0, own)

    def _job(self, task: Task, trial: Trial, model: ModelInfo) -> Job:
        return Job(
            task=task,
            trial=trial,
            model=model,
            context=self._context,
            rungs=estimate(trial.config, model, self._context).looks(self._rungs),
            folder=str(self.folder_of(trial)),
            checkpoint_seconds=self._options.checkpoint_seconds,
            memory_factor=self._memory.factor(str(trial.config["method"])),
        )

    def _taught_by(self, trial: Trial, model: ModelInfo, outcome: Outcome) -> MemoryResidual:
        """What is known of memory after a trial: its peak, or that it ran out where it was predicted to fit."""
        method, measured = str(trial.config["method"]), outcome.measures.peak_memory_gib or 0.0
        factor = self._memory.factor(method)
        fit = fit_micro_batch(trial.config, model, self._context, factor=factor)
        if fit is None:
            return self._memory
        predicted = expected_peak_gib(trial.config, model, self._context, fit[0])
        if outcome.failure is not None:
            ran_out = outcome.failure.kind in (FailureKind.OUT_OF_MEMORY, FailureKind.HOST_MEMORY)
            measured = max(measured, RAN_OUT * factor * predicted) if ran_out else 0.0
        elif not outcome.measures.steps:  # stopped before its first batch, which is the largest
            measured = 0.0
        return self._memory.learned(method, predicted_gib=predicted, measured_gib=measured)

    def _ask(self, task: Task, trial: Trial, command: Command) -> Message:
        """Have a worker of its own answer `evaluate` or `export`."""
        model = self._models.get(str(trial.config.get("model")))
        if model is None or not (self.folder_of(trial) / "best").exists():
            raise StudyError(
                f"Trial {trial.number} has no kept weights.",
                hint="Only the best trials keep theirs; choose one of them.",
            )
        pool = self.pools[0]
        child = pool.take()
        child.send(replace(command, job=self._job(task, trial, model)))
        try:
            answer = wait_for_answer(child)
        except ChildGone:
            answer = Message(kind="done", failure=child.why_gone())
        if answer.failure is not None:
            pool.replace(child)
            raise StudyError(
                f"Trial {trial.number}: {command.verb} failed ({answer.failure.kind}): {answer.failure.message}",
                hint=f"The worker's log is {child.log}.",
            )
        pool.give_back(child)
        return answer


def _size(file: Path) -> int:
    """Bytes of a file; none when the trial it is of has just replaced it."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0
