"""One running study: the loop on a background thread, and the handle a person holds.

A session owns no state of its own: what it shows is read from the store, so any number of sessions, in any process,
can look at one study. The process that runs the loop is its owner; others ask it to pause or stop through the store.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xautolm_nb.core.errors import StoreError, StudyError, XAutoLMError
from xautolm_nb.core.events import Event, StudyFinished, StudyMessage, TrialProgress, TrialStarted
from xautolm_nb.core.study import Control, StudyRecord, StudyState, StudyView
from xautolm_nb.core.trial import Trial, TrialState
from xautolm_nb.request import SearchRequest, create_study, parse_seconds, wire
from xautolm_nb.store import ExperienceStore, current_owner, is_owner_alive
from xautolm_nb.study import (
    HEARTBEAT_SECONDS,
    Budget,
    Study,
    search,
    view_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from xautolm_nb.report import Report

Subscriber = Callable[[Event], None]

_ENDED = (StudyState.FINISHED, StudyState.STOPPED, StudyState.FAILED, StudyState.INTERRUPTED)


class Session:
    """A handle on one study, running here, elsewhere or not at all.

    Args:
        store: Where the study lives.
        study: Its id.
    """

    def __init__(self, store: ExperienceStore, study: str) -> None:
        self.store = store
        self.id = study
        self._wanted = Control.RUN
        self._thread: threading.Thread | None = None
        self._subscribers: list[Subscriber] = []
        self._progress: TrialProgress | None = None
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    # ---- control -------------------------------------------------------------------------------------------------

    def start(self) -> "Session":
        """Run the study on a background thread of this process.

        Raises:
            StudyError: Another living process runs it.
        """
        if self.is_running_here:
            return self
        self.store.claim_study(self.id, current_owner())
        self._wanted = Control.RUN
        self.store.update_study(self.id, state=StudyState.RUNNING, control=Control.RUN, message="starting")
        self._thread = threading.Thread(target=self._run, name=f"xautolm-{self.id}", daemon=True)
        self._thread.start()
        return self

    def pause(self) -> None:
        """Stop training at the next step, with a checkpoint; the budget stands still until `resume`."""
        self._ask(Control.PAUSE)

    def resume(self, budget: str | float | None = None) -> "Session":
        """Go on after a pause, a stop, a crash or a spent budget (then name a new `budget`).

        Raises:
            StudyError: The budget is spent and no new one was named.
        """
        record = self.record
        if budget is not None:
            total = record.spent_seconds + parse_seconds(budget)
            record = self.store.update_study(self.id, budget_seconds=total)
        if _has_owner(record):
            self._ask(Control.RUN)
            return self
        if record.spent_seconds >= record.budget_seconds:
            raise StudyError(
                f"Study {record.name!r} has spent its budget of {record.budget_seconds:.0f} s.",
                hint="Name more time: resume(budget='10m'), or --budget 10m.",
            )
        return self.start()

    def stop(self) -> None:
        """End the search at the next step; the running trial keeps a checkpoint, `resume` takes it up again."""
        self._ask(Control.STOP)

    def wait(self, timeout: float | None = None) -> "Session":
        """Block until the study ends (or `timeout` seconds passed); an interrupt leaves the study running.

        Raises:
            XAutoLMError: The study failed; the message says why.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_over and (deadline is None or time.monotonic() < deadline):
            if self._thread is not None:
                self._thread.join(0.2)
            else:
                time.sleep(0.5)
        if isinstance(self._error, XAutoLMError):
            raise self._error
        if self._error is not None:
            raise StudyError(f"The study ended with a bug: {self._error!r}.", hint="The traceback is chained.") from (
                self._error
            )
        return self

    @property
    def is_running_here(self) -> bool:
        """Whether this process runs the study."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_over(self) -> bool:
        """Whether the study is neither running nor paused."""
        return not self.is_running_here and self.record.state in _ENDED

    # ---- what there is to see --------------------------------------------------------------------------------------

    @property
    def record(self) -> StudyRecord:
        """What the store keeps of the study; a running one whose owner died shows as interrupted."""
        record = self.store.study(self.id)
        live = record.state in (StudyState.RUNNING, StudyState.PAUSED)
        if live and not _has_owner(record):
            record = replace(record, state=StudyState.INTERRUPTED)
        return replace(record, progress=self._progress) if self.is_running_here else record

    def view(self) -> StudyView:
        """An immutable picture of the study as it is now."""
        trials = self.store.trials(self.id)
        return view_of(self.record, trials, seq=self.store.revision(self.id))

    @property
    def best(self) -> Trial:
        """The trial with the best validation score.

        Raises:
            StudyError: There is none yet.
        """
        from xautolm_nb.report import best_trial

        return best_trial(self.view())

    @property
    def trials(self) -> "pd.DataFrame":
        """All trials, one row each."""
        from xautolm_nb.report import trials_table

        return trials_table(self.store.trials(self.id))

    @property
    def pareto(self) -> "pd.DataFrame":
        """The trials no other beats in both score and seconds, by falling score."""
        from xautolm_nb.report import trials_table

        view = self.view()
        by_number = {trial.number: trial for trial in view.trials}
        return trials_table([by_number[number] for number in view.pareto])

    @property
    def prior(self) -> Mapping[str, Any]:
        """What past experience contributed: counts, similar tasks, their weights."""
        return self.record.prior

    @property
    def message(self) -> str:
        """What the study said last."""
        return self.record.message

    def why(self, number: int) -> str:
        """Why a trial was proposed, in words: what was expected at which cost and risk, and what argued for it.

        Raises:
            StudyError: There is no such trial.
        """
        found = next((trial for trial in self.store.trials(self.id) if trial.number == number), None)
        if found is None:
            raise StudyError(f"Study {self.id} has no trial {number}.", hint="Numbers are the index of session.trials.")
        return found.reason or "no reason was recorded"

    def figures(self, *, dark: bool = False) -> "Figure":
        """Anytime curve, Pareto front and learning curves, side by side."""
        from xautolm_nb import plots

        view = self.view()
        return plots.overview_figure(view.trials, metric=view.record.task.metric.name, dark=dark)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Receive the events of a study that runs here, from its thread; returns a function that ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber) if subscriber in self._subscribers else None

    # ---- what to do with it ------------------------------------------------------------------------------------------

    def report(self, *, references: bool = True, default: bool = False) -> "Report":
        """Score the best pipeline on the untouched test split, beside honest references.

        Args:
            references: Add the majority class and TF-IDF with logistic regression.
            default: Also fine-tune the default configuration to its end (this trains; it is kept for next time).

        Raises:
            StudyError: No trial has a score yet.
        """
        from xautolm_nb.report import best_trial, make_report

        view = self.view()
        best_trial(view)
        with self._study() as study:
            reference = default_trial(study) if default else None
            return make_report(view, study.runner, default=reference, references=references, places=self.places)

    def export(self, folder: str | Path, *, report: bool = True) -> Path:
        """Write the best model as a folder that Transformers loads, with a model card; returns the folder.

        Args:
            folder: A new or empty folder.
            report: Also score it on the test split for the card.

        Raises:
            StudyError: The folder is not empty, or no trial has a score.
        """
        from xautolm_nb.report import export_model, make_report

        view = self.view()
        with self._study() as study:
            scores = (
                make_report(view, study.runner, default=None, references=False, places=self.places) if report else None
            )
            return export_model(view, study.runner, Path(folder), scores)

    @property
    def places(self) -> dict[str, str]:
        """Where things are stored."""
        return {"experience store": self.store.location, "study folder": self.record.folder}

    def _repr_html_(self) -> str:
        from xautolm_nb import plots

        return plots.summary_html(self.view())

    def __repr__(self) -> str:
        record = self.record
        return f"<Session {record.name!r} {record.id}: {record.state}, {record.spent_seconds:.0f} s spent>"

    # ---- inside ---------------------------------------------------------------------------------------------------

    def _ask(self, wanted: Control) -> None:
        record = self.store.study(self.id)
        if not self.is_running_here and not _has_owner(record):
            raise StudyError(
                f"Study {record.name!r} is not running ({self.record.state}).", hint="resume() takes it up again."
            )
        with self._lock:
            self.store.update_study(self.id, control=wanted)
            self._wanted = wanted

    def _study(self) -> "contextlib.AbstractContextManager[Study]":
        return _closing(wire(self.store.study(self.id), self.store))

    def _run(self) -> None:
        ended = threading.Event()
        budget = self._budget()
        budget.start()
        pulse = threading.Thread(target=self._pulse, args=(ended, budget), name=f"xautolm-pulse-{self.id}", daemon=True)
        pulse.start()
        state, message = StudyState.FAILED, ""
        try:
            with _closing(wire(self.store.study(self.id), self.store)) as study:
                reason = search(study, budget=budget, control=lambda: self._wanted, emit=self._emit)
                state = StudyState.STOPPED if reason == "stopped" else StudyState.FINISHED
                message = _ENDINGS[reason]
        except BaseException as error:  # the thread's outermost frame: the error is kept for wait() and shown
            self._error = error
            message = str(error) or repr(error)
        finally:
            budget.pause()
            ended.set()
            pulse.join()
            self.store.update_study(
                self.id, state=state, owner=None, spent_seconds=budget.spent, progress=None, message=message
            )
            self._emit(StudyFinished(reason=message))

    def _budget(self) -> Budget:
        record = self.store.study(self.id)
        return Budget(seconds=record.budget_seconds, spent_before=record.spent_seconds)

    def _pulse(self, ended: threading.Event, budget: Budget) -> None:
        """Show signs of life, pass on what others ask, keep the progress and the budget in step with the store."""
        while not ended.wait(HEARTBEAT_SECONDS / 4):
            with contextlib.suppress(StoreError), self._lock:  # a busy or full disk is no reason to stop pulsing
                record = self.store.update_study(
                    self.id, heartbeat=time.time(), spent_seconds=budget.spent, progress=self._progress
                )
                self._wanted, budget.seconds = record.control, record.budget_seconds

    def _emit(self, event: Event) -> None:
        if isinstance(event, TrialProgress):
            self._progress = event
        elif isinstance(event, TrialStarted):
            self._progress = None
            message = f"trial {event.trial.number}: {event.trial.reason.partition(chr(10))[0]}"
            self.store.update_study(self.id, state=StudyState.RUNNING, message=message)
        elif isinstance(event, StudyMessage):
            state = StudyState.PAUSED if event.message == "paused" else StudyState.RUNNING
            self.store.update_study(self.id, state=state, message=event.message)
        for subscriber in tuple(self._subscribers):
            subscriber(event)


def _has_owner(record: StudyRecord) -> bool:
    return record.owner is not None and is_owner_alive(record.owner, record.heartbeat)


_ENDINGS = {
    "budget": "the budget is spent",
    "converged": "nothing that fits the time left promises a gain that anyone would notice",
    "max_trials": "the wanted number of trials is done",
    "stopped": "stopped on request",
}


@contextlib.contextmanager
def _closing(study: Study):  # type: ignore[no-untyped-def]
    try:
        yield study
    finally:
        study.runner.close()


def start_session(
    data: Any, *, store: ExperienceStore | str | Path | None = None, options: Mapping[str, Any] | None = None
) -> Session:
    """Check data and options, enter a study into the store and start it in the background.

    Raises:
        XAutoLMError: The data or an option is wrong; nothing was started or left behind.
    """
    request = SearchRequest.from_mapping(options or {})
    opened = store if isinstance(store, ExperienceStore) else ExperienceStore.open(store)
    record, _ = create_study(request, data, opened)
    return Session(opened, record.id).start()


def find_session(study: str = "last", *, store: ExperienceStore | str | Path | None = None) -> Session:
    """Look at a study that runs elsewhere, or has ended: by id, name, beginning of an id, or `last`.

    Raises:
        StudyError: There is no such study.
    """
    opened = store if isinstance(store, ExperienceStore) else ExperienceStore.open(store)
    return Session(opened, opened.study(study).id)


def default_trial(study: Study) -> Trial:
    """Fine-tune the default configuration to its end, outside the search; what was trained before is used again."""
    import json

    from xautolm_nb.core.config import config_key
    from xautolm_nb.core.files import write_text_atomically
    from xautolm_nb.core.serial import from_plain, to_json

    config = study.space.default()
    for trial in study.store.trials(study.record.id):
        if trial.state is TrialState.COMPLETE and config_key(trial.config) == config_key(config):
            kept = Path(study.record.folder) / "trials" / f"{trial.number:04d}" / "best"
            if kept.is_dir():
                return trial
    kept = Path(study.record.folder) / "default-trial.json"
    if kept.exists():
        return from_plain(json.loads(kept.read_text()), Trial)
    trial = Trial(number=9999, config=config, seed=study.seed, reason="default fine-tuning, for comparison")
    outcome = study.runner.run(study.record.task, trial, emit=lambda event: None, should_stop=lambda: False)
    if outcome.failure is not None:
        raise StudyError(
            f"The default fine-tuning failed: {outcome.failure.message}", hint="Leave it out: report(default=False)."
        )
    trial = replace(trial, fidelity=outcome.fidelity, curve=outcome.curve, measures=outcome.measures)
    write_text_atomically(kept, to_json(trial))
    return trial
