"""The one place of a kernel that knows which studies it shows, and tells the front ends what becomes of them.

Whoever starts a search in this kernel (a cell, a magic, a button, the panel), the hub shows the newest, and goes on
telling of those before it while they run: a front end may have chosen one of them. One thread sends everything, so
that events have an order, the search never waits for a view, and the rate is bounded.
"""

import logging
import threading
import time
from collections.abc import Callable

from xautolm_nb.background import Loop, watch_starts
from xautolm_nb.jupyter.objects import Snapshot, StudyInfo
from xautolm_nb.jupyter.present import charts_of, reference_of, snapshot_of
from xautolm_nb.jupyter.teller import PROGRESS_SECONDS, QUIET_AFTER_SECONDS, Events, Teller, device_of, info_of
from xautolm_nb.reference import find_reference
from xautolm_nb.session import Session
from xautolm_nb.store import ExperienceStore

_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())  # a thread must not print into whichever cell is running


class Hub:
    """Follows the newest session of this kernel, and the older ones that still run.

    Args:
        events: Where events go.
        clock: Seconds, for the rates.
    """

    def __init__(self, events: Events, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._clock = clock
        self._tellers: dict[str, Teller] = {}
        self._shown: Teller | None = None
        self._store: ExperienceStore | None = None
        self._wake = threading.Event()
        self._heard = float("-inf")
        self._unwatch = watch_starts(self._started)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    # ---- which study ---------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session | None:
        """The study this kernel shows."""
        shown = self._shown
        return shown.session if shown else None

    @property
    def store(self) -> ExperienceStore:
        """The store of the study that is shown; without one, the user's own."""
        shown = self.session
        if shown is not None:
            return shown.store
        if self._store is None:
            self._store = ExperienceStore.open()
        return self._store

    def followed(self, study: str) -> Session | None:
        """The session of a study that is told of, by its id; None for any other."""
        teller = self._tellers.get(study)
        return teller.session if teller else None

    def session_of(self, study: str) -> Session:
        """The session of a study by its id, also of one that is not followed.

        Raises:
            StoreError: There is none.
        """
        return self.followed(study) or Session(self.store, self.store.study(study).id)

    def follow(self, session: Session) -> None:
        """Show this study from now on; others are told of while they run."""
        with self._lock:
            known = self._tellers.get(session.id)
            if known is not None:
                known.reload()
            made = known or Teller(session, self._events, wake=self._wake.set, clock=self._clock)
            self._tellers = {**self._tellers, session.id: made}
            self._shown = made
            self._drop_ended()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="xautolm-hub", daemon=True)
                self._thread.start()
        self._wake.set()

    def _drop_ended(self) -> None:
        """Forget the studies that are not shown and of which nothing more will come."""
        dropped = {name for name, one in self._tellers.items() if one is not self._shown and not one.has_more}
        for name in dropped:
            self._tellers[name].close()
        if dropped:
            self._tellers = {name: one for name, one in self._tellers.items() if name not in dropped}

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
            for teller in self._tellers.values():
                teller.close()
            self._tellers, self._shown = {}, None

    # ---- what there is to see --------------------------------------------------------------------------------------

    def info(self, session: Session) -> StudyInfo:
        """The headline of a study."""
        return info_of(session, session.record, tuple(session.store.trials(session.id)))

    def snapshot(self, session: Session | None = None) -> Snapshot | None:
        """All that is needed to draw a study; None stands for the one that is shown, if any."""
        shown = session or self.session
        if shown is None:
            return None
        seq = self._events.seq  # before the store is read: what happens meanwhile comes again as an event
        record, trials = shown.record, tuple(shown.store.trials(shown.id))
        charts = charts_of(record, trials, reference_of(find_reference(shown.store, record)))
        info = info_of(shown, record, trials)
        return snapshot_of(info, record, trials, charts, device=device_of(record, trials), seq=seq)

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
        return any(teller.has_more for teller in self._tellers.values())

    def tell(self) -> None:
        """Send what is new of every study that is followed; called by the hub's own thread.

        Raises:
            StoreError: A store cannot be read now; what was not told is told by the next call.
        """
        quiet = self._clock() - self._heard > QUIET_AFTER_SECONDS
        for teller in self._tellers.values():
            teller.tell(quiet=quiet)
        with self._lock:
            self._drop_ended()
