"""One trial: fine-tune from where it stands to its target fidelity, validating on the way.

A small loop of our own: the checkpoints of the Transformers Trainer are pickles and hold every weight, and a trial
that is thawed has to continue bit for bit. Schedule and steps are those of the full run; a fidelity is its beginning.
"""

import math
import time
from typing import Any, Protocol

import torch
from numpy.typing import NDArray

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.runner import ShouldStop
from xautolm_nb.core.task import Split
from xautolm_nb.core.trial import CurvePoint, FailureKind, Outcome
from xautolm_nb.run.data import epoch_batches, length_cap, read_tokens
from xautolm_nb.run.device import choose_precision
from xautolm_nb.run.engine import Engine
from xautolm_nb.run.failures import TrialError, name_failure
from xautolm_nb.run.features import Features, keep_features
from xautolm_nb.run.keeper import Keeper, Packed
from xautolm_nb.run.loading import load_tokenizer
from xautolm_nb.run.measure import Meter
from xautolm_nb.run.methods import trainable_state
from xautolm_nb.run.position import Position
from xautolm_nb.run.predicting import not_finite
from xautolm_nb.run.protocol import Job
from xautolm_nb.run.scoring import Judge
from xautolm_nb.run.tokens import Tokens
from xautolm_nb.space.physics import fit_micro_batch, needs_checkpointing

PROGRESS_SECONDS = 0.25
LOOK_EVERY = {"cpu": 1, "cuda": 8, "mps": 8}
"""Steps between looks at the loss: on a GPU each look waits for the device."""


class Listener(Protocol):
    """Hears how a trial goes."""

    def progress(self, progress: TrialProgress) -> None:
        """At most four times a second, and at every change of phase."""
        ...

    def rung(self, outcome: Outcome) -> None:
        """After every validation: what stands so far."""
        ...


def fine_tune(job: Job, listen: Listener, should_stop: ShouldStop) -> Outcome:
    """Run a trial from where it stands to its target; a failure comes back inside the outcome.

    A checkpoint of the same configuration, data and seed in the trial's folder is always gone on from, so work that a
    killed process had saved is not done twice.
    """
    trial = job.trial
    done = Outcome(fidelity=trial.fidelity, curve=trial.curve, measures=trial.measures)
    training: FineTuning | None = None
    try:
        training = FineTuning(job, listen, should_stop)
        training.load()
        return training.run()
    except Exception as error:  # the worker's boundary: whatever happens in a trial is data
        done = training.outcome() if training else done
        failure = name_failure(error)
        return Outcome(fidelity=done.fidelity, curve=done.curve, measures=done.measures, failure=failure)


class FineTuning:
    """A trial in progress: `load`, then `run`.

    Args:
        job: What to do.
        listen: Hears about progress and validations.
        should_stop: Asked before every step; True ends the run with a checkpoint.
    """

    def __init__(self, job: Job, listen: Listener, should_stop: ShouldStop) -> None:
        self._job, self._listen, self._should_stop = job, listen, should_stop
        self._precision = choose_precision(job.context.system)
        self._keeper = Keeper(job)
        self._saved = self._keeper.load()
        self._meter = Meter(self._keeper.cost_before(self._saved), self._precision.device)
        self._position = Position(total=1)
        self._unseen = torch.zeros((), device=self._precision.device)
        self._unseen_steps = 0
        self._told_at = float("-inf")
        self._epoch: tuple[int, list[NDArray[Any]]] = (-1, [])
        self._features: Features | None = None

    def load(self) -> None:
        """Read data, model and, where there is one, the checkpoint.

        Raises:
            TrialError: The model cannot be had, or does not fit into memory by prediction.
        """
        config = self._job.trial.config
        with self._meter.phase("load"):
            self._tell("load")
            self._train, self._judge = self._read("train"), self._build_judge()
            self._batch_size = int(config["batch_size"])
            self._epoch_steps = math.ceil(len(self._train) / self._batch_size)
            self._position.total = int(config["epochs"]) * self._epoch_steps
            self._micro_batch = micro_batch(self._job)
            saved, self._saved = self._saved, None
            if saved is not None:
                self._position.unpack(saved[1])
            if not self._position.is_finished:
                self._engine = self._build_engine(saved)
                splits: dict[Split, Tokens] = {"train": self._train, "validation": self._judge.tokens}
                self._features = keep_features(self._job, self._engine.model, splits, self._precision)

    def run(self) -> Outcome:
        """Train to each rung in turn, validate there, and stop where the trial is to stop, or has peaked."""
        position, target, task = self._position, self._job.trial.target, self._job.task
        for rung in position.rungs_ahead(self._job.rungs, target):
            if not (self._compute_features() and self._train_until(position.steps_at(rung))):
                self._save()
                return self.outcome()
            self._validate(rung)
            if rung < 1.0 and position.has_peaked(task.rows["validation"], maximize=task.metric.maximize):
                position.end()
            if rung == target or position.is_finished or self._keeper.is_cheap():
                self._save()
            self._listen.rung(self.outcome())
            if position.is_finished:
                break
        return self.outcome()

    def outcome(self) -> Outcome:
        """What stands now."""
        return Outcome(
            fidelity=self._position.fidelity,
            curve=tuple(self._position.curve),
            measures=self._meter.measures(),
            checkpoint=not self._position.is_finished and self._keeper.has_checkpoint,
        )

    def _read(self, split: Split) -> Tokens:
        job = self._job
        return read_tokens(job.task, split, job.model, self._tokenizer, length_cap(job.trial.config, job.model))

    def _tokenizer(self) -> Any:
        return load_tokenizer(self._job.model)

    def _build_judge(self) -> Judge:
        return Judge(
            task=self._job.task,
            split="validation",
            tokens=self._read("validation"),
            info=self._job.model,
            precision=self._precision,
            tokenizer=self._tokenizer,
        )

    def _build_engine(self, saved: Packed | None) -> Engine:
        job = self._job
        engine = Engine(
            job,
            self._train,
            self._precision,
            micro_batch=self._micro_batch,
            total=self._position.total,
            checkpointing=needs_checkpointing(job.trial.config, job.model, job.context, factor=job.memory_factor),
        )
        if saved is not None:
            engine.unpack(*saved, step=self._position.step)
        return engine

    def _compute_features(self) -> bool:
        """See to it that all that a frozen body says is known; False when asked to stop before."""
        if self._features is not None:
            with self._meter.phase("train"):
                for _ in self._features.compute():
                    if self._should_stop():
                        return False
                    self._tell("train")
        return True

    def _train_until(self, goal: int) -> bool:
        """Train up to step `goal`; False when asked to stop before."""
        if self._position.step >= goal:
            return True
        self._engine.train_mode()
        with self._meter.phase("train"):
            while self._position.step < goal:
                if self._should_stop():
                    return False
                self._step()
                self._tell("train")
                if self._keeper.is_time():
                    self._save()
        return True

    def _step(self) -> None:
        loss, tokens = self._engine.step(self._next_rows())
        self._position.step += 1
        self._meter.step(tokens)
        self._unseen += loss
        self._unseen_steps += 1
        if self._position.step % LOOK_EVERY[self._precision.device.type] == 0:
            self._look()

    def _next_rows(self) -> NDArray[Any]:
        epoch, index = divmod(self._position.step, self._epoch_steps)
        if self._epoch[0] != epoch:
            seed = self._job.trial.seed
            self._epoch = (epoch, epoch_batches(self._train.lengths, self._batch_size, seed=seed, epoch=epoch))
        return self._epoch[1][index]

    def _look(self) -> None:
        """Fetch the loss of the last steps from the device.

        Raises:
            TrialError: It is not finite (`not_finite`).
        """
        value = float(self._unseen)
        if not math.isfinite(value):
            raise not_finite(f"a loss at step {self._position.step}")
        self._position.add_loss(value, self._unseen_steps)
        self._unseen.zero_()
        self._unseen_steps = 0

    def _validate(self, rung: float) -> None:
        """Score the validation rows, add the point to the curve, and keep the weights when they are the best yet."""
        metric = self._job.task.metric
        self._look()
        self._tell("evaluate")
        with self._meter.phase("eval"):
            batch = max(2 * self._engine.micro_batch, 16)
            score = self._judge.score(self._engine.model, batch_size=batch)
        point = CurvePoint(
            fidelity=rung,
            score=score.value,
            seconds=self._meter.measures().seconds,
            step=self._position.step,
            loss=self._position.loss,
            metrics=score.metrics,
        )
        if self._position.add_point(point, maximize=metric.maximize):
            with self._meter.phase("eval"):
                self._keeper.keep_best(trainable_state(self._engine.model), point)

    def _save(self) -> None:
        """Write all that is needed to go on bit for bit; of a finished trial only the figures."""
        self._look()
        self._keeper.save(self._pack, self._meter.measures())

    def _pack(self) -> Packed:
        tensors, plain = ({}, {}) if self._position.is_finished else self._engine.pack()
        return tensors, {**self._position.pack(), **plain}

    def _tell(self, phase: str) -> None:
        now = time.monotonic()
        if phase == "train" and now - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = now
        position, measures = self._position, self._meter.measures()
        progress = TrialProgress(
            number=self._job.trial.number,
            phase=phase,
            step=position.step,
            total=position.total,
            fidelity=position.fidelity,
            loss=position.loss,
            score=position.curve[-1].score if position.curve else None,
            seconds=measures.seconds,
            seconds_left=position.seconds_left(self._job.trial.target, measures.seconds_train + measures.seconds_eval),
            peak_memory_gib=measures.peak_memory_gib,
            tokens_per_second=self._meter.tokens_per_second,
        )
        self._listen.progress(progress)


def micro_batch(job: Job) -> int:
    """Rows per forward pass, so that the trial fits into memory by prediction.

    Raises:
        TrialError: Not even one row fits (`out_of_memory`).
    """
    fit = fit_micro_batch(job.trial.config, job.model, job.context, factor=job.memory_factor)
    if fit is None:
        raise TrialError(
            FailureKind.OUT_OF_MEMORY,
            f"{job.model.id} is predicted not to fit into memory, not even with one row at a time and checkpointing.",
            hint="Choose a smaller model, a shorter max_length or LoRA.",
        )
    return fit[0]
