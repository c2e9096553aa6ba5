"""The one place of a kernel that knows which study it shows, and tells the front ends what becomes of it.

Whoever starts a search in this kernel (a cell, a magic, a button, the panel), the hub follows the newest. One thread
sends everything, so that events have an order, the search never waits for a view, and the rate is bounded.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from xautolm_nb.background import Loop, watch_starts
from xautolm_nb.core.events import TrialProgress
from xautolm_nb.core.study import StudyRecord
from xautolm_nb.core.trial import Trial
from xautolm_nb.jupyter.browse import find_reference
from xautolm_nb.jupyter.device import read_device
from xautolm_nb.jupyter.feed import Feed, News
from xautolm_nb.jupyter.messages import (
    ChartsChanged,
    DeviceRead,
    Event,
    ProgressMade,
    StudyChanged,
    StudyEnded,
    TrialChanged,
)
from xautolm_nb.jupyter.objects import Device, DeviceKind, ReferenceChart, Snapshot, StudyInfo
from xautolm_nb.jupyter.present import charts_of, progress_of, snapshot_of, study_info, trial_row
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore

PROGRESS_SECONDS = 0.25
CHARTS_SECONDS = 1.0
HEARTBEAT_SECONDS = 2.0
QUIET_AFTER_SECONDS = 600.0
"""With no word from a front end for so long, what only shows life is sent once in `QUIET_SECONDS`: servers keep what is
sent to a closed page."""
QUIET_SECONDS = 10.0

_KINDS: dict[str, DeviceKind] = {"cpu": "cpu", "cuda": "cuda", "mps": "mps"}
_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # a thread must not print into whichever cell is running


class Events(Protocol):
    """Where events go."""

    def publish(self, kind: type[Event], **fields: Any) -> None:
        """Send an event with the next number to every front end, if there is one."""
        ...

    @property
    def seq(self) -> int:
        """Number of the last event."""
        ...


class Hub:
    """Follows the newest session of this kernel.

    Args:
        events: Where events go.
        clock: Seconds, for the rates.
    """

    def __init__(self, events: Events, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._clock = clock
        self._feed: Feed | None = None
        self._store: ExperienceStore | None = None
        self._wake = threading.Event()
        self._heard = float("-inf")
        self._sent: dict[type[Event], float] = {}
        self._charts_due = False
        self._progress: TrialProgress | None = None
        self._reference: ReferenceChart | None = None
        self._untold = News()
        self._unwatch = watch_starts(self._started)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    # ---- which study ---------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The study this kernel shows."""
        return self._feed.session if self._feed else None

    @property
    def store(self) -> ExperienceStore:
        """The store of the study that is shown; without one, the user's own."""
        if self._feed is not None:
            return self._feed.session.store
        if self._store is None:
            self._store = ExperienceStore.open()
        return self._store

    def session_of(self, study: str) -> Session:
        """The session of a study by its id.

        Raises:
            StoreError: There is none.
        """
        shown = self.session
        return shown if shown is not None and shown.id == study else Session(self.store, self.store.study(study).id)

    def follow(self, session: Session) -> None:
        """Show this study from now on."""
        with self._lock:
            if self._feed is not None and self._feed.session.id == session.id:
                self._feed.reload()
            else:
                new = Feed(session, self._wake.set)
                old, self._feed = self._feed, new
                if old is not None:
                    old.close()
            self._reference = find_reference(session.store, session.record)
            self._charts_due, self._untold = True, News()
            self._sent.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="xautolm-hub", daemon=True)
                self._thread.start()
        self._wake.set()

    @property
    def seq(self) -> int:
        """Number of the last event."""
        return self._events.seq

    def hear(self) -> None:
        """Note that a front end gave a sign of life."""
        self._heard = self._clock()

    def close(self) -> None:
        """Follow nothing any more."""
        self._unwatch()
        with self._lock:
            if self._feed is not None:
                self._feed.close()
            self._feed = None

    # ---- what there is to see --------------------------------------------------------------------------------------

    def info(self, session: Session) -> StudyInfo:
        """The headline of a study."""
        return _info(session, session.record, tuple(session.store.trials(session.id)))

    def snapshot(self, session: Session | None = None) -> Snapshot | None:
        """All that is needed to draw a study; None stands for the one that is shown, if any."""
        shown = session or self.session
        if shown is None:
            return None
        seq = self._events.seq  # before the store is read: what happens meanwhile comes again as an event
        record, trials = shown.record, tuple(shown.store.trials(shown.id))
        charts = charts_of(record, trials, find_reference(shown.store, record))
        info = _info(shown, record, trials)
        return snapshot_of(info, record, trials, charts, device=_device(record, trials), seq=seq)

    # ---- telling ---------------------------------------------------------------------------------------------------

    def _started(self, loop: Loop) -> None:
        self.follow(Session(loop.store, loop.study))

    def _run(self) -> None:
        while True:
            self._wake.wait(PROGRESS_SECONDS if self._has_more() else None)
            self._wake.clear()
            try:
                self.tell()
            except Exception:  # a full disk or a bug here must not end the telling: the next beat tries again
                _LOG.exception("telling the front ends failed")
                time.sleep(PROGRESS_SECONDS)

    def _has_more(self) -> bool:
        """Whether something is to be told even if nothing wakes the hub."""
        feed = self._feed
        return self._charts_due or self._untold != News() or (feed is not None and feed.is_live)

    def tell(self) -> None:
        """Send what is new; called by the hub's own thread.

        Raises:
            StoreError: The store cannot be read now; what was not told is told by the next call.
        """
        feed = self._feed
        if feed is None:
            return
        news = self._untold = self._untold.followed_by(feed.poll())
        self._tell_news(feed, news)
        self._untold = News()

    def _tell_news(self, feed: Feed, news: News) -> None:
        self._charts_due |= bool(news.trials)
        self._progress = news.progress or (None if news.trials else self._progress)
        kinds = self._due(news)
        if not kinds:
            return
        study = feed.session.id
        if ProgressMade in kinds and self._progress is not None:
            self._publish(ProgressMade, study=study, progress=progress_of(self._progress))
            self._progress = None
        if kinds - {ProgressMade}:
            self._tell_rest(feed, news, kinds)

    def _tell_rest(self, feed: Feed, news: News, kinds: set[type[Event]]) -> None:
        """Send what the store must be asked for."""
        study, record, trials = feed.session.id, feed.record(), feed.trials
        for trial in news.trials:
            row = trial_row(trial, set_aside=trial.number in record.stopped)
            self._events.publish(TrialChanged, study=study, trial=row)
        if StudyChanged in kinds:
            self._publish(StudyChanged, study=_info(feed.session, record, trials))
        if ChartsChanged in kinds:
            self._charts_due = False
            self._publish(ChartsChanged, study=study, charts=charts_of(record, trials, self._reference))
        if DeviceRead in kinds:
            self._publish(DeviceRead, device=_device(record, trials))
        if news.ended is not None:
            self._publish(StudyEnded, study=study, reason=news.ended)

    def _due(self, news: News) -> set[type[Event]]:
        """What is to be sent now."""
        due: dict[type[Event], bool] = {
            TrialChanged: bool(news.trials),
            StudyEnded: news.ended is not None,
            StudyChanged: news.study or self._is_time(StudyChanged, HEARTBEAT_SECONDS),
            ProgressMade: self._progress is not None and self._is_time(ProgressMade, PROGRESS_SECONDS),
            ChartsChanged: self._charts_due and self._is_time(ChartsChanged, CHARTS_SECONDS, slows=False),
            DeviceRead: self._is_time(DeviceRead, HEARTBEAT_SECONDS),
        }
        return {kind for kind, is_due in due.items() if is_due}

    def _publish(self, kind: type[Event], **fields: Any) -> None:
        self._sent[kind] = self._clock()
        self._events.publish(kind, **fields)

    def _is_time(self, kind: type[Event], seconds: float, *, slows: bool = True) -> bool:
        """Whether the last event of a kind is long enough ago; what only shows life slows down when nobody listens."""
        is_quiet = slows and self._clock() - self._heard > QUIET_AFTER_SECONDS
        return self._clock() - self._sent.get(kind, float("-inf")) >= (QUIET_SECONDS if is_quiet else seconds)


def _info(session: Session, record: StudyRecord, trials: tuple[Trial, ...]) -> StudyInfo:
    return study_info(record, trials, here=session.is_running_here, store=session.store.location)


def _device(record: StudyRecord, trials: tuple[Trial, ...]) -> Device:
    return read_device(trials, kind=_KINDS.get(record.context.system.device) if record.context else None)
