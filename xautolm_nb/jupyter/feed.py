"""What is new about one study: told by its events where it runs here, read from the store where it runs elsewhere."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xautolm_nb.core.events import Event, StudyFinished, StudyStarted, TrialFinished, TrialProgress, TrialStarted
from xautolm_nb.core.study import StudyRecord, StudyState, in_order
from xautolm_nb.core.trial import Trial
from xautolm_nb.session import Session

LOOK_SECONDS = 1.0
"""Between two looks into the store for a study that runs elsewhere."""

_LIVE = (StudyState.RUNNING, StudyState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class News:
    """What happened since the last look; of each trial only how it stands now."""

    study: bool = False
    """Whether state, message or budget changed."""
    trials: tuple[Trial, ...] = ()
    progress: TrialProgress | None = None
    """Of the running trials that went on, the one with the lowest number."""
    beside: tuple[TrialProgress, ...] = ()
    """The others that went on."""
    ended: str | None = None
    """Why the loop ended, when it did."""

    @property
    def running(self) -> tuple[TrialProgress, ...]:
        """How far each trial is that went on."""
        return (self.progress, *self.beside) if self.progress is not None else ()

    def followed_by(self, later: "News") -> "News":
        """This and what came later, as one piece of news."""
        trials = {trial.number: trial for trial in (*self.trials, *later.trials)}
        progress, beside = in_order((*still_running(self.running, later.trials), *later.running))
        return News(
            study=self.study or later.study,
            trials=tuple(trials.values()),
            progress=progress,
            beside=beside,
            ended=later.ended or self.ended,
        )


def still_running(running: Iterable[TrialProgress], changed: Iterable[Trial]) -> tuple[TrialProgress, ...]:
    """Progress without that of trials that have started or come back since."""
    numbers = {trial.number for trial in changed}
    return tuple(progress for progress in running if progress.number not in numbers)


class Feed:
    """Follows one session. Its memory is the trials of that study, whatever happens and however often.

    Args:
        session: The study.
        wake: Called, from any thread, when there is news that should not wait.
    """

    def __init__(self, session: Session, wake: Callable[[], None] = lambda: None) -> None:
        self.session = session
        self._wake = wake
        self._lock = threading.Lock()
        self._known: dict[int, Trial] = {}
        self._changed: dict[int, Trial] = {}
        self._study_changed = False
        self._running: tuple[TrialProgress, ...] = ()
        self._ended: str | None = None
        self._looked = 0.0
        self._revision = -1
        self._live = False
        self._unsubscribe = session.subscribe(self._receive)
        self.reload()

    def close(self) -> None:
        """Follow no longer."""
        self._unsubscribe()

    @property
    def is_live(self) -> bool:
        """Whether news may come: the study runs here, or ran elsewhere at the last look."""
        return self._live or self.session.is_running_here

    @property
    def has_news(self) -> bool:
        """Whether `poll` would tell of more than progress."""
        with self._lock:
            return bool(self._changed or self._study_changed or self._ended is not None)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials as last heard of, by number."""
        with self._lock:
            return tuple(self._known[number] for number in sorted(self._known))

    def record(self) -> StudyRecord:
        """The study's record, read now."""
        return self.session.record

    def reload(self) -> tuple[Trial, ...]:
        """Read everything anew; returns the trials that had changed."""
        revision = self.session.store.revision(self.session.id)
        trials = {trial.number: trial for trial in self.session.store.trials(self.session.id)}
        live = self.session.record.state in _LIVE
        with self._lock:
            changed = tuple(trial for number, trial in trials.items() if self._known.get(number) != trial)
            self._known, self._revision, self._live = trials, revision, live
        self._looked = time.monotonic()
        return changed

    def poll(self) -> News:
        """What happened since the last call.

        Raises:
            StoreError: The store was asked and cannot be read now; ask again later.
        """
        news = self._take()
        if self.session.is_running_here or not self._live or time.monotonic() - self._looked < LOOK_SECONDS:
            return news
        return self._look(news)

    def _take(self) -> News:
        with self._lock:
            progress, beside = in_order(self._running)
            news = News(
                study=self._study_changed,
                trials=tuple(self._changed.values()),
                progress=progress,
                beside=beside,
                ended=self._ended,
            )
            self._changed, self._study_changed, self._running, self._ended = {}, False, (), None
        return news

    def _look(self, news: News) -> News:
        """Read what another process did; its owner beats twice a second, and each beat is a new revision."""
        if self.session.store.revision(self.session.id) == self._revision:
            self._looked = time.monotonic()
            if self.session.record.state in _LIVE:
                return news
        trials = self.reload()
        record = self.session.record
        return News(
            study=True,
            trials=(*news.trials, *trials),
            progress=record.progress,
            beside=record.beside,
            ended=news.ended if self._live else record.message or record.state.value,
        )

    def _receive(self, event: Event) -> None:
        """Take an event on the study's own thread: nothing but notes, so that the search never waits for a view."""
        if isinstance(event, StudyStarted):
            self.reload()
        with self._lock:
            self._note(event)
        if not isinstance(event, TrialProgress):
            self._wake()

    def _note(self, event: Event) -> None:
        if isinstance(event, TrialProgress):
            self._running = (*(known for known in self._running if known.number != event.number), event)
            return
        self._study_changed = True
        if isinstance(event, TrialStarted | TrialFinished):
            self._known[event.trial.number] = self._changed[event.trial.number] = event.trial
            self._running = still_running(self._running, (event.trial,))
        elif isinstance(event, StudyFinished):
            self._ended, self._live = event.reason, False
