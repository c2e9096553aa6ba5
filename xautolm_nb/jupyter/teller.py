"""What is to be told of one study and when: events in order, at a bounded rate, the latest of each kind."""

from collections.abc import Callable
from typing import Any, Protocol

from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.trial import Trial
from xautolm_nb.jupyter.device import read_device
from xautolm_nb.jupyter.feed import Feed, News, still_running
from xautolm_nb.jupyter.messages import (
    ChartsChanged,
    DeviceRead,
    Event,
    ProgressMade,
    StudyChanged,
    StudyEnded,
    TrialChanged,
)
from xautolm_nb.jupyter.objects import Device, DeviceKind, StudyInfo
from xautolm_nb.jupyter.present import charts_of, progress_of, reference_of, study_info, trial_row
from xautolm_nb.reference import find_reference
from xautolm_nb.session import Session

PROGRESS_SECONDS = 0.25
CHARTS_SECONDS = 1.0
HEARTBEAT_SECONDS = 2.0
QUIET_AFTER_SECONDS = 600.0
"""With no word from a front end for so long, what only shows life is sent once in `QUIET_SECONDS`: servers keep what is
sent to a closed page."""
QUIET_SECONDS = 10.0

_KINDS: dict[str, DeviceKind] = {"cpu": "cpu", "cuda": "cuda", "mps": "mps"}


class Events(Protocol):
    """Where events go."""

    def publish(self, kind: type[Event], **fields: Any) -> None:
        """Send an event with the next number to every front end, if there is one."""
        ...

    @property
    def seq(self) -> int:
        """Number of the last event."""
        ...


class Teller:
    """Tells what becomes of one study.

    Args:
        session: The study.
        events: Where events go.
        wake: Called, from any thread, when there is news that should not wait.
        clock: Seconds, for the rates.
    """

    def __init__(
        self, session: Session, events: Events, *, wake: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self.session = session
        self._events = events
        self._clock = clock
        self._feed = Feed(session, wake)
        self._untold = News()
        self._sent: dict[type[Event], float] = {}
        self._running: tuple[TrialProgress, ...] = ()
        self.begin()

    def begin(self) -> None:
        """Tell all anew: someone looks at the study from now on."""
        self._reference = reference_of(find_reference(self.session.store, self.session.record))
        self._charts_due = True
        self._sent.clear()

    def reload(self) -> None:
        """Read the study anew, then tell all anew."""
        self._feed.reload()
        self.begin()

    def close(self) -> None:
        """Follow no longer."""
        self._feed.close()

    @property
    def is_live(self) -> bool:
        """Whether news may come."""
        return self._feed.is_live

    @property
    def has_more(self) -> bool:
        """Whether something is to be told even if nothing wakes the hub."""
        return self._charts_due or self._untold != News() or self._feed.is_live or self._feed.has_news

    def tell(self, *, quiet: bool) -> None:
        """Send what is new.

        Args:
            quiet: Whether nobody has listened for long, so that signs of life may be rare.

        Raises:
            StoreError: The store cannot be read now; what was not told is told by the next call.
        """
        news = self._untold = self._untold.followed_by(self._feed.poll())
        self._charts_due |= bool(news.trials)
        numbers = {progress.number for progress in news.running}
        waiting = still_running(self._running, news.trials)
        self._running = (*(progress for progress in waiting if progress.number not in numbers), *news.running)
        kinds = self._due(news, quiet=quiet)
        if ProgressMade in kinds:
            for progress in self._running:
                self._publish(ProgressMade, study=self.session.id, progress=progress_of(progress))
            self._running = ()
        if kinds - {ProgressMade}:
            self._tell_rest(news, kinds)
        self._untold = News()

    def _tell_rest(self, news: News, kinds: set[type[Event]]) -> None:
        """Send what the store must be asked for."""
        study, record, trials = self.session.id, self._feed.record(), self._feed.trials
        for trial in news.trials:
            row = trial_row(trial, set_aside=trial.number in record.stopped)
            self._events.publish(TrialChanged, study=study, trial=row)
        if StudyChanged in kinds:
            self._publish(StudyChanged, study=info_of(self.session, record, trials))
        if ChartsChanged in kinds:
            self._charts_due = False
            self._publish(ChartsChanged, study=study, charts=charts_of(record, trials, self._reference))
        if DeviceRead in kinds:
            self._publish(DeviceRead, study=study, device=device_of(record, trials))
        if news.ended is not None:
            self._publish(StudyEnded, study=study, reason=news.ended)

    def _due(self, news: News, *, quiet: bool) -> set[type[Event]]:
        """What is to be sent now."""
        slowest = QUIET_SECONDS if quiet else 0.0
        beat, pace = max(HEARTBEAT_SECONDS, slowest), max(PROGRESS_SECONDS, slowest)
        due: dict[type[Event], bool] = {
            TrialChanged: bool(news.trials),
            StudyEnded: news.ended is not None,
            StudyChanged: news.study or self._is_time(StudyChanged, beat),
            ProgressMade: bool(self._running) and self._is_time(ProgressMade, pace),
            ChartsChanged: self._charts_due and self._is_time(ChartsChanged, CHARTS_SECONDS),
            DeviceRead: self._is_time(DeviceRead, beat),
        }
        return {kind for kind, is_due in due.items() if is_due}

    def _publish(self, kind: type[Event], **fields: Any) -> None:
        self._sent[kind] = self._clock()
        self._events.publish(kind, **fields)

    def _is_time(self, kind: type[Event], seconds: float) -> bool:
        return self._clock() - self._sent.get(kind, float("-inf")) >= seconds


def info_of(session: Session, record: StudyRecord, trials: tuple[Trial, ...]) -> StudyInfo:
    """The headline of a study."""
    return study_info(record, trials, here=session.is_running_here, store=session.store.location)


def device_of(record: StudyRecord, trials: tuple[Trial, ...]) -> Device:
    """What the machine is busy with, and what the study has used of it."""
    return read_device(trials, kind=_KINDS.get(record.context.system.device) if record.context else None)
