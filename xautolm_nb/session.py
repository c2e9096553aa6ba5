"""The handle a person holds on a study: start, pause, look, report, export.

A session owns no state of its own: what it shows is read from the store, so any number of sessions, in any process,
can look at one study. The process that runs the loop is its owner; others ask it to pause or stop through the store.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xautolm_nb.background import Subscriber, closing, loop_of
from xautolm_nb.core.errors import StudyError, XAutoLMError
from xautolm_nb.core.study import Control, StudyRecord, StudyState, StudyView, in_order
from xautolm_nb.core.trial import Trial
from xautolm_nb.default_trial import default_trial
from xautolm_nb.options import parse_seconds
from xautolm_nb.request import SearchRequest, create_study, wire
from xautolm_nb.store import ExperienceStore, is_owner_alive
from xautolm_nb.study import Study, view_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from xautolm_nb.plots import Plot
    from xautolm_nb.report import Report

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
        self._loop = loop_of(store, study)

    # ---- control -------------------------------------------------------------------------------------------------

    def start(self) -> "Session":
        """Run the study on a background thread of this process.

        Raises:
            StudyError: Another living process runs it.
        """
        if not self.is_running_here:
            self._loop.start()
        return self

    def pause(self) -> None:
        """Stop training at the next step, with a checkpoint; the budget stands still until `resume`."""
        self._ask(Control.PAUSE)

    def resume(self, budget: str | float | None = None) -> "Session":
        """Go on after a pause, a stop, a crash or a spent budget (then name a new `budget`).

        Raises:
            StudyError: The budget is spent and no new one was named, or another process runs the study already.
        """
        record = self.record
        if budget is not None:
            total = record.spent_seconds + parse_seconds(budget)
            record = self.store.update_study(self.id, budget_seconds=total)
        if self._has_owner(record):
            if budget is None and not self.is_running_here:
                _refuse_running(record)
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

    def stop_trial(self, number: int) -> None:
        """End one trial at its next step, with its checkpoint, and leave it there; the search goes on without it.

        Raises:
            StudyError: There is no such trial, or it has ended.
        """
        trial = self.trial(number)
        if trial.state.is_finished:
            raise StudyError(
                f"Trial {number} has ended ({trial.state.value}).", hint="Only what goes on can be stopped."
            )
        if self.is_running_here:
            self._loop.stop_trial(number)
            return
        stopped = {*self.store.study(self.id).stopped, number}
        self.store.update_study(self.id, stopped=tuple(sorted(stopped)))

    def wait(self, timeout: float | None = None) -> "Session":
        """Block until the study ends (or `timeout` seconds passed); an interrupt leaves the study running.

        Raises:
            XAutoLMError: The study failed; the message says why.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_over and (deadline is None or time.monotonic() < deadline):
            if self.is_running_here:
                self._loop.join(0.2)
            else:
                time.sleep(0.5)
        error = self._loop.error
        if isinstance(error, XAutoLMError):
            raise error
        if error is not None:
            raise StudyError(f"The study ended with a bug: {error!r}.", hint="The traceback is chained.") from error
        return self

    @property
    def is_running_here(self) -> bool:
        """Whether this process runs the study."""
        return self._loop.is_alive

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
        if live and not self._has_owner(record):
            record = replace(record, state=StudyState.INTERRUPTED)
        if not self.is_running_here:
            return record
        progress, beside = in_order(self._loop.running)
        return replace(record, progress=progress, beside=beside)

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
        """What past experience contributed: counts, similar tasks, their weights, whether it ships with the package."""
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
        return self.trial(number).reason or "no reason was recorded"

    def trial(self, number: int) -> Trial:
        """One trial with its configuration, curve and costs.

        Raises:
            StudyError: There is no such trial.
        """
        found = next((trial for trial in self.store.trials(self.id) if trial.number == number), None)
        if found is None:
            raise StudyError(f"Study {self.id} has no trial {number}.", hint="Numbers are the index of session.trials.")
        return found

    def figures(self, *, dark: bool = False) -> "Figure":
        """Anytime curve, Pareto front and learning curves, side by side."""
        return self.plot(dark=dark).figure

    def plot(
        self, kind: str | Sequence[str] | None = None, *, dark: bool = False, width: float | None = None
    ) -> "Plot":
        """One kind of figure, or several side by side, with its words and numbers; a notebook shows it.

        Args:
            kind: `anytime`, `pareto`, `curves`, `parallel`, `failures`, `calibration` or `cost`; None takes the first
                three, which show a whole study.
            dark: Whether the page is dark.
            width: Inches of the whole figure: 3 for a sidebar, 6.3 for a line of text on paper.

        Raises:
            RequestError: A kind is not known.
        """
        from xautolm_nb.plots import OVERVIEW, Plot
        from xautolm_nb.reference import find_reference

        reference = find_reference(self.store, self.record)
        return Plot(view=self.view(), kind=kind or OVERVIEW, dark=dark, width=width, reference=reference)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Receive the events of a study that runs here, from its thread; returns a function that ends it."""
        return self._loop.subscribe(subscriber)

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
            code = _code_of_best(study, view)
            return make_report(
                view, study.runner, default=reference, references=references, places=self.places, code=code
            )

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
            return export_model(view, study.runner, Path(folder), scores, code=_code_of_best(study, view))

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
        if self.is_running_here:
            self._loop.ask(wanted)
            return
        record = self.store.study(self.id)
        if not self._has_owner(record):
            raise StudyError(
                f"Study {record.name!r} is not running ({self.record.state}).", hint="resume() takes it up again."
            )
        self.store.update_study(self.id, control=wanted)

    def _has_owner(self, record: StudyRecord) -> bool:
        """Whether a living process runs it; this one only if it really does."""
        owner = record.owner
        if owner is None or not is_owner_alive(owner, record.heartbeat):
            return False
        return self.is_running_here or (owner.pid, owner.host) != (os.getpid(), socket.gethostname())

    def _study(self) -> AbstractContextManager[Study]:
        return closing(wire(self.store.study(self.id), self.store))


def _code_of_best(study: Study, view: StudyView) -> tuple[str, ...]:
    """Whose own code the best model runs."""
    best = next((trial for trial in view.trials if trial.number == view.best), None)
    model = study.space.models.get(str(best.config.get("model"))) if best else None
    return model.code if model else ()


def _refuse_running(record: StudyRecord) -> None:
    """Raise when there is nothing to resume, because the study runs.

    Raises:
        StudyError: It names the process that holds the study.
    """
    owner = record.owner
    if owner is None or record.state is not StudyState.RUNNING or record.control is not Control.RUN:
        return
    silent = max(0.0, time.time() - record.heartbeat)
    raise StudyError(
        f"Study {record.name!r} is already run by process {owner.pid} on {owner.host} "
        f"(last heard of {silent:.0f} s ago).",
        hint="Attach to it to watch it, or stop it first.",
    )


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
