"""What happens to a kernel when the package is loaded: comms open, and sessions show themselves.

Loading is quick, for a panel waits for it: the hub, and with it the store and the optimizer, come with the first
request or session that needs them.
"""

import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from xautolm_nb.jupyter.comm import ControlComms, EventsComm
from xautolm_nb.jupyter.completion import matcher
from xautolm_nb.jupyter.messages import Ack, AnyRequest, Pause, Stop, Sync, SyncAck, Variables, VariablesAck
from xautolm_nb.jupyter.protocol import VERSION, package_version
from xautolm_nb.jupyter.variables import list_variables

if TYPE_CHECKING:
    from xautolm_nb.jupyter.hub import Hub
    from xautolm_nb.session import Session


class Connection:
    """The kernel's side of all that a front end sees.

    Args:
        shell: The IPython shell of the kernel.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.events = EventsComm(self._shown_study)
        self.control = ControlComms(self.answer, is_quick=self.is_quick, opened=self.events.ensure_open)
        self._hub: Hub | None = None
        self._heard = False
        self._lock = threading.Lock()
        self._cell: tuple[str, int] | None = None
        self._matcher = matcher(shell)

    def open(self) -> None:
        """Open the comms, have sessions show their panel, and complete lines of the magic."""
        self.control.register()
        self.events.ensure_open()
        if hasattr(self.shell, "kernel"):  # a terminal shows a session as text
            self._formatter.for_type_by_name("xautolm_nb.session", "Session", self.show)
        self.shell.Completer.custom_matchers.append(self._matcher)
        # What data is warned of on a thread of ours is answered to the front end, and is no output of some cell.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"threading$")

    def close(self) -> None:
        """Close the comms and forget the study that is shown; it goes on."""
        if self._hub is not None:
            self._hub.close()
        self.events.close()
        self._formatter.pop("xautolm_nb.session.Session", None)
        self.shell.Completer.custom_matchers.remove(self._matcher)

    @property
    def hub(self) -> "Hub":
        """Follows the newest session; made when first needed."""
        from xautolm_nb.jupyter.hub import Hub

        with self._lock:
            if self._hub is None:
                self._hub = Hub(self.events)
                if self._heard:
                    self._hub.hear()
            return self._hub

    def show(self, session: "Session") -> None:
        """Make a session the kernel's current one and show its panel, once in a cell."""
        from xautolm_nb.jupyter.panel import SearchPanel

        self.hub.follow(session)
        cell = (session.id, self.shell.execution_count)
        if cell != self._cell:  # `tune(...)` on the last line of a cell shows it, and then returns it
            self._cell = cell
            SearchPanel(session)._ipython_display_()

    # ---- requests --------------------------------------------------------------------------------------------------

    def is_quick(self, request: AnyRequest) -> bool:
        """Whether the answer needs neither disk nor computing nor an import."""
        if isinstance(request, Pause | Stop):
            followed = self._hub.followed(request.study) if self._hub is not None else None
            return followed is not None and followed.is_running_here
        return isinstance(request, Variables) or self._has_nothing(request)

    def answer(self, request: AnyRequest) -> Ack:
        """Do what a front end asks.

        Raises:
            XAutoLMError: It cannot be done.
        """
        self._heard = True
        if self._hub is not None:
            self._hub.hear()
        if isinstance(request, Variables):
            return VariablesAck(v=VERSION, id=request.id, variables=list_variables(self.shell.user_ns))
        if self._has_nothing(request):
            return SyncAck(v=VERSION, id=request.id, snapshot=None, seq=self.events.seq, package=package_version())
        from xautolm_nb.jupyter.answers import Scope, answer

        self.events.ensure_open()
        return answer(Scope(hub=self.hub, variables=self.shell.user_ns), request)

    def _has_nothing(self, request: AnyRequest) -> bool:
        """Whether a request is about the study that is shown while none is."""
        shown = self._shown_study()
        return isinstance(request, Sync) and request.study is None and shown is None

    def _shown_study(self) -> str | None:
        session = self._hub.session if self._hub is not None else None
        return session.id if session is not None else None

    @property
    def _formatter(self) -> Any:
        return self.shell.display_formatter.ipython_display_formatter


@cache
def connect(shell: Any) -> Connection:
    """The connection of a shell, opened; one for each shell."""
    connection = Connection(shell)
    connection.open()
    return connection


def disconnect(shell: Any) -> None:
    """Close the connection of a shell; studies go on."""
    connect(shell).close()
    connect.cache_clear()
