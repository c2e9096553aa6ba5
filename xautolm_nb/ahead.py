"""Proposals made ahead: while a trial runs the next one is thought of, so that a free worker never waits.

The running trial is believed to come out as expected. On recorded trials and curves this one step of foresight costs
nothing that can be measured (`ours_ahead` in the benchmarks). A failure is another matter: it changes what is risky,
so what was thought of beside a trial that failed is dropped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from xautolm_nb.core.proposal import Proposal
from xautolm_nb.core.trial import Trial, TrialState

Propose = Callable[[Sequence[Trial], float], Proposal | None]
"""Next work for trials and seconds left."""


class Ahead:
    """At most one proposal in the making, in a thread.

    Args:
        propose: Finds the next work; called in the thread, with a list of trials that nobody changes.
    """

    def __init__(self, propose: Propose) -> None:
        self._propose = propose
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proposals")
        self._beside: int = -1
        self._future: Future[Proposal | None] | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def prepare(self, trials: Sequence[Trial], running: Trial, seconds_left: float) -> None:
        """Begin to think of what comes after a trial that has just been begun."""
        known = [running if trial.number == running.number else trial for trial in trials]
        if all(trial.number != running.number for trial in trials):
            known.append(running)
        left = max(0.0, seconds_left - running.expected.get("seconds", 0.0))
        self._beside = running.number
        self._future = self._thread.submit(self._propose, known, left)

    def take(self, trials: Sequence[Trial], seconds_left: float) -> Proposal | None:
        """What was prepared, if it still makes sense; None when it does not, or when nothing was prepared.

        Raises:
            Exception: Whatever the thinking raised.
        """
        future, self._future = self._future, None
        if future is None:
            return None
        by_number = {trial.number: trial for trial in trials}
        beside = by_number.get(self._beside)
        came_well = beside is not None and beside.failure is None and beside.fidelity >= beside.target - 1e-9
        if not came_well:  # neither waited for nor heard: its errors are about a world that did not come
            return None
        proposal = future.result()
        if proposal is None or proposal.expected.get("seconds", 0.0) > seconds_left:
            return None
        thawed = by_number.get(proposal.thaw) if proposal.thaw is not None else None
        waiting = thawed is not None and thawed.state is TrialState.PAUSED
        return proposal if proposal.thaw is None or waiting else None
