"""Studies that run in this process: each on a thread of its own, beside a pulse that keeps the store in step.

A study has one `Loop` in a process, however many sessions look at it, so what one of them asks or hears all do.
"""

import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from xautolm_nb.core.errors import LeaseError, StoreError, StudyError
from xautolm_nb.core.events import Event, StudyFinished, StudyMessage, TrialFinished, TrialProgress, TrialStarted
from xautolm_nb.core.study import Control, Owner, StudyState, in_order
from xautolm_nb.request import wire
from xautolm_nb.store import ExperienceStore, current_owner
from xautolm_nb.study import HEARTBEAT_SECONDS, Budget, Reason, Study, search

T = TypeVar("T")
Subscriber = Callable[[Event], None]

_ENDINGS: dict[Reason, str] = {
    "budget": "the budget is spent",
    "converged": "nothing that fits the time left promises a gain that anyone would notice",
    "max_trials": "the wanted number of trials is done",
    "stopped": "stopped on request",
}


class Loop:
    """The loop of one study in this process, running or not.

    Args:
        store: Where the study lives.
        study: Its id.
    """

    def __init__(self, store: ExperienceStore, study: str) -> None:
        self.store = store
        self.study = study
        self.error: BaseException | None = None
        """What ended the last run, when it was not the search itself."""
        self.running: tuple[TrialProgress, ...] = ()
        """How far each running trial is, by number."""
        self._owner: Owner | None = None
        self._thread: threading.Thread | None = None
        self._alive = False
        self._wanted = Control.RUN
        self._stopped: frozenset[int] = frozenset()
        self._untold: dict[str, Any] = {}
        self._subscribers: list[Subscriber] = []
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._wake = threading.Event()

    @property
    def is_alive(self) -> bool:
        """Whether the study runs in this process."""
        return self._alive

    def start(self) -> None:
        """Claim the study and run it on a new thread.

        Raises:
            StudyError: Another living process runs it.
        """
        with self._starting:
            if self._alive:  # a click and a cell at the same moment start it once
                return
            self._owner = current_owner()
            record = self.store.claim_study(self.study, self._owner)
            with self._lock:
                self._wanted, self._stopped, self._untold = Control.RUN, frozenset(record.stopped), {}
            self.error, self.running = None, ()
            self.store.update_study(self.study, state=StudyState.RUNNING, control=Control.RUN, message="starting")
            self._alive = True
            self._thread = threading.Thread(target=self._run, name=f"xautolm-{self.study}", daemon=True)
            self._thread.start()
        for watcher in tuple(_WATCHERS):
            _guarded(watcher, self, f"A watcher of study {self.study}")

    def join(self, timeout: float) -> None:
        """Wait for the end of the run, at most `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def ask(self, wanted: Control) -> None:
        """Have it run, pause or stop. Returns at once; the store hears of it with the next beat."""
        with self._lock:
            self._wanted = wanted
            self._untold["control"] = wanted
        self._wake.set()

    def stop_trial(self, number: int) -> None:
        """Have it end a trial and not take it up again. Returns at once."""
        with self._lock:
            self._stopped |= {number}
            self._untold["stopped"] = tuple(sorted(self._stopped))
        self._wake.set()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Send the events of this and later runs to `subscriber`, from their threads; returns what ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber) if subscriber in self._subscribers else None

    def _run(self) -> None:
        state, message = StudyState.FAILED, ""
        budget = Budget(seconds=0.0)
        ended = threading.Event()
        pulse = threading.Thread(target=self._pulse, args=(ended, budget), name="xautolm-pulse", daemon=True)
        try:
            record = self.store.study(self.study)
            budget.seconds, budget.spent_before = record.budget_seconds, record.spent_seconds
            budget.start()
            pulse.start()
            reason = self._search(budget)
            state = StudyState.STOPPED if reason == "stopped" else StudyState.FINISHED
            message = _ENDINGS[reason]
        except BaseException as error:  # the thread's outermost frame: the error is kept for wait() and shown
            self.error = _in_words(error)
            message = str(self.error) or repr(self.error)
        finally:
            budget.pause()
            ended.set()
            self._wake.set()
            if pulse.ident is not None:
                pulse.join()
            self._leave(state, message, budget.spent)

    def _search(self, budget: Budget) -> Reason:
        with closing(wire(self.store.study(self.study), self.store)) as study:
            return search(
                replace(study, holder=self._owner),
                budget=budget,
                control=lambda: self._wanted,
                emit=self._emit,
                stopped=lambda: self._stopped,
            )

    def _leave(self, state: StudyState, message: str, spent: float) -> None:
        try:
            ours = {"state": state, "owner": None, "spent_seconds": spent, "message": message}
            self.store.update_study(self.study, holder=self._owner, progress=None, beside=(), **ours)
        except (
            StoreError,
            LeaseError,
        ) as error:  # it stays marked as it is; whoever resumes it here sees whose
            self.error = self.error or error
        self._alive = False
        self._emit(StudyFinished(reason=message))

    def _pulse(self, ended: threading.Event, budget: Budget) -> None:
        """Show signs of life, tell what was asked here and hear what others ask, until the run has ended."""
        while not ended.is_set():
            self._wake.wait(HEARTBEAT_SECONDS / 4)
            self._wake.clear()
            try:
                self._beat(budget)
            except StoreError:  # a busy or full disk is no reason to stop pulsing
                continue
            except LeaseError:  # what the search writes is refused; it ends with that error at its next step
                with self._lock:
                    self._wanted = Control.STOP
                return

    def _beat(self, budget: Budget) -> None:
        with self._lock:
            untold, self._untold = self._untold, {}
        progress, beside = in_order(self.running)
        try:
            record = self.store.update_study(
                self.study,
                holder=self._owner,
                heartbeat=time.time(),
                spent_seconds=budget.spent,
                progress=progress,
                beside=beside,
                **untold,
            )
        except StoreError:
            with self._lock:
                self._untold = {**untold, **self._untold}
            raise
        with self._lock:
            budget.seconds = record.budget_seconds
            if not self._untold:  # else someone asked meanwhile, and the store does not know yet
                self._wanted, self._stopped = record.control, frozenset(record.stopped)

    def _emit(self, event: Event) -> None:
        if isinstance(event, TrialProgress):
            self.running = (*self._others(event.number), event)
        elif isinstance(event, TrialFinished):
            self.running = self._others(event.trial.number)
        elif isinstance(event, TrialStarted):
            self.running = self._others(event.trial.number)
            message = f"trial {event.trial.number}: {event.trial.reason.partition(chr(10))[0]}"
            self.store.update_study(self.study, holder=self._owner, state=StudyState.RUNNING, message=message)
        elif isinstance(event, StudyMessage):
            state = StudyState.PAUSED if event.message == "paused" else StudyState.RUNNING
            self.store.update_study(self.study, holder=self._owner, state=state, message=event.message)
        for subscriber in tuple(self._subscribers):
            if not _guarded(subscriber, event, f"A subscriber of study {self.study}"):
                self._subscribers.remove(subscriber)

    def _others(self, number: int) -> tuple[TrialProgress, ...]:
        return tuple(progress for progress in self.running if progress.number != number)


def _in_words(error: BaseException) -> BaseException:
    """An error of the file system as a person is told it; others as they are."""
    if not isinstance(error, OSError):
        return error
    words = StudyError(
        f"The search could not use its files: {error}.",
        hint="Free some space or mend the permissions, then resume: nothing that was finished is lost.",
    )
    words.__cause__ = error
    return words


def _guarded(call: Callable[[T], None], what: T, who: str) -> bool:
    """Tell someone something; one that breaks must not break a search, and hears no more (False)."""
    try:
        call(what)
    except Exception as error:
        warnings.warn(f"{who} failed: {error!r}", stacklevel=3)
        return False
    return True


_LOOPS: WeakValueDictionary[tuple[str, str], Loop] = WeakValueDictionary()
_LOOPS_LOCK = threading.Lock()
_WATCHERS: list[Callable[[Loop], None]] = []


def loop_of(store: ExperienceStore, study: str) -> Loop:
    """The loop of a study in this process; one for all who ask."""
    in_memory = store.location == ":memory:"
    key = (f"{store.url} {id(store)}" if in_memory else store.url, study)
    with _LOOPS_LOCK:
        found = _LOOPS.get(key)
        if found is None:
            found = _LOOPS[key] = Loop(store, study)
        return found


def watch_starts(watcher: Callable[[Loop], None]) -> Callable[[], None]:
    """Call `watcher` with each loop that is started in this process from now on; returns what ends it."""
    _WATCHERS.append(watcher)
    return lambda: _WATCHERS.remove(watcher) if watcher in _WATCHERS else None


@contextlib.contextmanager
def closing(study: Study) -> Iterator[Study]:
    """Give a study, and close its runner at the end."""
    try:
        yield study
    finally:
        study.runner.close()
